import assert from 'node:assert/strict';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import { checkLmdbStore } from './lmdb-check.ts';
import { readMeta, readPage } from './lmdb-file.ts';
import { openLmdbStore } from './lmdb-store.ts';
import { block, dump, filled, image, usedBytes, withImage } from './lmdb-test-support.ts';
import { flipped, memoryDirectory, refuses, temporaryDirectory } from './test-support.ts';

/** Checks a store, opens it if it passes, reads everything in three ways, and writes to it. */
async function attempt(bytes: Uint8Array): Promise<Map<string, string> | 'named'> {
  const directory = withImage(bytes);
  try {
    const check = await checkLmdbStore(directory);
    if (!check.ok) {
      assert.ok(['store-damaged', 'record-damaged'].includes(check.error.code), check.error.message);
      return 'named';
    }
    const store = openLmdbStore(directory);
    const found = dump(store);
    assert.equal(found.size, check.records);
    const down = [...store.entries(new Uint8Array(0), { reverse: true })].map(([k]) => toHex(k));
    assert.deepEqual(down.reverse(), [...found.keys()]);
    for (const [k, v] of found) assert.equal(toHex(store.get(Uint8Array.from(Buffer.from(k, 'hex')))!), v);
    // Pages that the file calls free are written over now: nothing else may change.
    for (let round = 0; round < 2; round++) {
      store.write([{ key: Uint8Array.of(0xff, round), value: new Uint8Array(30_000).fill(round) }]);
    }
    const grown = dump(store);
    for (let round = 0; round < 2; round++) assert.ok(grown.delete(toHex(Uint8Array.of(0xff, round))));
    assert.deepEqual(grown, found);
    store.close();
    assert.ok((await checkLmdbStore(directory)).ok);
    return found;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a store that passes the check holds what was written, and says how many entries', async () => {
  const { directory, contents } = filled();
  assert.deepEqual(await checkLmdbStore(directory), { ok: true, records: contents.size });
  assert.deepEqual(await attempt(image(directory)), contents);
  const empty = temporaryDirectory();
  openLmdbStore(empty).close();
  assert.deepEqual(await checkLmdbStore(empty), { ok: true, records: 0 });
});

test('a store passes whose batches put a key twice, a longer value first', async () => {
  const directory = temporaryDirectory();
  const store = openLmdbStore(directory);
  for (let i = 0; i < 20; i++) {
    store.write(
      [30_000, 9_000, 5].map((size) => ({ key: Uint8Array.of(i % 7), value: new Uint8Array(size) })),
    );
  }
  store.close();
  assert.deepEqual(await checkLmdbStore(directory), { ok: true, records: 7 });
});

/** Where a meta page has the number of its transaction. */
const TRANSACTION = [152, 153, 154, 155, 156, 157, 158, 159];

test('a meta page that is two transactions off is the one thing no check can see: the store is as before its last write', async () => {
  const { directory, contents, before } = filled();
  assert.notDeepEqual(before, contents);
  const bytes = image(directory);
  const [even, odd] = [bytes[TRANSACTION[0]!]!, bytes[4096 + TRANSACTION[0]!]!];
  assert.equal(Math.abs(even - odd), 1);
  const older = bytes.slice();
  older[(even < odd ? 0 : 4096) + TRANSACTION[0]!]! += 2;
  assert.deepEqual(await attempt(older), before);
  const newer = bytes.slice();
  newer[(even < odd ? 4096 : 0) + TRANSACTION[0]!]! -= 2;
  assert.deepEqual(await attempt(newer), before);
});

test('any byte of the file changed: the check names it, or everything reads as it was written', async () => {
  const { directory, contents, before } = filled();
  const bytes = image(directory);
  const end = usedBytes(directory);
  const metas = Array.from({ length: 84 }, (_, i) =>
    [2 * i, 2 * i + 1].map((at, page) => 4096 * page + at),
  ).flat();
  const offsets = [...metas, ...Array.from({ length: 200 }, () => Math.floor(Math.random() * end))];
  let named = 0;
  for (const at of offsets) {
    const changed = flipped(bytes, at);
    const found = await attempt(changed.bytes);
    if (found === 'named') named++;
    else if (TRANSACTION.includes(at % 4096) && at < 8192 && found.size === before.size)
      assert.deepEqual(found, before);
    else assert.deepEqual(found, contents, changed.what);
  }
  assert.ok(named > 100, `${named} of ${offsets.length} changes mattered`);
});

/** Where the lists of free pages stand in a file: how many entries count, then as many. */
function freeLists(directory: string): { readonly at: number; readonly count: number }[] {
  const bytes = Buffer.from(image(directory));
  const file = openSync(join(directory, 'data.mdb'), 'r');
  const meta = readMeta(file);
  const leaf = readPage(file, meta.free.root!, meta);
  closeSync(file);
  assert.ok(leaf.kind === 'leaf');
  return leaf.nodes.map(({ data }) => {
    const at = bytes.indexOf(Buffer.from(data), meta.free.root! * meta.pageSize);
    return { at, count: Number(bytes.readBigUint64LE(at)) };
  });
}

test('a page that is free and in use, free twice, or neither is named: a later commit would give it to two', async () => {
  const { directory } = filled();
  const lists = freeLists(directory).filter(({ count }) => count > 0);
  const whole = Buffer.from(image(directory));
  const { at, count } = lists.find((list) => list.count > 1)!;
  const file = openSync(join(directory, 'data.mdb'), 'r');
  const { main } = readMeta(file);
  closeSync(file);
  const others = lists.flatMap((list) =>
    Array.from({ length: list.count }, (_, i) => whole.readBigInt64LE(list.at + 8 * (i + 1))),
  );
  const last = whole.readBigInt64LE(at + 8 * count);
  const twice = others.find((page) => page > 1n && page !== last)!;
  for (const [place, value, found] of [
    [at + 8 * count, BigInt(main.root!), `page ${main.root} is free and in use`],
    [at + 8 * count, twice, `page ${twice} is free twice`],
    [at + 8 * count, 0n, `page ${last} is neither in use nor free`],
    [at, BigInt(count - 1), `page ${last} is neither in use nor free`],
  ] as const) {
    const bytes = Buffer.from(whole);
    bytes.writeBigInt64LE(value, place);
    const check = await checkLmdbStore(withImage(bytes));
    assert.ok(!check.ok);
    assert.match(check.error.message, new RegExp(found));
  }
});

test('any bit changed in the lists of free pages is named', async () => {
  const { directory } = filled();
  const whole = image(directory);
  const place = withImage(whole);
  let tried = 0;
  for (const { at, count } of freeLists(directory)) {
    for (let bit = 0; bit < 64 * (count + 1); bit++) {
      const bytes = whole.slice();
      bytes[at + (bit >> 3)]! ^= 1 << (bit & 7);
      writeFileSync(join(place, 'data.mdb'), bytes);
      assert.ok(!(await checkLmdbStore(place)).ok, `bit ${bit} of the list at ${at}`);
      tried++;
    }
  }
  assert.ok(tried > 1_000, `${tried} bits`);
});

test('a page that is newer than the last commit is named: LMDB would change it in place', async () => {
  const { directory } = filled();
  const bytes = image(directory);
  const file = openSync(join(directory, 'data.mdb'), 'r');
  const { main, pageSize, transaction } = readMeta(file);
  closeSync(file);
  new DataView(bytes.buffer).setBigUint64(main.root! * pageSize + 8, BigInt(transaction + 1), true);
  const check = await checkLmdbStore(withImage(bytes));
  assert.ok(!check.ok);
  assert.match(check.error.message, new RegExp(`page ${main.root} is newer than the last commit`));
});

test('a branch whose keys would lead astray is named: they carry no checksum, and keys would look absent', async () => {
  const { directory } = filled();
  const bytes = image(directory);
  const file = openSync(join(directory, 'data.mdb'), 'r');
  const meta = readMeta(file);
  const branch = readPage(file, meta.main.root!, meta);
  closeSync(file);
  assert.ok(branch.kind === 'branch' && branch.nodes.length > 2);
  for (const { key: separator } of branch.nodes.slice(1)) {
    for (const by of [1, 0xff]) {
      const changed = bytes.slice();
      const at = Buffer.from(changed).indexOf(Buffer.from(separator), meta.main.root! * meta.pageSize);
      changed[at + 1] = (changed[at + 1]! + by) & 0xff; // behind the mark of all keys
      const check = await checkLmdbStore(withImage(changed));
      assert.ok(!check.ok);
      assert.match(check.error.message, /has keys out of order/);
    }
  }
});

test('a page that was changed and put elsewhere, exchanged or lost is named', async () => {
  const { directory, contents } = filled();
  const bytes = image(directory);
  const pages = usedBytes(directory) / 4096;
  for (let i = 0; i < 60; i++) {
    const [a, b] = [0, 0].map(() => 2 + Math.floor(Math.random() * (pages - 2))) as [number, number];
    const changed = bytes.slice();
    changed.copyWithin(a * 4096, b * 4096, (b + 1) * 4096);
    if (i % 2 === 0) changed.fill(0, b * 4096, (b + 1) * 4096);
    const found = await attempt(changed);
    if (found !== 'named') assert.deepEqual(found, contents, `page ${b} over ${a}`);
  }
});

test('a file that was cut is refused on opening and by the check, and never ends the process', async () => {
  const { directory, contents } = filled();
  const bytes = image(directory);
  for (let size = 1; size < bytes.length; size += Math.ceil(bytes.length / 30)) {
    const cut = bytes.slice(0, size);
    const found = await attempt(cut);
    if (found !== 'named') assert.deepEqual(found, contents);
    else assert.throws(() => openLmdbStore(withImage(cut)), refuses('store-damaged'));
  }
});

test('a file that is none of LMDB, or of another version of it, is refused on opening', () => {
  const bytes = image(filled().directory);
  const otherVersion = bytes.slice();
  otherVersion[28] = 1;
  for (const other of [new Uint8Array(20_000), new Uint8Array(10_000).fill(0x41), otherVersion]) {
    assert.throws(() => openLmdbStore(withImage(other)), refuses('store-damaged'));
  }
});

test('a commit that a crash tears is not there: any part of its pages under the old meta page', async () => {
  const directory = memoryDirectory();
  const store = openLmdbStore(directory);
  const SECTOR = 512;
  for (let round = 0; round < 8; round++) {
    const before = image(directory);
    const contentsBefore = dump(store);
    block(store, round);
    const after = image(directory);
    if (round < 2) continue;
    const grown = new Uint8Array(after.length);
    grown.set(before);
    const changed: number[] = [];
    for (let at = 2 * 4096; at < after.length; at += SECTOR) {
      if (Buffer.compare(after.subarray(at, at + SECTOR), grown.subarray(at, at + SECTOR)) !== 0)
        changed.push(at);
    }
    assert.ok(changed.length > 10);
    for (const share of [0.1, 0.5, 0.9, 1]) {
      const torn = grown.slice();
      for (const at of changed) if (Math.random() < share) torn.set(after.subarray(at, at + SECTOR), at);
      assert.deepEqual(await attempt(torn), contentsBefore, `round ${round}, share ${share}`);
    }
    assert.deepEqual(await attempt(after), dump(store));
  }
  store.close();
});

test('a check that is called off stops', async () => {
  const { directory } = filled();
  await assert.rejects(
    checkLmdbStore(directory, { signal: AbortSignal.abort(new Error('enough')) }),
    /enough/,
  );
  const missing = await checkLmdbStore(temporaryDirectory());
  assert.ok(!missing.ok && missing.error.code === 'directory-unusable');
});
