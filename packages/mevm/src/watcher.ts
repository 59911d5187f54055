import type { HaltReason } from './errors.ts';

/** How a frame came to be; SELFDESTRUCT is told as a call that moves the balance. */
export type CallKind =
  | 'CALL'
  | 'CALLCODE'
  | 'DELEGATECALL'
  | 'STATICCALL'
  | 'CREATE'
  | 'CREATE2'
  | 'SELFDESTRUCT';

/** A frame that begins. */
export interface CallBegun {
  readonly kind: CallKind;
  /** 20 bytes: whose code calls. */
  readonly from: Uint8Array;
  /** 20 bytes: whose code runs, the contract that is created, or who inherits. */
  readonly to: Uint8Array;
  /** Undefined in a STATICCALL; in a DELEGATECALL the caller's own. */
  readonly value: bigint | undefined;
  readonly gas: number;
  /** What is left to the caller meanwhile. */
  readonly gasKept: number;
  /** Calldata or initialisation code; the watcher may keep it. */
  readonly input: Uint8Array;
}

/** How the frame that began last, of those that have not ended, ended. */
export interface CallEnded {
  readonly status: 'success' | 'revert' | 'halt';
  /** With status `halt`. */
  readonly reason: HaltReason | undefined;
  readonly gasLeft: number;
  /** What RETURN or REVERT gave: the code, after a creation. */
  readonly output: Uint8Array;
}

/** Is told of frames as they begin and end, one inside another, precompiled contracts and calls that fail at once among them. */
export interface Watcher {
  begun(call: CallBegun): void;
  ended(how: CallEnded): void;
}
