import type { Account } from './accounts.ts';
import { type Code, NO_CODE } from './code.ts';
import type { HaltReason } from './errors.ts';
import type { Translated } from './translate/engine.ts';

/** Where a frame goes on, or that it is over. */
export const RUNNING = 0;
export const STOPPED = 1;
export const REVERTED = 2;
export const HALTED = 3;
/** A frame stands above it now. */
export const CALLED = 4;
/** Its code has run for so long that it is worth translating. */
export const HOT = 5;

/** One execution of code: a message call or a creation (Yellow Paper 9.3). Frames are used again, one for each depth. */
export interface Frame {
  readonly depth: number;
  code: Code;
  /** Whose storage and balance it works on. */
  account: Account;
  caller: Account;
  value: bigint;
  isStatic: boolean;
  /** The contract that it creates, or undefined in a call. */
  isCreation: boolean;
  /** Where its input stands in linear memory: the memory of the frame below it. */
  inputAt: number;
  inputLength: number;
  /** Where its memory begins, and how much of it there is: a multiple of 32. */
  memoryAt: number;
  memorySize: number;
  /** Where the frame below wants its output, from its own memory's beginning. */
  outputAt: number;
  outputLength: number;
  gas: number;
  pc: number;
  sp: number;
  /** Words; 1,024 at most. */
  readonly stack: bigint[];
  /** What RETURN or REVERT give, from its memory's beginning. */
  returnAt: number;
  returnLength: number;
  halt: HaltReason;
  /** The code that runs, where it is translated; then the stack holds the result of a call at most. */
  translated: Translated | undefined;
  /** Where translated code goes on. */
  entry: number;
  /** Address after the topmost word of translated code. */
  pointer: number;
}

export function createFrame(depth: number, account: Account): Frame {
  return {
    depth,
    code: NO_CODE,
    account,
    caller: account,
    value: 0n,
    isStatic: false,
    isCreation: false,
    inputAt: 0,
    inputLength: 0,
    memoryAt: 0,
    memorySize: 0,
    outputAt: 0,
    outputLength: 0,
    gas: 0,
    pc: 0,
    sp: 0,
    stack: [],
    returnAt: 0,
    returnLength: 0,
    halt: 'out-of-gas',
    translated: undefined,
    entry: 0,
    pointer: 0,
  };
}
