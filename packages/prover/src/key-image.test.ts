import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openNativeBackend } from './native-backend.ts';

const zkey = fileURLToPath(new URL('./fixtures/product-chain.zkey', import.meta.url));
const wtns = new Uint8Array(await readFile(new URL('./fixtures/product-chain.wtns', import.meta.url)));
/** What stands before a key's shape, and the shape: magic, kernels, hash, copies, sizes, points, counts, windows. */
const HEADER_BYTES = 1_000;

/** Proves with a backend of its own, so that nothing but the folder is remembered. */
async function proveWith(images: string): Promise<void> {
  const backend = openNativeBackend({ portable: false, threads: 1, copies: 2, images });
  assert.ok(!('missing' in backend));
  await backend.prover.prove(zkey, wtns);
  await backend.close();
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sero-image-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function imageIn(folder: string): Promise<string> {
  const [name, ...more] = await readdir(folder);
  assert.ok(name !== undefined && more.length === 0);
  return join(folder, name);
}

const native = openNativeBackend({ portable: false, threads: 1, copies: 2 });

// Where there is no addon there are no images.
if (!('missing' in native)) {
  describe('a proving key kept ready', () => {
    it('is written once and proves again', () =>
      inFolder(async (folder) => {
        await proveWith(folder);
        const before = await readFile(await imageIn(folder));
        await proveWith(folder);
        assert.deepEqual(await readFile(await imageIn(folder)), before);
      }));

    it('is made again where any byte of its head, or one further on, was changed', () =>
      inFolder(async (folder) => {
        await proveWith(folder);
        const path = await imageIn(folder);
        const whole = await readFile(path);
        const places = Array.from({ length: HEADER_BYTES }, (_, i) => i).concat(
          Array.from({ length: 50 }, (_, i) => Math.floor((i * whole.length) / 50)),
        );
        for (const place of places.filter((i) => i % 7 === 0)) {
          for (const value of [0, 0xff]) {
            const damaged = Buffer.from(whole);
            damaged[place] = value;
            await writeFile(path, damaged);
            await proveWith(folder);
            assert.deepEqual(await readFile(path), whole, `byte ${place} set to ${value}`);
          }
        }
      }));

    it('is made again where it was cut short, or goes on', () =>
      inFolder(async (folder) => {
        await proveWith(folder);
        const path = await imageIn(folder);
        const whole = await readFile(path);
        for (const length of [0, 7, 500, whole.length - 1]) {
          await truncate(path, length);
          await proveWith(folder);
          assert.deepEqual(await readFile(path), whole);
        }
        await writeFile(path, Buffer.concat([whole, Buffer.of(0)]));
        await proveWith(folder);
        assert.deepEqual(await readFile(path), whole);
      }));
  });
}
