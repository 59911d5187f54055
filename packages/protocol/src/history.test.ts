import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256 } from '@sero/crypto';
import { appendHeader, EMPTY_HISTORY, type HistoryPeaks } from './index.ts';
import { filler } from './test-support.ts';

/** Root of a complete binary tree, from its definition. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  const half = leaves.length >> 1;
  return blake2b256('SERO_MMR_v1', naiveRoot(leaves.slice(0, half)), naiveRoot(leaves.slice(half)));
}

/** The peaks from their definition: one complete tree for each bit of the number of leaves, the highest first. */
function naivePeaks(leaves: readonly Uint8Array[]): Uint8Array[] {
  const peaks: Uint8Array[] = [];
  let from = 0;
  for (let width = 1 << 20; width > 0; width >>= 1) {
    if ((leaves.length & width) === 0) continue;
    peaks.push(naiveRoot(leaves.slice(from, from + width)));
    from += width;
  }
  return peaks;
}

test('the peaks are those of the definition at every number of headers', () => {
  const leaves = Array.from({ length: 70 }, (_, i) => filler(i, 32));
  let history: HistoryPeaks = EMPTY_HISTORY;
  assert.deepEqual(history.peaks, naivePeaks([]));
  for (const [i, leaf] of leaves.entries()) {
    history = appendHeader(history, leaf);
    assert.equal(history.size, BigInt(i + 1));
    assert.deepEqual(history.peaks, naivePeaks(leaves.slice(0, i + 1)), `${i + 1} headers`);
  }
});

test('appending leaves the earlier range as it was', () => {
  const one = appendHeader(EMPTY_HISTORY, filler(1, 32));
  const two = appendHeader(one, filler(2, 32));
  assert.deepEqual(one.peaks, [filler(1, 32)]);
  assert.equal(two.peaks.length, 1);
  assert.deepEqual(EMPTY_HISTORY.peaks, []);
});

test('order counts: two headers exchanged give other peaks', () => {
  const [a, b] = [filler(1, 32), filler(2, 32)];
  const ab = [a, b].reduce(appendHeader, EMPTY_HISTORY);
  const ba = [b, a].reduce(appendHeader, EMPTY_HISTORY);
  assert.notDeepEqual(ab.peaks, ba.peaks);
});
