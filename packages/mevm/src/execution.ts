import type { Account } from './accounts.ts';
import type { BlockContext } from './context.ts';
import { type Fork, isSince } from './fork.ts';
import type { Frame } from './frame.ts';
import { type LinearMemory, MOST_MEMORY, memoryGas, reserve } from './memory.ts';
import { type Opcode, opcodesOf } from './opcodes.ts';
import type { Precompile } from './precompile.ts';
import type { Watcher } from './watcher.ts';
import type { World } from './world.ts';

/** The rules of a fork in the form in which opcodes ask for them. */
export interface Rules {
  readonly fork: Fork;
  readonly opcodes: ReadonlyArray<Opcode | undefined>;
  /** Gas by opcode. */
  readonly gas: Uint16Array;
  /** Least height of the stack by opcode; 2,000 where there is no such opcode. */
  readonly least: Uint16Array;
  /** Greatest height of the stack before an opcode, by opcode. */
  readonly most: Uint16Array;
  /** EIP-3860. */
  readonly limitsInitCode: boolean;
  /** EIP-6780. */
  readonly keepsOldContracts: boolean;
}

export function rulesOf(fork: Fork): Rules {
  const opcodes = opcodesOf(fork);
  return {
    fork,
    opcodes,
    gas: Uint16Array.from(opcodes, (opcode) => opcode?.gas ?? 0),
    least: Uint16Array.from(opcodes, (opcode) => opcode?.pops ?? 2000),
    most: Uint16Array.from(opcodes, (opcode) =>
      opcode === undefined ? 1024 : 1024 - opcode.pushes + opcode.pops,
    ),
    limitsInitCode: isSince(fork, 'shanghai'),
    keepsOldContracts: isSince(fork, 'cancun'),
  };
}

/** What all frames of one execution share. */
export interface Execution {
  readonly rules: Rules;
  readonly memory: LinearMemory;
  readonly precompiles: ReadonlyMap<number, Precompile>;
  readonly watcher: Watcher | undefined;
  world: World;
  block: BlockContext;
  origin: Account;
  gasPrice: bigint;
  blobHashes: readonly Uint8Array[];
  /** The block's, as a word. */
  coinbase: bigint;
  /** Output of the last call of the current frame. */
  returnData: Uint8Array;
  readonly frames: Frame[];
  /** The frame that runs. */
  depth: number;
  /** `STOPPED`, `REVERTED` or `HALTED`: how the first frame ended. */
  ended: number;
}

/**
 * Makes a frame's memory reach to `offset + length`.
 *
 * @returns the gas that is left; negative where there is not enough
 */
export function expand(
  execution: Execution,
  frame: Frame,
  offset: number,
  length: number,
  gas: number,
): number {
  const end = offset + length;
  if (end <= frame.memorySize) return gas;
  if (end > MOST_MEMORY) return -1;
  const words = (end + 31) >>> 5;
  const left = gas - memoryGas(words) + memoryGas(frame.memorySize >>> 5);
  if (left < 0) return left;
  const { memory } = execution;
  const [from, to] = [frame.memoryAt + frame.memorySize, frame.memoryAt + words * 32];
  reserve(memory, to);
  memory.bytes.fill(0, from, to);
  frame.memorySize = words * 32;
  return left;
}
