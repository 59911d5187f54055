import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { blake2b256, concat, toHex } from '@sero/crypto';
import fc from 'fast-check';
import type { StoreError } from './errors.ts';
import { memoryStore } from './key-value.ts';
import {
  cutSnapshot,
  decodeManifest,
  type Entry,
  encodeManifest,
  openChunk,
  SNAPSHOT_CHUNK_BYTES,
  SNAPSHOT_VERSION,
  type SnapshotManifest,
  snapshotId,
} from './snapshot.ts';
import { readSnapshot, writeSnapshot } from './snapshot-files.ts';
import { flipped, refuses, temporaryDirectory } from './test-support.ts';

const head = { height: 256n, headerHash: new Uint8Array(32).fill(7) };

/** Entries that fill three chunks and a bit, one of them with a value longer than a chunk. */
const entries: Entry[] = Array.from({ length: 40 }, (_, i) => [
  Uint8Array.of(1, i, ...new Uint8Array(i)),
  new Uint8Array(i === 11 ? SNAPSHOT_CHUNK_BYTES + 5 : 50_000 + i).fill(i),
]);

function cut(of: Iterable<Entry>): { manifest: SnapshotManifest; bytes: Uint8Array[] } {
  const chunks = [...cutSnapshot(of)];
  const manifest = { version: SNAPSHOT_VERSION, ...head, chunks: chunks.map(({ chunk }) => chunk) };
  return { manifest, bytes: chunks.map(({ bytes }) => bytes) };
}

const opened = ({ manifest, bytes }: ReturnType<typeof cut>): Entry[] =>
  bytes.flatMap((chunk, i) => openChunk(manifest, i, chunk));

test('what is cut is put together again, in chunks of about a MiB', () => {
  const snapshot = cut(entries);
  assert.deepEqual(opened(snapshot), entries);
  assert.ok(snapshot.bytes.length >= 4);
  const long = snapshot.bytes.filter(({ length }) => length > SNAPSHOT_CHUNK_BYTES);
  assert.deepEqual(
    long.map((chunk) => openChunk(snapshot.manifest, snapshot.bytes.indexOf(chunk), chunk).length),
    [1],
    'only an entry that is longer than a chunk stands alone in a longer one',
  );
  assert.deepEqual(cut([]), { manifest: { version: SNAPSHOT_VERSION, ...head, chunks: [] }, bytes: [] });
});

test('the cuts follow from the entries alone: stores with equal contents have one snapshot', () => {
  const [a, b] = [memoryStore(), memoryStore()];
  a.write(entries.map(([key, value]) => ({ key, value })));
  b.write([{ key: Uint8Array.of(1, 0), value: Uint8Array.of(9) }]);
  for (const [key, value] of entries.toReversed()) b.write([{ key, value }]);
  const [left, right] = [a, b].map((store) => snapshotId(cut(store.entries(new Uint8Array(0))).manifest));
  assert.deepEqual(left, right);
});

test('entries that do not ascend are refused', () => {
  assert.throws(() => [...cutSnapshot([entries[1]!, entries[0]!])], refuses('out-of-range'));
  assert.throws(() => [...cutSnapshot([entries[0]!, entries[0]!])], refuses('out-of-range'));
});

test('manifests are decoded as they were encoded, and nothing else is decoded', () => {
  const { manifest } = cut(entries);
  const bytes = encodeManifest(manifest);
  assert.deepEqual(decodeManifest(bytes), manifest);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    for (const one of [changed, bytes.slice(0, at), concat(bytes.slice(0, at), bytes.slice(at + 1))]) {
      assert.throws(() => decodeManifest(one), refuses('snapshot-damaged'));
    }
  }
  assert.throws(() => decodeManifest(concat(bytes, Uint8Array.of(0))), refuses('snapshot-damaged'));
});

test('a manifest that someone made up is refused unless it could be of sorted entries', () => {
  const { manifest } = cut(entries);
  const [first, second] = manifest.chunks as [SnapshotManifest['chunks'][0], SnapshotManifest['chunks'][0]];
  const wrong: SnapshotManifest[] = [
    { ...manifest, version: 2 },
    { ...manifest, chunks: [second, first] },
    { ...manifest, chunks: [first, first] },
    { ...manifest, chunks: [{ ...first, count: 0 }] },
    { ...manifest, chunks: [{ ...first, firstKey: new Uint8Array(1025) }] },
  ];
  for (const one of wrong)
    assert.throws(() => decodeManifest(encodeManifest(one)), refuses('snapshot-damaged'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.throws(() => decodeManifest(bytes), refuses('snapshot-damaged'));
    }),
  );
});

test('a chunk is refused with its number if it is not the one that the manifest names', () => {
  const { manifest, bytes } = cut(entries);
  const refused = (number: number, chunk: Uint8Array, of = manifest) =>
    assert.throws(
      () => openChunk(of, number, chunk),
      (error) => refuses('snapshot-damaged')(error) && (error as Error).message.includes(`chunk ${number} `),
    );
  refused(0, bytes[1]!);
  refused(1, bytes[0]!);
  refused(2, bytes[2]!.slice(1));
  refused(2, new Uint8Array(0));
  assert.throws(() => openChunk(manifest, bytes.length, bytes[0]!), refuses('out-of-range'));
  // A manifest whose hashes fit but whose other rows lie.
  const lying = (change: Partial<SnapshotManifest['chunks'][0]>, at = 0) => ({
    ...manifest,
    chunks: manifest.chunks.map((chunk, i) => (i === at ? { ...chunk, ...change } : chunk)),
  });
  refused(0, bytes[0]!, lying({ count: manifest.chunks[0]!.count + 1 }));
  refused(0, bytes[0]!, lying({ firstKey: Uint8Array.of(1) }));
  refused(0, bytes[0]!, lying({ firstKey: Uint8Array.of(1, 3) }, 1));
});

test('a chunk whose bytes are no sorted entries is refused though its hash fits', () => {
  const entry = (key: number[], value: number[]) => [
    ...[key.length, 0, value.length, 0, 0, 0],
    ...key,
    ...value,
  ];
  const chunkOf = (bytes: number[], count: number): [SnapshotManifest, Uint8Array] => {
    const chunk = Uint8Array.from(bytes);
    const { manifest } = cut([[Uint8Array.of(5), Uint8Array.of(6)]]);
    // The hash of what stands there: taken from a cut of one entry would be another.
    const hash = snapshotChunkHash(chunk);
    return [{ ...manifest, chunks: [{ hash, count, firstKey: Uint8Array.of(5) }] }, chunk];
  };
  const good = chunkOf([...entry([5], [6]), ...entry([7], [])], 2);
  assert.equal(openChunk(good[0], 0, good[1]).length, 2);
  for (const [bytes, count] of [
    [[...entry([5], [6]), ...entry([4], [])], 2],
    [[...entry([5], [6]), ...entry([5], [])], 2],
    [[...entry([5], [6]), 1], 1],
    [[...entry([5], [6]), 9, 0, 0, 0, 0, 0, 1], 2],
    [entry([5], [6]), 2],
    [[5, 8, 0, 0, 0, 0], 1],
    [[1, 0, 255, 255, 255, 255, 5], 1],
    [[], 0],
  ] as [number[], number][]) {
    const [manifest, chunk] = chunkOf(bytes, count);
    assert.throws(() => openChunk(manifest, 0, chunk), refuses('snapshot-damaged'), JSON.stringify(bytes));
  }
});

function snapshotChunkHash(bytes: Uint8Array): Uint8Array {
  return blake2b256('SERO_SNAPCHUNK', bytes);
}

test('a snapshot is read from its directory as it was written', () => {
  const directory = join(temporaryDirectory(), 'deep', 'snapshot');
  const manifest = writeSnapshot(directory, head, entries);
  const read = readSnapshot(directory);
  assert.deepEqual(read.manifest, manifest);
  assert.deepEqual([...read.entries()], entries);
  assert.equal(existsSync(`${directory}.new`), false);
});

test('a snapshot whose writing was cut short is not there, and the next attempt replaces what it left', () => {
  const directory = join(temporaryDirectory(), 'snapshot');
  const stop = new Error('here');
  const until = function* (count: number) {
    yield* entries.slice(0, count);
    throw stop;
  };
  assert.throws(() => writeSnapshot(directory, head, until(30)), stop);
  assert.equal(existsSync(directory), false);
  assert.ok(existsSync(`${directory}.new`));
  assert.throws(() => readSnapshot(directory), refuses('snapshot-damaged'));
  writeSnapshot(directory, head, entries.slice(0, 3));
  assert.deepEqual([...readSnapshot(directory).entries()], entries.slice(0, 3));
});

test('a chunk that is missing or changed on disk is refused with its number, a changed manifest as such', () => {
  const directory = join(temporaryDirectory(), 'snapshot');
  writeSnapshot(directory, head, entries);
  const files = readdirSync(directory).sort();
  for (const [number, name] of files.entries()) {
    const readAll = () => {
      const { manifest, chunkBytes } = readSnapshot(directory);
      return openChunk(manifest, number, chunkBytes(number));
    };
    const path = join(directory, name);
    const named = (error: unknown) =>
      refuses('snapshot-damaged')(error) &&
      (error as StoreError).message.includes(name === 'manifest' ? 'manifest' : `chunk ${number} `);
    renameSync(path, `${path}.away`);
    assert.throws(() => [...readSnapshot(directory).entries()], named, `without ${name}`);
    renameSync(`${path}.away`, path);
    const bytes = readFileSync(path);
    for (let i = 0; i < 6; i++) {
      const changed = flipped(bytes, Math.floor(Math.random() * bytes.length));
      writeFileSync(path, changed.bytes);
      assert.throws(readAll, named, `${name}: ${changed.what}`);
    }
    writeFileSync(path, bytes);
  }
  assert.equal(toHex(snapshotId(readSnapshot(directory).manifest)), toHex(snapshotId(cut(entries).manifest)));
  rmSync(directory, { recursive: true });
});
