import { call, create, halt } from '../calls.ts';
import type { Code } from '../code.ts';
import type { HaltReason } from '../errors.ts';
import { type Execution, expand } from '../execution.ts';
import { type Frame, REVERTED, RUNNING, STOPPED } from '../frame.ts';
import type { Step } from '../interpreter.ts';
import { STACK_STRIDE, STACKS } from '../memory.ts';
import { selfDestruct } from '../self-destruct.ts';
import { bytesToWord, writeLimbs } from '../words.ts';
import { createHost, registersOf, small, take } from './host.ts';
import { instantiate } from './instantiate.ts';
import {
  ADDRESS,
  CALLER,
  GAS,
  INPUT_AT,
  INPUT_LENGTH,
  JUMPS,
  JUMPS_END,
  MEMORY_AT,
  MEMORY_SIZE,
  RESUME_AT,
  RETURN_DATA_LENGTH,
  STACK_POINTER,
  TRANSACTION_WORDS,
  VALUE,
} from './layout.ts';
import { translate } from './translator.ts';

/** Code that was translated, in the memory of one machine. */
export interface Translated {
  readonly owner: Engine;
  /** Runs from an entry on; what is to be done then, or, negative, why it stopped. */
  readonly enter: (entry: number, pointer: number, gas: number) => number;
  readonly entries: ReadonlyMap<number, number>;
}

/** Runs translated code. */
export interface Engine {
  /** Translates code, unless there is no room for it at this time. */
  translate(code: Code): Translated | undefined;
  /** Before a message: words that are the same for all of it. */
  prepare(execution: Execution): void;
  /** Lets a frame that begins run translated. */
  begin(execution: Execution, frame: Frame, translated: Translated): void;
  /** Lets a frame that is at a jump destination, in the interpreter, go on translated. */
  take(execution: Execution, frame: Frame, translated: Translated): void;
  /** Runs a frame until it is over or another one stands above it; results as the interpreter's. */
  run(execution: Execution, frame: Frame): number;
}

/** By the number that a translated function returns, from -1 down. */
const REASONS: readonly HaltReason[] = [
  'out-of-gas',
  'stack-underflow',
  'stack-overflow',
  'invalid-jump',
  'invalid-opcode',
  'static-violation',
  'return-data-out-of-bounds',
];

/** How many words an opcode takes that leaves translated code. */
const TAKES: Readonly<Record<number, number>> = { 240: 3, 241: 7, 242: 7, 244: 6, 245: 4, 250: 6 };

/** Longer code is initialisation code, which runs once. */
const LONGEST = 24576;

/**
 * @param first the execution that the engine belongs to
 * @param step is told of each step: nothing is then done ahead
 */
export function createEngine(first: Execution, step?: Step): Engine {
  const { memory, rules, frames } = first;
  let current = first;
  let nextJumps = JUMPS;
  let blockOf: unknown;
  let translations: Code[] = [];
  const host = createHost(() => current);
  const imports = {
    m: {
      memory: memory.wasm,
      keccak: memory.keccak,
      ...memory.divisions,
      ...host,
      step(pc: number, pointer: number, gas: number) {
        const frame = frames[current.depth] as Frame;
        take(current, frame, pointer, (pointer & 0xffff) >>> 5);
        frame.pc = pc;
        frame.gas = gas;
        step?.(current, frame, frame.code.padded[pc] as number);
        frame.sp = 0;
      },
    },
  };

  const resume = (execution: Execution, frame: Frame): void => {
    const at = registersOf(frame) >>> 2;
    const { limbs } = execution.memory;
    limbs[at + (MEMORY_SIZE >>> 2)] = frame.memorySize;
    limbs[at + (RETURN_DATA_LENGTH >>> 2)] = execution.returnData.length;
    if (frame.sp === 0) return;
    // The result of a call.
    writeLimbs(execution.memory.view, frame.pointer, frame.stack[0] as bigint);
    frame.pointer += 32;
    frame.sp = 0;
  };

  const engine: Engine = {
    translate(code) {
      const size = 2 * code.padded.length;
      if (code.bytes.length > LONGEST || nextJumps + size > JUMPS_END) return undefined;
      const jumps = nextJumps;
      const { bytes, entries } = translate(code, rules, jumps, step !== undefined);
      const instance = instantiate(new WebAssembly.Module(bytes), imports);
      nextJumps += (size + 63) & -64;
      memory.bytes.fill(0, jumps, nextJumps);
      for (const [place, number] of entries) {
        if (code.jumpDestinations[place] === 1) memory.view.setUint16(jumps + 2 * place, number, true);
      }
      const translated = { owner: engine, enter: instance['enter'] as Translated['enter'], entries };
      code.translated = translated;
      translations.push(code);
      return translated;
    },

    prepare(execution) {
      current = execution;
      if (nextJumps > JUMPS_END - 0x20_0000) {
        // No frame runs now, so that all translations can be given up.
        for (const code of translations) code.translated = undefined;
        translations = [];
        nextJumps = JUMPS;
      }
      const { view } = memory;
      const { block } = execution;
      const word = (opcode: number, value: bigint) =>
        writeLimbs(view, TRANSACTION_WORDS.get(opcode) as number, value);
      word(0x32, execution.origin.word);
      word(0x3a, execution.gasPrice);
      if (blockOf === block) return;
      blockOf = block;
      word(0x41, bytesToWord(block.coinbase));
      word(0x42, block.timestamp);
      word(0x43, block.number);
      word(0x44, block.prevRandao);
      word(0x45, block.gasLimit);
      word(0x46, block.chainId);
      word(0x48, block.baseFee);
      word(0x4a, block.blobBaseFee);
    },

    begin(execution, frame, translated) {
      const { limbs, view } = execution.memory;
      frame.translated = translated;
      frame.entry = 1;
      frame.pointer = STACKS + frame.depth * STACK_STRIDE;
      const registers = registersOf(frame);
      const at = registers >>> 2;
      limbs[at + (MEMORY_AT >>> 2)] = frame.memoryAt;
      limbs[at + (INPUT_AT >>> 2)] = frame.inputAt;
      limbs[at + (INPUT_LENGTH >>> 2)] = frame.inputLength;
      const address = frame.account.limbs;
      const caller = frame.caller.limbs;
      for (let i = 0; i < 6; i++) {
        limbs[at + (ADDRESS >>> 2) + i] = address[i] as number;
        limbs[at + (CALLER >>> 2) + i] = caller[i] as number;
      }
      if (frame.value === 0n) limbs.fill(0, at + (VALUE >>> 2), at + (VALUE >>> 2) + 8);
      else writeLimbs(view, registers + VALUE, frame.value);
    },

    take(execution, frame, translated) {
      const { sp, stack } = frame;
      engine.begin(execution, frame, translated);
      for (let i = 0; i < sp; i++)
        writeLimbs(execution.memory.view, frame.pointer + 32 * i, stack[i] as bigint);
      frame.pointer += 32 * sp;
      frame.sp = 0;
      frame.entry = translated.entries.get(frame.pc) as number;
    },

    run(execution, frame) {
      const translated = frame.translated as Translated;
      const registers = registersOf(frame);
      const at = registers >>> 2;
      for (;;) {
        resume(execution, frame);
        const then = translated.enter(frame.entry, frame.pointer, frame.gas);
        if (then < 0) return halt(frame, REASONS[-1 - then] as HaltReason);
        const { limbs } = execution.memory;
        frame.gas =
          (limbs[at + (GAS >>> 2) + 1] as number) * 0x1_0000_0000 +
          ((limbs[at + (GAS >>> 2)] as number) >>> 0);
        frame.entry = limbs[at + (RESUME_AT >>> 2)] as number;
        frame.pointer = limbs[at + (STACK_POINTER >>> 2)] as number;
        const how = leave(execution, frame, then);
        if (how !== RUNNING) return how;
      }
    },
  };
  return engine;
}

/** Does what translated code leaves for. */
function leave(execution: Execution, frame: Frame, opcode: number): number {
  switch (opcode) {
    case 0x00:
      frame.returnLength = 0;
      return STOPPED;
    case 0xf3:
    case 0xfd: {
      const { limbs } = execution.memory;
      const top = frame.pointer >>> 2;
      const offset = small(limbs, top - 8);
      const length = small(limbs, top - 16);
      if (length !== 0) frame.gas = expand(execution, frame, offset, length, frame.gas);
      if (frame.gas < 0) return halt(frame, 'out-of-gas');
      frame.returnAt = offset;
      frame.returnLength = length;
      return opcode === 0xf3 ? STOPPED : REVERTED;
    }
    case 0xff: {
      if (frame.isStatic) return halt(frame, 'static-violation');
      take(execution, frame, frame.pointer, 1);
      frame.sp = 0;
      frame.gas = selfDestruct(execution, frame, frame.stack[0] as bigint, frame.gas);
      frame.returnLength = 0;
      return frame.gas < 0 ? halt(frame, 'out-of-gas') : STOPPED;
    }
    default: {
      const count = TAKES[opcode] as number;
      take(execution, frame, frame.pointer, count);
      frame.pointer -= 32 * count;
      const isCreation = opcode === 0xf0 || opcode === 0xf5;
      return isCreation ? create(execution, frame, opcode) : call(execution, frame, opcode);
    }
  }
}
