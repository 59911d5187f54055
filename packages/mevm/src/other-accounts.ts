// Opcodes that look at an account by its address: 100 gas are taken, a cold one costs 2,500 more (EIP-2929).

import { type Account, isCodeless, isEmpty } from './accounts.ts';
import { NO_CODE_HASH } from './code.ts';
import { copyCode } from './copies.ts';
import { type Execution, expand } from './execution.ts';
import type { Frame } from './frame.ts';
import { bytesToWord } from './words.ts';

const COLD_MORE = 2500;
const EMPTY_HASH = bytesToWord(NO_CODE_HASH);

/** BALANCE of the word on top. @returns the gas left */
export function balanceOf(execution: Execution, stack: bigint[], sp: number, gas: number): number {
  const account = execution.world.accounts.of(stack[sp - 1] as bigint);
  stack[sp - 1] = account.balance;
  return warmed(execution, account, gas);
}

/** EXTCODESIZE. @returns the gas left */
export function codeSize(execution: Execution, stack: bigint[], sp: number, gas: number): number {
  const account = execution.world.accounts.of(stack[sp - 1] as bigint);
  stack[sp - 1] = BigInt(execution.world.codeOf(account).bytes.length);
  return warmed(execution, account, gas);
}

/** EXTCODEHASH (EIP-1052). @returns the gas left */
export function codeHash(execution: Execution, stack: bigint[], sp: number, gas: number): number {
  const account = execution.world.accounts.of(stack[sp - 1] as bigint);
  stack[sp - 1] = isEmpty(account) ? 0n : isCodeless(account) ? EMPTY_HASH : bytesToWord(account.codeHash);
  return warmed(execution, account, gas);
}

/** EXTCODECOPY: its four arguments begin at `sp`, the address last. @returns the gas left */
export function copyForeignCode(execution: Execution, frame: Frame, sp: number, gas: number): number {
  const { stack } = frame;
  const account = execution.world.accounts.of(stack[sp + 3] as bigint);
  const [to, from, length] = [Number(stack[sp + 2]), Number(stack[sp + 1]), Number(stack[sp])];
  let left = warmed(execution, account, gas);
  if (length === 0) return left;
  left = expand(execution, frame, to, length, left);
  if (left < 0) return left;
  left -= 3 * ((length + 31) >>> 5);
  if (left < 0) return left;
  copyCode(execution.memory, execution.world.codeOf(account).bytes, frame.memoryAt + to, from, length);
  return left;
}

/** BLOCKHASH: of the 256 blocks before this one, else 0. */
export function blockHash(execution: Execution, number: bigint): bigint {
  const { block } = execution;
  if (number >= block.number || number + 256n < block.number) return 0n;
  const hash = block.blockHash(number);
  return hash === undefined ? 0n : bytesToWord(hash);
}

function warmed(execution: Execution, account: Account, gas: number): number {
  return execution.world.warm(account) ? gas : gas - COLD_MORE;
}
