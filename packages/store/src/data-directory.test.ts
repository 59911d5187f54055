import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataDirectory } from './data-directory.ts';
import { systemDisk } from './disk.ts';
import { StoreError } from './errors.ts';
import { refuses, runProgram, startProgram, temporaryDirectory } from './test-support.ts';

const TAKE = `
  try { store.openDataDirectory(args[0], { schema: 1 }); console.log('taken'); }
  catch (error) { console.log(error.code + ' ' + error.message); }
`;

function errorOf(action: () => unknown): StoreError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    return error;
  }
  throw new Error('nothing was thrown');
}

test('a new directory is made, with those above it, and given back as it was taken', () => {
  const path = join(temporaryDirectory(), 'a', 'b');
  const first = openDataDirectory(path, { schema: 3 });
  assert.equal(first.path, path);
  first.release();
  first.release();
  assert.deepEqual(readdirSync(path).sort(), ['lock', 'schema']);
  openDataDirectory(path, { schema: 3 }).release();
});

test('whoever comes second is refused with the number of the process, in this process and in another', () => {
  const path = temporaryDirectory();
  const held = openDataDirectory(path, { schema: 1 });
  const error = errorOf(() => openDataDirectory(path, { schema: 1 }));
  assert.equal(error.code, 'directory-locked');
  assert.match(error.message, new RegExp(`process ${process.pid};`));
  assert.match(runProgram(TAKE, [path]).stdout, new RegExp(`^directory-locked .*process ${process.pid};`));
  held.release();
  assert.equal(runProgram(TAKE, [path]).stdout, 'taken\n');
});

test('the lock of a process dies with it, however it dies', async () => {
  const path = temporaryDirectory();
  const child = await startProgram(`${TAKE} process.stdin.resume();`, [path]);
  const error = errorOf(() => openDataDirectory(path, { schema: 1 }));
  assert.equal(error.code, 'directory-locked');
  assert.match(error.message, new RegExp(`process ${child.pid};`));
  child.kill('SIGKILL');
  await once(child, 'exit');
  openDataDirectory(path, { schema: 1 }).release();
  assert.deepEqual(readdirSync(path).sort(), ['lock', 'schema']);
});

test('what another version wrote is refused and left alone, and not kept locked', () => {
  const path = temporaryDirectory();
  openDataDirectory(path, { schema: 1 }).release();
  assert.throws(() => openDataDirectory(path, { schema: 2 }), refuses('schema-unknown'));
  openDataDirectory(path, { schema: 1 }).release();
  for (const text of ['', '1', '1x\n', '01\n', '1\n\n', '\u0000'.repeat(100)]) {
    writeFileSync(join(path, 'schema'), text);
    if (text === '1') openDataDirectory(path, { schema: 1 }).release();
    else
      assert.throws(
        () => openDataDirectory(path, { schema: 1 }),
        refuses('schema-unknown'),
        JSON.stringify(text),
      );
  }
  assert.deepEqual(readdirSync(path).sort(), ['lock', 'schema']);
});

test('a place where no directory can be is refused by name', () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  assert.throws(() => openDataDirectory(file, { schema: 1 }), refuses('directory-unusable'));
  assert.throws(() => openDataDirectory(join(file, 'below'), { schema: 1 }), refuses('directory-unusable'));
});

test('a directory that cannot be written is refused with what is wrong with it', () => {
  for (const [code, expected] of [
    ['EROFS', 'disk-read-only'],
    ['EACCES', 'disk-denied'],
    ['ENOSPC', 'disk-full'],
    ['EIO', 'disk-failed'],
  ] as const) {
    for (const call of ['openSync', 'writeSync', 'fsyncSync', 'renameSync', 'readdirSync'] as const) {
      const path = temporaryDirectory();
      const disk = {
        ...systemDisk,
        [call]: () => {
          throw Object.assign(new Error(code), { code });
        },
      };
      assert.throws(() => openDataDirectory(path, { schema: 1, disk }), refuses(expected), `${call} ${code}`);
      assert.deepEqual(
        readdirSync(path).filter((name) => name.startsWith('lock-')),
        [],
        'not kept locked',
      );
    }
  }
});
