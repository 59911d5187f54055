import { hash } from 'node:crypto';
import { chachaStream, type WordStream } from './chacha.ts';
import type { Beacon } from './contribution.ts';

/** How many hashes are taken at one go, some tens of milliseconds. */
const AT_ONCE = 1 << 15;

/** The stream of words that a beacon gives: SHA-256, taken 2^n times, is the key. */
export async function beaconStream(
  { value, iterationsPower }: Beacon,
  signal?: AbortSignal,
): Promise<WordStream> {
  let current: Uint8Array = value;
  for (let left = 2 ** iterationsPower; left > 0; left -= AT_ONCE) {
    signal?.throwIfAborted();
    for (let i = Math.min(left, AT_ONCE); i > 0; i--) current = hash('sha256', current, 'buffer');
    await new Promise((resolve) => setImmediate(resolve));
  }
  return chachaStream(current);
}
