import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Change } from './key-value.ts';
import { readMeta } from './lmdb-file.ts';
import { openRoom, pagesFor } from './lmdb-room.ts';
import { openLmdbStore } from './lmdb-store.ts';
import { memoryDirectory, refuses } from './test-support.ts';

function metaOf(directory: string): ReturnType<typeof readMeta> {
  const file = openSync(join(directory, 'data.mdb'), 'r');
  try {
    return readMeta(file);
  } finally {
    closeSync(file);
  }
}

const below = (limit: number): number => Math.floor(Math.random() * limit);

/** Batches of all kinds: spread and close together, small and long values, deletions. */
const kinds: ((i: number) => Change)[] = [
  () => ({ key: Uint8Array.from({ length: 33 }, () => below(256)), value: new Uint8Array(0) }),
  (i) => ({ key: Uint8Array.of(1, i >> 8, i & 0xff), value: new Uint8Array(below(200)) }),
  () => ({ key: Uint8Array.of(2, below(256)), value: new Uint8Array(below(20_000)) }),
  () => ({ key: Uint8Array.of(3, below(256), below(4)), value: new Uint8Array(900 + below(1300)) }),
  () => ({ key: new Uint8Array(1024).fill(below(256)), value: new Uint8Array(below(1500)) }),
  (i) => ({ key: Uint8Array.of(1, i >> 8, i & 0xff), value: undefined }),
  () => ({ key: Uint8Array.of(2, below(256)), value: undefined }),
];

test('a batch never adds more pages than were made for it', () => {
  const directory = memoryDirectory();
  const store = openLmdbStore(directory);
  for (let round = 0; round < 120; round++) {
    const meta = metaOf(directory);
    const { depth, branchPages, leafPages } = meta.main;
    const kind = kinds[below(kinds.length)]!;
    const changes = Array.from({ length: [1, 10, 300][round % 3]! }, (_, i) => kind(i));
    const stat = {
      pageSize: meta.pageSize,
      treeDepth: depth,
      treeBranchPageCount: branchPages,
      treeLeafPageCount: leafPages,
    };
    const room = pagesFor(changes, stat);
    store.write(changes);
    const added = metaOf(directory).lastPage - meta.lastPage;
    assert.ok(added <= room, `${changes.length} changes added ${added} pages, ${room} were made`);
  }
  store.close();
});

test('room is real bytes behind what is there, in whole steps', () => {
  const directory = memoryDirectory();
  const path = join(directory, 'data.mdb');
  writeFileSync(path, new Uint8Array(8192).fill(5));
  const room = openRoom(directory, 4096);
  room.reserve(2, 10);
  const size = statSync(path).size;
  assert.equal(size, 8192 + 2 ** 18);
  room.reserve(20, 30);
  assert.equal(statSync(path).size, size, 'there was room');
  room.reserve(60, 30);
  assert.equal(statSync(path).size, 8192 + 2 * 2 ** 18);
  const bytes = readFileSync(path);
  assert.ok(bytes.subarray(0, 8192).every((byte) => byte === 5));
  assert.ok(bytes.subarray(8192).every((byte) => byte === 0));
  room.close();
});

test('a page number that damage made up never fills the disk', () => {
  const directory = memoryDirectory();
  const path = join(directory, 'data.mdb');
  writeFileSync(path, new Uint8Array(8192));
  const room = openRoom(directory, 4096);
  assert.throws(() => room.reserve(2 ** 40, 1), refuses('store-damaged'));
  assert.equal(statSync(path).size, 8192);
  room.close();
  const store = openLmdbStore(join(directory, 'store'));
  store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }]);
  store.close();
  const { lastPage, pageSize } = metaOf(join(directory, 'store'));
  truncateSync(join(directory, 'store', 'data.mdb'), lastPage * pageSize);
  assert.throws(() => openLmdbStore(join(directory, 'store')), refuses('store-damaged'));
});
