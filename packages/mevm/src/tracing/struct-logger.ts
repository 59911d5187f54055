import type { Execution } from '../execution.ts';
import type { Frame } from '../frame.ts';
import type { Step } from '../interpreter.ts';
import type { Watcher } from '../watcher.ts';
import { wordToBytes } from '../words.ts';
import { HALT_TEXT } from './halt-text.ts';
import { data, quantity } from './hex.ts';

/** A step as `debug_traceTransaction` gives it by go-ethereum's struct logger: ready for JSON. */
export interface StructLog {
  pc: number;
  op: string;
  /** Before the step. */
  gas: number;
  /** With what a call gives to the frame above; of a step that stops its frame exceptionally the opcode's own. */
  gasCost: number;
  /** 1 is the outermost frame. */
  depth: number;
  /** Lowest word first. */
  stack?: string[];
  /** Words of 32 bytes, without 0x. */
  memory?: string[];
  /** At SLOAD and SSTORE: what the frame's contract has looked at so far, without 0x. */
  storage?: Record<string, string>;
  refund?: number;
  error?: string;
}

/** Gathers the steps of one message; it makes the machine interpret. */
export interface StructLogger {
  /** For the machine that executes the message. */
  readonly step: Step;
  /** The same. */
  readonly watcher: Watcher;
  readonly logs: readonly StructLog[];
}

export interface StructLoggerOptions {
  readonly disableStack?: boolean;
  readonly disableStorage?: boolean;
  readonly enableMemory?: boolean;
  /** Steps kept at most; 0, the default, keeps all. */
  readonly limit?: number;
}

const CODE_BYTE_GAS = 200;
const SLOAD = 0x54;
const SSTORE = 0x55;

export function createStructLogger(options: StructLoggerOptions = {}): StructLogger {
  const logs: StructLog[] = [];
  const limit = options.limit === undefined || options.limit === 0 ? Infinity : options.limit;
  // The last step of each open frame whose cost is not known yet.
  const waiting: (StructLog | undefined)[] = [];
  const isCreation: boolean[] = [];
  const storages = new Map<string, Record<string, string>>();
  let pendingLoad: (() => void) | undefined;

  const step = (execution: Execution, frame: Frame, opcode: number): void => {
    pendingLoad?.();
    pendingLoad = undefined;
    const last = waiting[frame.depth];
    if (last !== undefined) last.gasCost = last.gas - frame.gas;
    waiting[frame.depth] = undefined;
    if (logs.length >= limit) return;
    const { rules, world, memory } = execution;
    const known = rules.opcodes[opcode];
    const log: StructLog = {
      pc: frame.pc,
      op: known?.name ?? `opcode 0x${opcode.toString(16)} not defined`,
      gas: frame.gas,
      gasCost: known?.gas ?? 0,
      depth: frame.depth + 1,
    };
    if (options.disableStack !== true) log.stack = frame.stack.slice(0, frame.sp).map(quantity);
    if (options.enableMemory === true) {
      log.memory = [];
      for (let at = 0; at < frame.memorySize; at += 32) {
        const from = frame.memoryAt + at;
        log.memory.push(data(memory.bytes.subarray(from, from + 32)).slice(2));
      }
    }
    if (world.refund !== 0) log.refund = world.refund;
    logs.push(log);
    waiting[frame.depth] = log;
    const isStorage = opcode === SLOAD || opcode === SSTORE;
    if (isStorage && options.disableStorage !== true && frame.sp >= (opcode === SLOAD ? 1 : 2)) {
      pendingLoad = noteStorage(frame, opcode, log);
    }
  };

  /** Shows the storage with this step's slot. What an SLOAD finds is on the stack at the next step: returns what notes it then. */
  const noteStorage = (frame: Frame, opcode: number, log: StructLog) => {
    const { account, stack, sp } = frame;
    const contract = data(account.address);
    const storage = storages.get(contract) ?? {};
    storages.set(contract, storage);
    const slot = wordText(stack[sp - 1] as bigint);
    const note = (value: bigint) => {
      storage[slot] = wordText(value);
      log.storage = { ...storage };
    };
    if (opcode === SLOAD) return () => note(stack[sp - 1] as bigint);
    note(stack[sp - 2] as bigint);
    return undefined;
  };

  const watcher: Watcher = {
    begun({ kind, gasKept }) {
      const last = waiting[isCreation.length - 1];
      if (last !== undefined && kind !== 'SELFDESTRUCT') {
        last.gasCost = last.gas - gasKept;
        waiting[isCreation.length - 1] = undefined;
      }
      isCreation.push(kind === 'CREATE' || kind === 'CREATE2');
    },
    ended({ status, reason, gasLeft, output }) {
      pendingLoad = undefined;
      const depth = isCreation.length - 1;
      const deposit = isCreation.pop() === true && status === 'success' ? CODE_BYTE_GAS * output.length : 0;
      const last = waiting[depth];
      waiting[depth] = undefined;
      if (last === undefined) return;
      if (status === 'halt') last.error = HALT_TEXT[reason ?? 'out-of-gas'];
      else last.gasCost = last.gas - gasLeft - deposit;
    },
  };
  return { step, watcher, logs };
}

function wordText(word: bigint): string {
  return data(wordToBytes(word)).slice(2);
}
