import { createHash } from 'node:crypto';

/**
 * A number in [0, 1) that follows from a seed and a place alone, so that what is decided about one thing does not depend on when
 * anything else happened.
 */
export function drawAt(seed: string, ...place: readonly (string | number)[]): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...place]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** Numbers in [0, 1), one after another. */
export function draws(seed: string, ...place: readonly (string | number)[]): () => number {
  let next = 0;
  return () => drawAt(seed, ...place, next++);
}
