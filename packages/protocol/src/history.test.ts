import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256 } from '@sero/crypto';
import {
  appendHeader,
  EMPTY_HISTORY,
  type HistoryPeaks,
  historyNode,
  historyPath,
  isInHistory,
} from './index.ts';
import { filler, flipped } from './test-support.ts';

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

/** A range of so many headers, and how to find its nodes. */
function range(length: number): {
  history: HistoryPeaks;
  leaves: Uint8Array[];
  node: (height: number, place: bigint) => Uint8Array;
} {
  const leaves = Array.from({ length }, (_, i) => filler(i, 32));
  return {
    leaves,
    history: leaves.reduce(appendHeader, EMPTY_HISTORY),
    node: (height, place) => historyNode((position) => leaves[Number(position)]!, height, place),
  };
}

test('every header of a range of any size is proved by a path of logarithmic length, at its own place only', () => {
  for (const size of [1, 2, 3, 7, 8, 9, 21]) {
    const { history, leaves, node } = range(size);
    for (const [i, leaf] of leaves.entries()) {
      const path = historyPath(BigInt(size), BigInt(i), node);
      assert.ok(2 ** path.length <= size);
      for (let place = 0; place <= size; place++) {
        assert.equal(
          isInHistory(history, BigInt(place), leaf, path),
          place === i,
          `${i} of ${size} at ${place}`,
        );
      }
    }
  }
});

test('a path with another hash, a changed, missing or surplus node, or in another range proves nothing', () => {
  const { history, leaves, node } = range(21);
  const path = historyPath(21n, 5n, node);
  assert.equal(path.length, 4);
  assert.equal(isInHistory(history, 5n, leaves[6]!, path), false);
  for (const [i, sibling] of path.entries()) {
    const changed = path.with(i, flipped(sibling, 31));
    assert.equal(isInHistory(history, 5n, leaves[5]!, changed), false);
  }
  assert.equal(isInHistory(history, 5n, leaves[5]!, path.slice(0, 3)), false);
  assert.equal(isInHistory(history, 5n, leaves[5]!, [...path, node(4, 0n)]), false);
  assert.equal(isInHistory(range(22).history, 20n, leaves[20]!, []), false);
  assert.equal(isInHistory(history, -1n, leaves[0]!, path), false);
});

test('an inner node does not pass for a header: a path has the length that its place demands', () => {
  const { history, node } = range(16);
  const path = historyPath(16n, 4n, node);
  assert.equal(isInHistory(history, 4n, node(1, 2n), path.slice(1)), false);
  assert.equal(isInHistory(history, 2n, node(1, 2n), path.slice(1)), false);
});

test('a path outlives the headers that come after, until its tree is joined with the next', () => {
  const { leaves, node } = range(24);
  const path = historyPath(21n, 17n, node);
  assert.equal(isInHistory(range(21).history, 17n, leaves[17]!, path), true);
  assert.equal(isInHistory(range(23).history, 17n, leaves[17]!, path), true);
  assert.equal(isInHistory(range(24).history, 17n, leaves[17]!, path), false);
  const longer = historyPath(24n, 17n, node);
  assert.deepEqual(longer.slice(0, path.length), path);
  assert.equal(isInHistory(range(24).history, 17n, leaves[17]!, longer), true);
});

test('there is no path to a header that has not come', () => {
  assert.throws(() => historyPath(8n, 8n, range(8).node), RangeError);
});
