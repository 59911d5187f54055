import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
