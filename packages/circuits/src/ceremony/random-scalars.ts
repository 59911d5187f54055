import { randomBytes } from 'node:crypto';

/** Bytes of the random factors by which many equations are checked as one: a false one passes with chance 2^-128. */
export const SHORT_SCALAR_BYTES = 16;

/** Packed random scalars of SHORT_SCALAR_BYTES. */
export function randomScalars(count: number): Uint8Array {
  return new Uint8Array(randomBytes(SHORT_SCALAR_BYTES * count));
}
