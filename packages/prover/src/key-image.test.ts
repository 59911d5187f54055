import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openNativeBackend } from './native-backend.ts';

const zkey = fileURLToPath(new URL('./fixtures/product-chain.zkey', import.meta.url));
const wtns = new Uint8Array(await readFile(new URL('./fixtures/product-chain.wtns', import.meta.url)));
/** What stands before a key's shape, and the shape: magic, kernels, hash, copies, sizes, counts, windows; the checksum is last. */
const HEADER_BYTES = 200;

const mask64 = (value: bigint): bigint => value & 0xffff_ffff_ffff_ffffn;
const PRIME = 0x9e3779b97f4a7c15n;

/** key_image.cpp's checksum of a run of bytes, which anybody can compute. */
function checksumOf(bytes: Buffer, start: bigint): bigint {
  const lanes = [start, start ^ 1n, start ^ 2n, start ^ 3n];
  let at = 0;
  for (; at + 32 <= bytes.length; at += 32) {
    for (const [i, lane] of lanes.entries()) {
      const mixed = mask64((lane ^ bytes.readBigUInt64LE(at + 8 * i)) * PRIME);
      lanes[i] = mixed ^ (mixed >> 29n);
    }
  }
  for (; at < bytes.length; at++) lanes[0] = mask64((lanes[0]! ^ BigInt(bytes[at]!)) * PRIME);
  const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
  return a ^ mask64(b * 3n) ^ mask64(c * 5n) ^ mask64(d * 7n) ^ BigInt(bytes.length);
}

/** An image with the checksum of what stands in it. */
function withChecksum(image: Buffer): Buffer {
  const out = Buffer.from(image);
  out.writeBigUInt64LE(0n, HEADER_BYTES - 8);
  const sum = checksumOf(out.subarray(HEADER_BYTES), checksumOf(out.subarray(0, HEADER_BYTES), 1n));
  out.writeBigUInt64LE(sum, HEADER_BYTES - 8);
  return out;
}

/** Proves with a backend of its own, so that nothing but the folder is remembered. */
async function proveWith(images: string, key = zkey): Promise<void> {
  const backend = openNativeBackend({ portable: false, threads: 1, copies: 2, images });
  assert.ok(!('missing' in backend));
  try {
    await backend.prover.prove(key, wtns);
  } finally {
    await backend.close();
  }
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

    it('makes no proof where somebody planted points in it', () =>
      inFolder(async (folder) => {
        await proveWith(folder);
        const path = await imageIn(folder);
        const whole = await readFile(path);
        assert.deepEqual(withChecksum(whole), whole, 'the checksum is the one computed here');
        const planted = Buffer.from(whole);
        planted[HEADER_BYTES]! ^= 1;
        await writeFile(path, withChecksum(planted));
        await assert.rejects(proveWith(folder), { code: 'prove-failed' });
        assert.deepEqual(await readFile(path), withChecksum(planted), 'it was the planted one that was read');
      }));

    it('is not taken for a .zkey that has changed, or goes on', () =>
      inFolder(async (folder) => {
        const path = join(folder, 'key.zkey');
        const images = join(folder, 'images');
        const whole = await readFile(zkey);
        await writeFile(path, whole);
        await proveWith(images, path);
        const damaged = [1, Math.floor(whole.length / 2)].map((place) => {
          const other = Buffer.from(whole);
          other[place]! ^= 1;
          return other;
        });
        for (const other of [...damaged, Buffer.concat([whole, Buffer.of(0)]), whole.subarray(1)]) {
          await writeFile(path, other);
          // Nothing but the .zkey can tell that it is damaged: the image is whole.
          await assert.rejects(proveWith(images, path), { code: 'zkey-malformed' });
        }
        await writeFile(path, whole);
        await proveWith(images, path);
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
