import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '@sero/crypto';
import { type Change, type KeyValueStore, overlay } from './key-value.ts';
import { keyValueStoreCompliance } from './key-value-test-support.ts';
import { checkLmdbStore } from './lmdb-check.ts';
import { readMeta } from './lmdb-file.ts';
import { openLmdbStore } from './lmdb-store.ts';
import { updateStateTree } from './state-tree.ts';
import { flipped, memoryDirectory, refuses, runProgram, temporaryDirectory } from './test-support.ts';

const directories = new WeakMap<object, string>();

function open(directory = temporaryDirectory()) {
  const store = openLmdbStore(directory);
  directories.set(store, directory);
  return store;
}

keyValueStoreCompliance('openLmdbStore', open, (store) => {
  store.close();
  return open(directories.get(store)!);
});

const dump = (store: KeyValueStore): Map<string, string> =>
  new Map([...store.entries(new Uint8Array(0))].map(([key, value]) => [toHex(key), toHex(value)]));

const key = (i: number): Uint8Array => Uint8Array.of(0x74, i >> 8, i & 0xff, ...new Uint8Array(20).fill(i));

/** A batch as a block writes one: some keys changed, some deleted, one long value, the tree's records. */
function block(store: KeyValueStore, round: number): void {
  const changes: Change[] = Array.from({ length: 30 }, (_, i) => {
    const n = (i * 7 + round * 31) % 150;
    return { key: key(n), value: (n + round) % 5 === 0 ? undefined : new Uint8Array(20 + n).fill(round) };
  });
  changes.push({
    key: Uint8Array.of(0x62, round % 3),
    value: new Uint8Array(6_000 + 500 * round).fill(round),
  });
  const view = overlay(store);
  for (const { key: k, value } of changes) value === undefined ? view.delete(k) : view.put(k, value);
  updateStateTree(view, view.changes());
  store.write(view.changes());
}

/** A store of many pages of every kind: branches, leaves, long values, free ones. */
function filled(): { directory: string; contents: Map<string, string>; before: Map<string, string> } {
  const directory = memoryDirectory();
  const store = openLmdbStore(directory);
  for (let round = 0; round < 8; round++) block(store, round);
  const before = dump(store);
  block(store, 8);
  const contents = dump(store);
  store.close();
  return { directory, contents, before };
}

const image = (directory: string): Uint8Array => new Uint8Array(readFileSync(join(directory, 'data.mdb')));

/** Where the last page in use ends. */
function usedBytes(directory: string): number {
  const file = openSync(join(directory, 'data.mdb'), 'r');
  const { lastPage, pageSize } = readMeta(file);
  closeSync(file);
  return (lastPage + 1) * pageSize;
}

/** A directory with these bytes for a store. */
function withImage(bytes: Uint8Array): string {
  const directory = memoryDirectory();
  writeFileSync(join(directory, 'data.mdb'), bytes);
  return directory;
}

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

test('a store whose first opening was cut short opens', () => {
  const store = openLmdbStore(withImage(new Uint8Array(0)));
  assert.deepEqual(dump(store), new Map());
  store.close();
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

test('a store that was killed right after a write has it', () => {
  const directory = temporaryDirectory();
  const program = `
    const opened = store.openLmdbStore(args[0]);
    for (let i = 0; i < 5; i++) {
      opened.write([{ key: Uint8Array.of(i), value: new Uint8Array(5000).fill(i) }]);
      console.log(i);
    }
    process.kill(process.pid, 'SIGKILL');`;
  assert.equal(runProgram(program, [directory]).stdout, '0\n1\n2\n3\n4\n');
  const store = openLmdbStore(directory);
  for (let i = 0; i < 5; i++) assert.deepEqual(store.get(Uint8Array.of(i)), new Uint8Array(5000).fill(i));
  store.close();
});

const FILL = `
  const opened = store.openLmdbStore(args[0]);
  opened.write([{ key: Uint8Array.of(0), value: Uint8Array.of(7) }]);
  const codes = [];
  let written = 0;
  for (let i = 1; i < 200 && codes.length < 3; i++) {
    const batch = [{ key: Uint8Array.of(0), value: Uint8Array.of(i) }, { key: Uint8Array.of(1, i), value: new Uint8Array(20000).fill(i) }];
    try { opened.write(batch); written = i; } catch (error) { codes.push(error.code); }
  }
  const marker = opened.get(Uint8Array.of(0))[0];
  let small = 'written';
  try { opened.write([{ key: Uint8Array.of(2), value: new Uint8Array(1) }]); } catch (error) { small = error.code; }
  console.log(JSON.stringify({ codes, written, marker, small }));`;

function expectFullDisk(directory: string, stdout: string): void {
  const { codes, written, marker } = JSON.parse(stdout) as {
    codes: string[];
    written: number;
    marker: number;
  };
  assert.deepEqual(codes, ['disk-full', 'disk-full', 'disk-full']);
  assert.ok(written > 3 && written < 60);
  assert.equal(marker, written, 'a failed batch changed nothing');
  const store = openLmdbStore(directory);
  assert.deepEqual(store.get(Uint8Array.of(0)), Uint8Array.of(written));
  assert.equal([...store.entries(Uint8Array.of(1))].length, written);
  store.write([{ key: Uint8Array.of(0), value: Uint8Array.of(77) }]);
  store.close();
}

test('a file that may not grow is a full disk: every batch before it is there, and writing goes on when it may', async () => {
  const directory = temporaryDirectory();
  const { stdout, stderr } = runProgram(FILL, [directory], 512);
  assert.notEqual(stdout, '', stderr);
  expectFullDisk(directory, stdout);
  assert.ok((await checkLmdbStore(directory)).ok);
});

/** A file system of its own in a directory, or undefined where this user may mount none. */
function mounted(options: string): { path: string; remount(options: string): void } | undefined {
  const path = mkdtempSync(join(tmpdir(), 'sero-store-disk-'));
  const run = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
  const mount = (more: string) => run('mount', '-t', 'tmpfs', '-o', more, 'sero-store-test', path);
  const is = mount(options);
  after(() => {
    if (is) run('umount', '-l', path);
    rmdirSync(path);
  });
  return is ? { path, remount: (more) => assert.ok(mount(`remount,${more}`)) } : undefined;
}

test('a disk without room is named, and so is one that became read-only', () => {
  const disk = mounted('size=1m');
  if (disk === undefined) {
    // An ordinary user: files that may not be written say the same of rights.
    const { directory, contents } = filled();
    chmodSync(directory, 0o500);
    for (const file of ['data.mdb', 'lock.mdb']) chmodSync(join(directory, file), 0o400);
    assert.throws(() => openLmdbStore(directory), refuses('disk-denied'));
    chmodSync(directory, 0o700);
    for (const file of ['data.mdb', 'lock.mdb']) chmodSync(join(directory, file), 0o600);
    const store = openLmdbStore(directory);
    assert.deepEqual(dump(store), contents);
    store.close();
    return;
  }
  const directory = join(disk.path, 'store');
  const { stdout, stderr } = runProgram(FILL, [directory]);
  assert.notEqual(stdout, '', stderr);
  disk.remount('size=4m');
  expectFullDisk(directory, stdout);
  disk.remount('ro');
  assert.throws(() => openLmdbStore(directory), refuses('disk-read-only'));
});

test('a place where no store can be is refused by name', () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  assert.throws(() => openLmdbStore(file), refuses('directory-unusable'));
  assert.throws(() => openLmdbStore(join(file, 'below')), refuses('directory-unusable'));
  assert.throws(() => openLmdbStore(temporaryDirectory(), { readOnly: true }), refuses('directory-unusable'));
});

test('a store that was opened for reading reads, and refuses to write', () => {
  const { directory, contents } = filled();
  const store = openLmdbStore(directory, { readOnly: true });
  assert.deepEqual(dump(store), contents);
  assert.throws(() => store.write([{ key: Uint8Array.of(1), value: undefined }]), refuses('disk-read-only'));
  assert.throws(() => store.load([[Uint8Array.of(0xff), Uint8Array.of(1)]]), refuses('disk-read-only'));
  store.close();
});

test('a value that changes on the disk while the store is open is not given to anyone', () => {
  const directory = temporaryDirectory();
  const store = openLmdbStore(directory);
  for (const size of [12, 50_000]) {
    const value = new Uint8Array(size).fill(0xa5);
    store.write([{ key: Uint8Array.of(1), value }]);
    const at = Buffer.from(image(directory)).lastIndexOf(Buffer.from(value));
    const file = openSync(join(directory, 'data.mdb'), 'r+');
    writeSync(file, Uint8Array.of(0xa4), 0, 1, at + size - 1);
    closeSync(file);
    assert.throws(() => store.get(Uint8Array.of(1)), refuses('record-damaged'));
    assert.throws(() => [...store.entries(new Uint8Array(0))], refuses('record-damaged'));
    store.write([{ key: Uint8Array.of(1), value }]);
    assert.deepEqual(store.get(Uint8Array.of(1)), value);
  }
  store.close();
});

test('sorted entries are loaded above those that are there, and only above', async () => {
  const directory = temporaryDirectory();
  const store = openLmdbStore(directory);
  store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }]);
  const entries = function* (first: number, count: number) {
    for (let i = first; i < first + count; i++) {
      yield [
        Uint8Array.of(2, i >> 16, (i >> 8) & 0xff, i & 0xff),
        new Uint8Array(i % 7 === 0 ? 3000 : 10).fill(i),
      ] as const;
    }
  };
  store.load([]);
  store.load(entries(0, 20_000));
  store.load(entries(20_000, 10));
  assert.deepEqual([...store.entries(Uint8Array.of(2))], [...entries(0, 20_010)]);
  for (const wrong of [
    entries(20_009, 1),
    entries(5, 1),
    [[new Uint8Array(0), new Uint8Array(0)] as const],
  ]) {
    assert.throws(() => store.load(wrong), refuses('out-of-range'));
  }
  const twice = [...entries(20_010, 1), ...entries(20_010, 1)];
  assert.throws(() => store.load(twice), refuses('out-of-range'));
  store.close();
  assert.deepEqual(await checkLmdbStore(directory), { ok: true, records: 20_011 });
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
