import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appendLeaves,
  EMPTY_FRONTIER,
  encodeExecutedBlock,
  encodeFrontier,
  type Header,
  HeaderType,
} from '@sero/protocol';
import { noteCounter } from './note-counter.ts';

const headerOf = (height: bigint): Header => ({ ...HeaderType.defaultValue(), height });

/** A chain of empty blocks that starts with 7 notes, and counts how many blocks are read. */
function scene() {
  let head = 0n;
  let read = 0;
  const { frontier: seven } = appendLeaves(EMPTY_FRONTIER, [1n, 2n, 3n, 4n, 5n, 6n, 7n]);
  const frontier = encodeFrontier(seven);
  const counter = noteCounter({
    head: () => headerOf(head),
    treeState: (height) => ({ height: height - (height % 256n), header: headerOf(height), frontier }),
    executedBlock: (height) => {
      read++;
      return encodeExecutedBlock({ block: { header: headerOf(height), transactions: [] }, receipts: [] });
    },
  });
  return {
    countAt: (height: bigint) => {
      head = height;
      read = 0;
      return { notes: counter.atHead(), read };
    },
  };
}

test('each block is read once', () => {
  const { countAt } = scene();
  assert.deepEqual(countAt(0n), { notes: 7n, read: 0 });
  assert.deepEqual(countAt(3n), { notes: 7n, read: 3 });
  assert.deepEqual(countAt(3n), { notes: 7n, read: 0 });
  assert.deepEqual(countAt(5n), { notes: 7n, read: 2 });
});

test('after any time in which nobody asked no more blocks are read than lie after the last checkpoint', () => {
  const { countAt } = scene();
  countAt(1n);
  assert.deepEqual(countAt(1_000_100n), { notes: 7n, read: Number(1_000_100n % 256n) });
});
