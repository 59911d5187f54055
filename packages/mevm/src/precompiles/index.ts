import { type Fork, isSince } from '../fork.ts';
import type { Precompile } from '../precompile.ts';
import type { Engine } from './engine.ts';
import { referenceEngine } from './reference/index.ts';
import { TABLE } from './table.ts';

export type { Computation, Engine, PrecompileName } from './engine.ts';

/**
 * The precompiled contracts of a fork, by address. Synchronous, without input or output.
 *
 * @param engine what computes them; default: the reference, which runs anywhere
 */
export function precompilesOf(fork: Fork, engine: Engine = referenceEngine): ReadonlyMap<number, Precompile> {
  return new Map(
    TABLE.filter(({ since }) => isSince(fork, since)).map(({ name, address, gas }) => [
      address,
      { name, address, gas, run: engine[name] },
    ]),
  );
}
