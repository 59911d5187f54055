import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoreError } from '@sero/store';
import { makeSlotFile, openSlotFile } from './slot-file.ts';
import {
  heldDisk,
  outcomeOf,
  quickDisk,
  refuses,
  systemError,
  temporaryDirectory,
  turn,
} from './validator-test-support.ts';

const directory = temporaryDirectory();
let files = 0;
const newPath = (): string => join(directory, `file-${files++}`);

describe('a slot file', () => {
  it('is made of zeros, at its size, for its owner alone', () => {
    const path = newPath();
    const size = 2 ** 20 + 77;
    const file = makeSlotFile(path, size);
    assert.equal(file.size, size);
    assert.ok(file.read(0, size).every((byte) => byte === 0));
    assert.equal(statSync(path).size, size);
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
    file.close();
  });

  it('is not made where there is a file', () => {
    const path = newPath();
    const file = makeSlotFile(path, 100);
    file.write(3, Uint8Array.of(7));
    assert.throws(() => makeSlotFile(path, 200), refuses('keys-exist'));
    assert.equal(readFileSync(path)[3], 7);
    assert.equal(statSync(path).size, 100);
    file.close();
  });

  it('gives what was written last, synced or not, and the same when it is opened again', async () => {
    const path = newPath();
    const file = makeSlotFile(path, 1_000);
    file.write(10, Uint8Array.of(1, 2, 3));
    file.write(11, Uint8Array.of(9));
    assert.deepEqual(file.read(9, 5), Uint8Array.of(0, 1, 9, 3, 0));
    assert.equal(await outcomeOf(file), undefined);
    file.close();
    const again = openSlotFile(path);
    assert.equal(again.size, 1_000);
    assert.deepEqual(again.read(9, 5), Uint8Array.of(0, 1, 9, 3, 0));
    again.close();
  });

  it('gives copies: who wipes what he read changes nothing', () => {
    const file = makeSlotFile(newPath(), 100, quickDisk);
    file.write(0, Uint8Array.of(5));
    file.read(0, 1).fill(0);
    assert.deepEqual(file.read(0, 1), Uint8Array.of(5));
    file.close();
  });

  it('is read and written within its size alone', () => {
    const path = newPath();
    const file = makeSlotFile(path, 100, quickDisk);
    for (const [offset, length] of [
      [-1, 2],
      [99, 2],
      [101, 0],
      [0, -1],
    ] as const) {
      assert.throws(() => file.read(offset, length), RangeError);
      if (length >= 0) assert.throws(() => file.write(offset, new Uint8Array(length)), RangeError);
    }
    assert.equal(statSync(path).size, 100);
    file.close();
  });

  it('is refused where others than its owner may use it', { skip: process.platform === 'win32' }, () => {
    const path = newPath();
    makeSlotFile(path, 100, quickDisk).close();
    for (const mode of [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666]) {
      chmodSync(path, mode);
      assert.throws(() => openSlotFile(path), refuses('keys-exposed'), mode.toString(8));
    }
    chmodSync(path, 0o600);
    openSlotFile(path).close();
  });

  it('is refused where a link or a directory stands in its place, and where nothing does', () => {
    const path = newPath();
    makeSlotFile(path, 100, quickDisk).close();
    const link = newPath();
    symlinkSync(path, link);
    assert.throws(() => openSlotFile(link), refuses('keys-exposed'));
    assert.throws(() => makeSlotFile(link, 100, quickDisk), refuses('keys-exist'));
    const folder = newPath();
    mkdirSync(folder, 0o700);
    assert.throws(() => openSlotFile(folder), refuses('keys-exposed'));
    assert.throws(() => openSlotFile(newPath()), refuses('keys-missing'));
  });

  it('is refused where it has two names: a second directory of links would pass for the first', () => {
    const path = newPath();
    makeSlotFile(path, 100, quickDisk).close();
    linkSync(path, newPath());
    assert.throws(() => openSlotFile(path), refuses('keys-exposed'));
  });

  it('says so where it has become shorter while it was open', () => {
    const path = newPath();
    const file = makeSlotFile(path, 100, quickDisk);
    truncateSync(path, 50);
    assert.throws(() => file.read(40, 20), refuses('keys-damaged'));
    file.close();
  });

  it('has another identity when it is copied', () => {
    const [one, other] = [makeSlotFile(newPath(), 10, quickDisk), makeSlotFile(newPath(), 10, quickDisk)];
    assert.notEqual(one.identity.inode, other.identity.inode);
    one.close();
    other.close();
  });
});

describe('syncs of a slot file', () => {
  it('of one turn are one, which begins after everything that was written before them', async () => {
    const { disk, calls, answer } = heldDisk();
    const file = makeSlotFile(newPath(), 100, disk);
    calls.length = 0;
    const answers: (Error | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      file.write(i, Uint8Array.of(i));
      file.sync((failure) => answers.push(failure));
    }
    await turn();
    assert.deepEqual(calls, [...Array.from({ length: 5 }, () => 'writeSync'), 'fdatasync']);
    assert.deepEqual(answers, []);
    await answer();
    assert.deepEqual(answers, new Array(5).fill(undefined));
    file.close();
  });

  it('that come while one is under way wait for one of their own', async () => {
    const { disk, calls, answer } = heldDisk();
    const file = makeSlotFile(newPath(), 100, disk);
    calls.length = 0;
    const answers: string[] = [];
    file.sync(() => answers.push('first'));
    await turn();
    file.write(0, Uint8Array.of(1));
    file.sync(() => answers.push('second'));
    file.sync(() => answers.push('third'));
    await turn();
    assert.deepEqual(calls, ['fdatasync', 'writeSync']);
    await answer();
    assert.deepEqual(answers, ['first']);
    assert.deepEqual(calls, ['fdatasync', 'writeSync', 'fdatasync']);
    await answer();
    assert.deepEqual(answers, ['first', 'second', 'third']);
    file.close();
  });

  it('fail for ever once one failed: what a disk dropped, it says of the next sync that all is well', async () => {
    const { disk, answer } = heldDisk();
    const file = makeSlotFile(newPath(), 100, disk);
    const [first, second] = [outcomeOf(file), turn().then(() => outcomeOf(file))];
    await turn();
    await answer(systemError('EIO'));
    const failure = await first;
    assert.ok(failure instanceof StoreError && failure.code === 'disk-failed');
    assert.equal(await second, failure);
    assert.equal(await outcomeOf(file), failure);
    file.close();
  });

  it('tell of a write that failed before them, and it throws nothing where nobody could catch it', async () => {
    const { disk } = heldDisk();
    const file = makeSlotFile(newPath(), 100, {
      ...disk,
      writeSync: ((file: number, bytes: Uint8Array, offset: number, length: number, at: number) => {
        if (at === 50) throw systemError('ENOSPC');
        return disk.writeSync(file, bytes, offset, length, at);
      }) as typeof disk.writeSync,
    });
    file.write(50, Uint8Array.of(1));
    file.write(60, Uint8Array.of(1));
    for (let i = 0; i < 2; i++) {
      const failure = await outcomeOf(file);
      assert.ok(failure instanceof StoreError && failure.code === 'disk-full');
    }
    assert.throws(
      () => file.syncNow(),
      (error) => error instanceof StoreError,
    );
    file.close();
  });

  it('tell of a write that failed while they ran', async () => {
    const { disk, answer } = heldDisk();
    let isFull = false;
    const file = makeSlotFile(newPath(), 100, {
      ...disk,
      writeSync: ((file: number, bytes: Uint8Array, offset: number, length: number, at: number) => {
        if (isFull) throw systemError('ENOSPC');
        return disk.writeSync(file, bytes, offset, length, at);
      }) as typeof disk.writeSync,
    });
    const running = outcomeOf(file);
    await turn();
    isFull = true;
    file.write(0, Uint8Array.of(1));
    await answer();
    assert.ok((await running) instanceof StoreError);
    file.close();
  });

  it('of a closed file fail, but for one that was under way; nothing else is done with it', async () => {
    const { disk, answer } = heldDisk();
    const file = makeSlotFile(newPath(), 100, disk);
    const running = outcomeOf(file);
    await turn();
    const waiting = outcomeOf(file);
    file.close();
    file.close();
    await answer();
    assert.equal(await running, undefined);
    assert.ok(refuses('closed')(await waiting));
    assert.ok(refuses('closed')(await outcomeOf(file)));
    assert.throws(() => file.read(0, 1), refuses('closed'));
    assert.throws(() => file.write(0, Uint8Array.of(1)), refuses('closed'));
    assert.throws(() => file.syncNow(), refuses('closed'));
  });
});
