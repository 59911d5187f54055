import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskSizes } from './disk-sizes.ts';

test('folders are measured once in a while, however often and by however many it is asked; what is not there has nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sero-sizes-'));
  try {
    const time = { now: 0 };
    const sizes = diskSizes({ here: folder, gone: join(folder, 'gone') }, () => time.now);
    writeFileSync(join(folder, 'a'), new Uint8Array(100_000));
    const [first, second] = [sizes(), sizes()];
    assert.equal(first, second, 'one look for both');
    const [[, here], [, gone]] = (await first) as [[string, number], [string, number]];
    assert.ok(here >= 100_000 && here < 200_000, `${here}`);
    assert.equal(gone, 0);
    writeFileSync(join(folder, 'b'), new Uint8Array(100_000));
    time.now = 14_999;
    assert.equal((await sizes())[0]![1], here);
    time.now = 15_000;
    assert.ok((await sizes())[0]![1] >= 200_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what goes away while it is looked at is left out, and the rest of its folder counts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sero-sizes-'));
  try {
    for (const name of ['a', 'b', 'c']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'one'), new Uint8Array(100_000));
      writeFileSync(join(folder, name, 'two'), new Uint8Array(100_000));
    }
    const disk = {
      ...files,
      stat: (async (path: string) => {
        if (path === join(folder, 'b', 'two')) rmSync(path);
        return files.stat(path);
      }) as typeof files.stat,
      readdir: (async (path: string, options: { withFileTypes: true }) => {
        if (path === join(folder, 'c')) rmSync(path, { recursive: true });
        return files.readdir(path, options);
      }) as typeof files.readdir,
    };
    const [[, bytes]] = (await diskSizes({ folder }, () => 0, disk)()) as [[string, number]];
    assert.ok(bytes >= 300_000 && bytes < 400_000, `${bytes}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
