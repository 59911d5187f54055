import { type Account, isCodeless, isEmpty } from './accounts.ts';
import { analyse, type Code, NO_BYTES, NO_CODE } from './code.ts';
import { encodeCreation } from './creation-address.ts';
import { type HaltReason, MachineFault } from './errors.ts';
import { type Execution, expand } from './execution.ts';
import { CALLED, createFrame, type Frame, HALTED, RUNNING, STOPPED } from './frame.ts';
import { keccak256 } from './keccak.ts';
import { sixtyFourth } from './memory.ts';
import type { CallKind } from './watcher.ts';
import { bytesToWord, wordToBytes } from './words.ts';

const CALL = 0xf1;
const CALLCODE = 0xf2;
const DELEGATECALL = 0xf4;
const CREATE2 = 0xf5;
const STATICCALL = 0xfa;
const KINDS: Readonly<Record<number, CallKind>> = {
  [CALL]: 'CALL',
  [CALLCODE]: 'CALLCODE',
  [DELEGATECALL]: 'DELEGATECALL',
  [STATICCALL]: 'STATICCALL',
};

const DEEPEST = 1024;
const COLD_ACCOUNT_MORE = 2500;
const VALUE_GAS = 9000;
const NEW_ACCOUNT_GAS = 25000;
const STIPEND = 2300;
export const MOST_INIT_CODE = 49152;
const MOST_CODE = 24576;
const CODE_BYTE_GAS = 200;
const LAST_NONCE = (1n << 64n) - 1n;

/**
 * CALL, CALLCODE, DELEGATECALL and STATICCALL (Yellow Paper H.2, EIP-150, EIP-2929). The arguments are on the frame's stack,
 * the opcode's gas of 100 is taken.
 *
 * @returns `CALLED` where a frame now stands above, `RUNNING` where the result is on the stack already, `HALTED`
 */
export function call(execution: Execution, frame: Frame, opcode: number): number {
  const { stack } = frame;
  const { world } = execution;
  const requested = Number(stack[--frame.sp]);
  const target = world.accounts.of(stack[--frame.sp] as bigint);
  const carries = opcode === CALL || opcode === CALLCODE;
  const value = carries ? (stack[--frame.sp] as bigint) : opcode === DELEGATECALL ? frame.value : 0n;
  const inputAt = Number(stack[--frame.sp]);
  const inputLength = Number(stack[--frame.sp]);
  const outputAt = Number(stack[--frame.sp]);
  const outputLength = Number(stack[--frame.sp]);
  if (frame.isStatic && opcode === CALL && value !== 0n) return halt(frame, 'static-violation');

  let { gas } = frame;
  if (inputLength !== 0) gas = expand(execution, frame, inputAt, inputLength, gas);
  if (gas >= 0 && outputLength !== 0) gas = expand(execution, frame, outputAt, outputLength, gas);
  if (!world.warm(target)) gas -= COLD_ACCOUNT_MORE;
  const sends = carries && value !== 0n;
  if (sends) {
    gas -= VALUE_GAS;
    if (opcode === CALL && isEmpty(target)) gas -= NEW_ACCOUNT_GAS;
  }
  if (gas < 0) return halt(frame, 'out-of-gas');
  const most = gas - sixtyFourth(gas);
  const given = requested < most ? requested : most;
  frame.gas = gas - given;
  execution.returnData = NO_BYTES;
  const callGas = sends ? given + STIPEND : given;
  const { watcher } = execution;
  if (watcher !== undefined) {
    const from = frame.memoryAt + inputAt;
    watcher.begun({
      kind: KINDS[opcode] as CallKind,
      from: frame.account.address,
      to: target.address,
      value: opcode === STATICCALL ? undefined : value,
      gas: callGas,
      gasKept: frame.gas,
      input: inputLength === 0 ? NO_BYTES : execution.memory.bytes.slice(from, from + inputLength),
    });
  }
  if (frame.depth >= DEEPEST || (sends && frame.account.balance < value)) {
    refuse(execution, frame.depth >= DEEPEST ? 'depth' : 'insufficient-balance', callGas);
    frame.gas += callGas;
    stack[frame.sp++] = 0n;
    return RUNNING;
  }

  const isDelegated = opcode === CALLCODE || opcode === DELEGATECALL;
  const child = enter(execution, frame);
  child.code = NO_CODE;
  child.account = isDelegated ? frame.account : target;
  child.caller = opcode === DELEGATECALL ? frame.caller : frame.account;
  child.value = value;
  child.isStatic = frame.isStatic || opcode === STATICCALL;
  child.isCreation = false;
  child.inputAt = frame.memoryAt + inputAt;
  child.inputLength = inputLength;
  child.outputAt = outputAt;
  child.outputLength = outputLength;
  child.gas = callGas;
  if (opcode === CALL) {
    world.touch(target);
    if (value !== 0n) move(execution, frame.account, target, value);
  }
  return begin(execution, child, target);
}

/**
 * CREATE and CREATE2 (Yellow Paper 7, EIP-1014, EIP-3860). The arguments are on the stack, the opcode's gas of 32,000 is taken.
 *
 * @returns as `call`
 */
export function create(execution: Execution, frame: Frame, opcode: number): number {
  const { stack } = frame;
  const { world, rules } = execution;
  if (frame.isStatic) return halt(frame, 'static-violation');
  const value = stack[--frame.sp] as bigint;
  const offset = Number(stack[--frame.sp]);
  const length = Number(stack[--frame.sp]);
  const salt = opcode === CREATE2 ? (stack[--frame.sp] as bigint) : undefined;
  if (rules.limitsInitCode && length > MOST_INIT_CODE) return halt(frame, 'init-code-too-large');
  let { gas } = frame;
  if (length !== 0) gas = expand(execution, frame, offset, length, gas);
  if (gas < 0) return halt(frame, 'out-of-gas');
  const words = (length + 31) >>> 5;
  if (rules.limitsInitCode) gas -= 2 * words;
  if (salt !== undefined) gas -= 6 * words;
  if (gas < 0) return halt(frame, 'out-of-gas');

  frame.gas = gas;
  execution.returnData = NO_BYTES;
  const creator = frame.account;
  const from = frame.memoryAt + offset;
  const initCode = length === 0 ? NO_BYTES : execution.memory.bytes.slice(from, from + length);
  const address =
    salt === undefined
      ? keccak256(encodeCreation(creator.address, creator.nonce))
      : keccak256(concatenate([0xff], creator.address, wordToBytes(salt), keccak256(initCode)));
  const created = world.accounts.of(bytesToWord(address.subarray(12)));
  const given = gas - sixtyFourth(gas);
  const kind = salt === undefined ? 'CREATE' : 'CREATE2';
  const call = { kind, from: creator.address, to: created.address, value, input: initCode } as const;
  execution.watcher?.begun({ ...call, gas: given, gasKept: gas - given });
  if (frame.depth >= DEEPEST || creator.balance < value || creator.nonce === LAST_NONCE) {
    const isPoor = creator.balance < value;
    const reason = frame.depth >= DEEPEST ? 'depth' : isPoor ? 'insufficient-balance' : 'nonce-exhausted';
    refuse(execution, reason, given);
    stack[frame.sp++] = 0n;
    return RUNNING;
  }
  frame.gas = gas - given;
  world.setNonce(creator, creator.nonce + 1n);
  world.warm(created);
  return enterCreation(execution, frame, created, creator, value, analyse(initCode), given);
}

/** Puts the frame of a creation above `frame`. */
export function enterCreation(
  execution: Execution,
  frame: Frame | undefined,
  created: Account,
  creator: Account,
  value: bigint,
  code: Code,
  gas: number,
): number {
  const { world } = execution;
  const child = enter(execution, frame);
  child.code = code;
  child.account = created;
  child.caller = creator;
  child.value = value;
  child.isStatic = false;
  child.isCreation = true;
  child.inputAt = 0;
  child.inputLength = 0;
  child.outputAt = 0;
  child.outputLength = 0;
  child.gas = gas;
  const isTaken = created.nonce !== 0n || !isCodeless(created) || world.hasStorage(created);
  if (isTaken) {
    halt(child, 'address-taken');
    return leave(execution, HALTED);
  }
  world.create(created);
  world.touch(created);
  if (value !== 0n) move(execution, creator, created, value);
  return CALLED;
}

/** A frame above `frame`, or the first one; marks the state below it. */
export function enter(execution: Execution, frame: Frame | undefined): Frame {
  const depth = frame === undefined ? 0 : frame.depth + 1;
  let child = execution.frames[depth];
  if (child === undefined) {
    child = createFrame(depth, execution.origin);
    execution.frames[depth] = child;
  }
  if (frame !== undefined) child.memoryAt = frame.memoryAt + frame.memorySize;
  child.memorySize = 0;
  child.sp = 0;
  child.pc = 0;
  child.returnLength = 0;
  child.translated = undefined;
  execution.depth = depth;
  execution.world.mark(depth);
  return child;
}

/** Begins a message call whose code is `target`'s: a precompile is over at once. */
export function begin(execution: Execution, frame: Frame, target: Account): number {
  const precompile = target.word < 0x10000n ? execution.precompiles.get(Number(target.word)) : undefined;
  if (precompile === undefined) {
    frame.code = execution.world.codeOf(target);
    return CALLED;
  }
  const { bytes } = execution.memory;
  const input = bytes.slice(frame.inputAt, frame.inputAt + frame.inputLength);
  frame.gas -= precompile.gas(input);
  if (!(frame.gas >= 0)) {
    halt(frame, 'out-of-gas');
    return leave(execution, HALTED);
  }
  let output: Uint8Array | undefined;
  try {
    output = precompile.run(input);
  } catch (cause) {
    throw new MachineFault('precompile-threw', `${precompile.name} threw`, { cause });
  }
  if (output === undefined) {
    halt(frame, 'precompile-failed');
    return leave(execution, HALTED);
  }
  return leaveWith(execution, output, STOPPED);
}

/**
 * Ends the frame that runs and gives its result to the one below.
 *
 * @param how `STOPPED`, `REVERTED` or `HALTED`
 * @returns `RUNNING`: the frame below goes on, if there is one
 */
export function leave(execution: Execution, how: number): number {
  const frame = execution.frames[execution.depth] as Frame;
  if (how === HALTED) {
    frame.gas = 0;
    return leaveWith(execution, NO_BYTES, how);
  }
  const from = frame.memoryAt + frame.returnAt;
  const output =
    frame.returnLength === 0 ? NO_BYTES : execution.memory.bytes.slice(from, from + frame.returnLength);
  return leaveWith(execution, output, how);
}

function leaveWith(execution: Execution, output: Uint8Array, how: number): number {
  const frame = execution.frames[execution.depth] as Frame;
  const { world } = execution;
  const succeeded = how === STOPPED;
  let isGood = succeeded;
  if (frame.isCreation && isGood) isGood = deposit(execution, frame, output);
  if (!isGood) world.revert(frame.depth);
  execution.depth--;
  if (execution.watcher !== undefined) {
    const status = isGood ? 'success' : succeeded || how === HALTED ? 'halt' : 'revert';
    const reason = status === 'halt' ? frame.halt : undefined;
    execution.watcher.ended({ status, reason, gasLeft: frame.gas, output });
  }
  // What a creation gives is code, not data; only its REVERT gives data.
  execution.returnData = frame.isCreation && succeeded ? NO_BYTES : output;
  if (frame.depth === 0) {
    execution.ended = isGood || !succeeded ? how : HALTED;
    frame.sp = isGood ? 1 : 0;
    return RUNNING;
  }
  const below = execution.frames[frame.depth - 1] as Frame;
  below.gas += frame.gas;
  if (frame.isCreation) {
    below.stack[below.sp++] = isGood ? frame.account.word : 0n;
    return RUNNING;
  }
  below.stack[below.sp++] = isGood ? 1n : 0n;
  const length = output.length < frame.outputLength ? output.length : frame.outputLength;
  if (length === output.length) execution.memory.bytes.set(output, below.memoryAt + frame.outputAt);
  else execution.memory.bytes.set(output.subarray(0, length), below.memoryAt + frame.outputAt);
  return RUNNING;
}

/** Makes what initialisation gave the contract's code (Yellow Paper 7, EIP-170, EIP-3541). False where that fails. */
function deposit(execution: Execution, frame: Frame, output: Uint8Array): boolean {
  const cost = CODE_BYTE_GAS * output.length;
  if (output.length > MOST_CODE) halt(frame, 'code-too-large');
  else if (output[0] === 0xef) halt(frame, 'code-prefix');
  else if (frame.gas < cost) halt(frame, 'out-of-gas');
  else {
    frame.gas -= cost;
    execution.world.setCode(frame.account, output);
    return true;
  }
  frame.gas = 0;
  return false;
}

/** Moves coins. Who sends has them. */
export function move(execution: Execution, from: Account, to: Account, value: bigint): void {
  if (from === to) return;
  execution.world.setBalance(from, from.balance - value);
  execution.world.setBalance(to, to.balance + value);
}

/** Tells who watches that a call ends before it has a frame. */
function refuse(execution: Execution, reason: HaltReason, gasLeft: number): void {
  execution.watcher?.ended({ status: 'halt', reason, gasLeft, output: NO_BYTES });
}

export function halt(frame: Frame, reason: Frame['halt']): number {
  frame.halt = reason;
  return HALTED;
}

function concatenate(...parts: ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
