import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmdirSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keyValueStoreCompliance } from './key-value-test-support.ts';
import { checkLmdbStore } from './lmdb-check.ts';
import { openLmdbStore } from './lmdb-store.ts';
import { dump, filled, image, withImage } from './lmdb-test-support.ts';
import { refuses, runProgram, temporaryDirectory } from './test-support.ts';

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

test('a store whose first opening was cut short opens', () => {
  const store = openLmdbStore(withImage(new Uint8Array(0)));
  assert.deepEqual(dump(store), new Map());
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
