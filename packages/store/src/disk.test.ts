import assert from 'node:assert/strict';
import { existsSync, openSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { makeDirectory, systemDisk } from './disk.ts';
import { temporaryDirectory } from './test-support.ts';

/** The directories that were synced while a directory was made. */
function syncedFor(directory: string): string[] {
  const open = new Map<number, string>();
  const synced: string[] = [];
  const disk = {
    ...systemDisk,
    openSync: ((path: string, flags: string) => {
      const file = openSync(path, flags);
      open.set(file, path);
      return file;
    }) as typeof systemDisk.openSync,
    fsyncSync: (file: number) => void synced.push(open.get(file)!),
  };
  makeDirectory(disk, directory);
  assert.ok(existsSync(directory));
  return synced.sort();
}

test('of a directory that is made, every new level is synced into the one above it, and no other one is', () => {
  const root = temporaryDirectory();
  const [a, b] = [join(root, 'a'), join(root, 'a', 'b')];
  assert.deepEqual(syncedFor(join(b, 'c')), [root, a, b]);
  assert.deepEqual(syncedFor(join(b, 'c')), []);
  assert.deepEqual(syncedFor(join(b, 'd')), [b]);
  assert.deepEqual(syncedFor(`${join(root, 'e')}/../f/g/`), [root, join(root, 'f')]);
  assert.deepEqual(syncedFor(relative(process.cwd(), join(root, 'h', 'i'))), [root, join(root, 'h')]);
});
