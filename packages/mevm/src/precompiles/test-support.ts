import { createEVM, getActivePrecompiles, NobleBLS, NobleBN254, type PrecompileInput } from '@ethereumjs/evm';
import { hexToBytes } from '@noble/curves/utils.js';
import type { Fork } from '../fork.ts';

/** What a precompile did with an input: output undefined where it failed. */
export interface Answer {
  readonly gas: number;
  readonly output: Uint8Array | undefined;
}

/** Bytes from hexadecimal digits, between which there may be spaces. */
export function hex(digits: string): Uint8Array {
  return hexToBytes(digits.replaceAll(/\s/g, ''));
}

/** A number as a word of 32 bytes. */
export function word(value: bigint | number, length = 32): string {
  return BigInt(value)
    .toString(16)
    .padStart(2 * length, '0');
}

/** The same numbers for the same seed, which is not 0 (xorshift, Marsaglia 2003): whole ones below 2^32. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bytes from such numbers. */
export function bytesFrom(next: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => next() & 0xff);
}

/** An input with one thing changed: a bit, a byte, its end, or a whole word. */
export function mutated(input: Uint8Array, next: () => number): Uint8Array {
  const kind = next() % 6;
  if (kind === 0) return input.slice(0, next() % (input.length + 1));
  if (kind === 1) return Uint8Array.of(...input, ...bytesFrom(next, 1 + (next() % 40)));
  const out = input.slice();
  if (out.length === 0) return out;
  const at = next() % out.length;
  if (kind === 2) out[at]! ^= 1 << (next() & 7);
  else if (kind === 3) out[at] = next() & 0xff;
  else out.fill(kind === 4 ? 0 : 0xff, at & ~31, (at & ~31) + 32);
  return out;
}

const evm = await createEVM();

function rulesOf(fork: Fork): (typeof evm)['common'] {
  const common = evm.common.copy();
  common.setHardfork(fork);
  return common;
}

/** Addresses of the precompiles that @ethereumjs/evm has. */
export function ethereumjsAddresses(fork: Fork): number[] {
  return [...getActivePrecompiles(rulesOf(fork)).keys()].map((key) => Number.parseInt(key, 16));
}

/** What @ethereumjs/evm answers; not for the point evaluation, for which it needs a library that is not installed. */
export async function ethereumjs(fork: Fork, address: number, data: Uint8Array): Promise<Answer> {
  const common = rulesOf(fork);
  const run = getActivePrecompiles(common).get(address.toString(16).padStart(40, '0'));
  if (run === undefined) throw new Error(`@ethereumjs/evm has no precompile ${address} in ${fork}`);
  const _EVM = { _bn254: new NobleBN254(), _bls: new NobleBLS() };
  const result = await run({ _EVM, data, gasLimit: 1n << 60n, common } as unknown as PrecompileInput);
  return {
    gas: Number(result.executionGasUsed),
    output: result.exceptionError === undefined ? result.returnValue : undefined,
  };
}
