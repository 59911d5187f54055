import { randomFillSync } from 'node:crypto';
import { compareBytes } from '@sero/crypto';
import type { Entry } from '@sero/store';

const RANDOM = 24;
const POOL = 4_096;

/** Keys of a table that ascend, evenly spread and otherwise random, such as a set of nullifiers; 33 bytes each. */
export function* sortedKeys(
  table: number,
  count: number,
  value: Uint8Array = new Uint8Array(0),
): Generator<Entry> {
  const pool = Buffer.alloc(RANDOM * POOL);
  const step = (1n << 64n) / BigInt(Math.max(1, count));
  let start = 0n;
  for (let i = 0; i < count; i++) {
    if (i % POOL === 0) randomFillSync(pool);
    const key = Buffer.allocUnsafeSlow(33);
    key[0] = table;
    key.writeBigUInt64BE(start, 1);
    pool.copy(key, 9, RANDOM * (i % POOL), RANDOM * (i % POOL) + RANDOM);
    start += step;
    yield [key, value];
  }
}

/** Entries of a few and of tables that come one after another, ascending. */
export function* merged(few: readonly Entry[], tables: readonly Iterable<Entry>[]): Generator<Entry> {
  let at = 0;
  for (const table of tables) {
    for (const entry of table) {
      for (; at < few.length && compareBytes(few[at]![0], entry[0]) < 0; at++) yield few[at]!;
      yield entry;
    }
  }
  yield* few.slice(at);
}
