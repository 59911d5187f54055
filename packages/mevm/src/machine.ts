import { begin, enter, enterCreation, leave, move } from './calls.ts';
import { analyse, NO_BYTES } from './code.ts';
import type { BlockContext } from './context.ts';
import { encodeCreation } from './creation-address.ts';
import { type HaltReason, MachineFault } from './errors.ts';
import { type Execution, rulesOf } from './execution.ts';
import type { Fork } from './fork.ts';
import { CALLED, type Frame, HALTED, HOT, STOPPED } from './frame.ts';
import { interpret, type Step } from './interpreter.ts';
import { keccak256 } from './keccak.ts';
import { createMemory, FRAMES, reserve } from './memory.ts';
import type { Precompile } from './precompile.ts';
import { createEngine, type Engine } from './translate/engine.ts';
import type { Watcher } from './watcher.ts';
import { bytesToWord } from './words.ts';
import type { World } from './world.ts';

/** A message call or a creation from outside: whatever a transaction pays for it is paid elsewhere. */
export interface Message {
  /** 20 bytes. */
  readonly from: Uint8Array;
  /** 20 bytes; undefined creates a contract whose address comes from the sender's nonce less 1. */
  readonly to: Uint8Array | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  /** A whole number below 2^53. */
  readonly gas: number;
  /** What GASPRICE answers. */
  readonly gasPrice: bigint;
  readonly blobHashes?: readonly Uint8Array[];
}

/** What a message did. What it changed is in its world. */
export interface Outcome {
  readonly status: 'success' | 'revert' | 'halt';
  /** With status `halt`. */
  readonly reason: HaltReason | undefined;
  readonly gasLeft: number;
  /** What RETURN or REVERT gave; nothing after a creation that succeeded. */
  readonly output: Uint8Array;
  /** Address of the contract that was created. */
  readonly created: Uint8Array | undefined;
}

/** Executes messages, one after the other; it keeps nothing from one to the next but its memory. */
export interface Machine {
  readonly fork: Fork;
  readonly precompiles: ReadonlyMap<number, Precompile>;
  /** @throws MachineFault where the host failed; the world is then of no further use */
  execute(world: World, block: BlockContext, message: Message): Outcome;
}

export interface MachineOptions {
  readonly fork: Fork;
  readonly precompiles?: ReadonlyMap<number, Precompile>;
  /** Is told of each step. Code is then not translated, unless `translateAfter` is -Infinity. */
  readonly step?: Step;
  /** Is told of each frame. */
  readonly watcher?: Watcher;
  /**
   * Gas that code uses, beyond `TRANSLATION_GAS` for each of its bytes, before it is translated to WebAssembly; Infinity: never; -Infinity: all of it, at once. 50,000 unless given.
   * Nothing but the time that it takes depends on it.
   */
  readonly translateAfter?: number;
}

/**
 * Gas a byte of code that pays for translating it, so that nobody has the machine translate for less than it would do
 * otherwise: the worst code takes some 13 us a byte, with its compilation, which is 230 million gas a second.
 */
export const TRANSLATION_GAS = 3000;

export function createMachine(options: MachineOptions): Machine {
  const { fork, step, watcher } = options;
  const precompiles = options.precompiles ?? new Map<number, Precompile>();
  const memory = createMemory();
  const frames: Frame[] = [];
  const rules = rulesOf(fork);
  let execution: Execution | undefined;
  let engine: Engine | undefined;
  const hottest = options.translateAfter ?? 50_000;

  const start = (now: Execution, message: Message): number => {
    const { world } = now;
    const to = message.to === undefined ? undefined : world.accounts.of(bytesToWord(message.to));
    if (to === undefined) {
      const address = keccak256(encodeCreation(message.from, now.origin.nonce - 1n));
      const created = world.accounts.of(bytesToWord(address.subarray(12)));
      world.warm(created);
      const call = { kind: 'CREATE', from: message.from, to: created.address, value: message.value } as const;
      watcher?.begun({ ...call, gas: message.gas, gasKept: 0, input: message.data });
      return enterCreation(
        now,
        undefined,
        created,
        now.origin,
        message.value,
        analyse(message.data),
        message.gas,
      );
    }
    const call = { kind: 'CALL', from: message.from, to: to.address, value: message.value } as const;
    watcher?.begun({ ...call, gas: message.gas, gasKept: 0, input: message.data });
    const frame = enter(now, undefined);
    reserve(memory, FRAMES + message.data.length + 32);
    memory.bytes.set(message.data, FRAMES);
    frame.account = to;
    frame.caller = now.origin;
    frame.value = message.value;
    frame.isStatic = false;
    frame.isCreation = false;
    frame.inputAt = FRAMES;
    frame.inputLength = message.data.length;
    frame.memoryAt = FRAMES + ((message.data.length + 31) >>> 5) * 32;
    frame.gas = message.gas;
    world.touch(to);
    if (message.value !== 0n) move(now, now.origin, to, message.value);
    return begin(now, frame, to);
  };

  const runFrame = (now: Execution, frame: Frame): number => {
    if (frame.translated !== undefined) return (engine as Engine).run(now, frame);
    const { code } = frame;
    if (engine === undefined) return interpret(now, frame, Infinity, step);
    const isHot = code.heat >= hottest + TRANSLATION_GAS * code.bytes.length;
    if (frame.pc === 0 && isHot && code.translated?.owner !== engine) engine.translate(code);
    if (frame.pc === 0 && code.translated?.owner === engine) {
      engine.begin(now, frame, code.translated);
      return engine.run(now, frame);
    }
    const { gas } = frame;
    const how = interpret(now, frame, hottest + TRANSLATION_GAS * code.bytes.length - code.heat);
    if (how !== CALLED) code.heat += gas - frame.gas;
    if (how !== HOT) return how;
    const translated = code.translated?.owner === engine ? code.translated : engine.translate(code);
    if (translated === undefined) code.heat = -Infinity;
    else engine.take(now, frame, translated);
    return HOT;
  };

  const run = (now: Execution, message: Message): Outcome => {
    now.depth = -1;
    now.returnData = NO_BYTES;
    const begun = start(now, message);
    if (begun === CALLED && now.depth === 0 && message.to === undefined) {
      (now.frames[0] as Frame).memoryAt = FRAMES;
    }
    while (now.depth >= 0) {
      const how = runFrame(now, now.frames[now.depth] as Frame);
      if (how !== CALLED && how !== HOT) leave(now, how);
    }
    const frame = now.frames[0] as Frame;
    const isGood = frame.sp === 1;
    const isCreation = message.to === undefined;
    const status = isGood ? 'success' : now.ended === HALTED ? 'halt' : 'revert';
    return {
      status,
      reason: status === 'halt' ? frame.halt : undefined,
      gasLeft: frame.gas,
      output: now.returnData,
      created: isCreation && isGood ? frame.account.address : undefined,
    };
  };

  return {
    fork,
    precompiles,
    execute(world, block, message) {
      if (!Number.isSafeInteger(message.gas) || message.gas < 0) {
        throw new MachineFault('gas-out-of-range', `${message.gas} is no amount of gas`);
      }
      const origin = world.accounts.of(bytesToWord(message.from));
      const fresh = {
        world,
        block,
        origin,
        gasPrice: message.gasPrice,
        blobHashes: message.blobHashes ?? [],
        coinbase: bytesToWord(block.coinbase),
      };
      if (execution === undefined) {
        execution = {
          rules,
          memory,
          precompiles,
          watcher,
          frames,
          returnData: NO_BYTES,
          depth: -1,
          ended: STOPPED,
          ...fresh,
        };
        const translates = hottest !== Infinity && (step === undefined || hottest === -Infinity);
        if (memory.wasm !== undefined && translates) engine = createEngine(execution, step);
      } else {
        Object.assign(execution, fresh);
      }
      engine?.prepare(execution);
      try {
        return run(execution, message);
      } catch (cause) {
        if (cause instanceof MachineFault) throw cause;
        throw new MachineFault('host-failed', 'something that the machine called threw', { cause });
      }
    },
  };
}
