import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { concat, le32 } from '@sero/crypto';
import { checkLmdbStore } from './lmdb-check.ts';
import { readMeta } from './lmdb-file.ts';
import { openLmdbStore } from './lmdb-store.ts';
import { memoryDirectory } from './test-support.ts';

// The check reads the leaves in pieces of 1 MiB, in the order of the file: here a store of several pieces and levels, written
// at once, so that no page of it is free.

const RECORDS = 1_500;
const directory = memoryDirectory();
const store = openLmdbStore(directory);
store.write(
  Array.from({ length: RECORDS }, (_, n) => ({
    key: concat(le32((n * 2_654_435_761) % 2 ** 32), new Uint8Array(200).fill(n)),
    value: new Uint8Array(n % 400 === 0 ? 9_000 : 1_500 + (n % 300)).fill(n),
  })),
);
store.close();

const file = openSync(join(directory, 'data.mdb'), 'r+');
after(() => closeSync(file));
const { pageSize, lastPage, main } = readMeta(file);
const PIECE = 2 ** 20 / pageSize;

function bytesAt(at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  readSync(file, bytes, 0, length, at);
  return bytes;
}

test('a store of several pieces passes with every record counted', async () => {
  assert.ok(main.depth >= 3 && lastPage > 2 * PIECE);
  assert.deepEqual(await checkLmdbStore(directory), { ok: true, records: RECORDS });
});

test('a changed byte is named in every piece and on both sides of each border: of a value, and of what page it is', async () => {
  const LEAF = 2;
  const isLeaf = (page: number): boolean => bytesAt(page * pageSize + 18, 1)[0] === LEAF;
  const leaves = Array.from({ length: lastPage - 1 }, (_, i) => i + 2).filter(isLeaf);
  assert.ok(leaves.length > 2 * PIECE);
  // A piece begins at a leaf, and its end depends on where: every place that can be a border is near one of these.
  const chosen = leaves.filter((_, i) => i % (PIECE / 4) < 2 || i === leaves.length - 1);
  for (const page of chosen) {
    for (const at of [page * pageSize, page * pageSize + pageSize - 2]) {
      const [byte] = bytesAt(at, 1);
      writeSync(file, Uint8Array.of(byte! ^ 0x40), 0, 1, at);
      const check = await checkLmdbStore(directory);
      writeSync(file, Uint8Array.of(byte!), 0, 1, at);
      assert.ok(!check.ok, `byte ${at} matters`);
      assert.equal(check.error.code, 'store-damaged');
    }
  }
  assert.deepEqual(await checkLmdbStore(directory), { ok: true, records: RECORDS });
});

test('a check that is called off while it runs ends with the reason', async () => {
  const abort = new AbortController();
  const check = checkLmdbStore(directory, { signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(check, /enough/);
});
