import { dirname, join } from 'node:path';
import { makeDirectory, readFile, syncDirectory, systemDisk, writeFileDurably } from './disk.ts';
import { onDisk } from './disk-errors.ts';
import { ensure, StoreError } from './errors.ts';
import {
  chunkDamaged,
  cutSnapshot,
  decodeManifest,
  type Entry,
  encodeManifest,
  MANIFEST_LIMIT,
  openChunk,
  SNAPSHOT_VERSION,
  type SnapshotChunk,
  type SnapshotManifest,
} from './snapshot.ts';

const MANIFEST = 'manifest';

const chunkName = (number: number): string => `${number.toString().padStart(8, '0')}.chunk`;

/**
 * Writes a snapshot into a directory that is not there yet. It is there whole and durable, or not at all: what a crash leaves
 * stands in `<directory>.new`, which the next attempt writes over.
 *
 * @param entries strictly ascending by key
 * @throws StoreError `out-of-range` if they do not ascend, or a `disk-` code
 */
export function writeSnapshot(
  directory: string,
  head: Pick<SnapshotManifest, 'height' | 'headerHash'>,
  entries: Iterable<Entry>,
): SnapshotManifest {
  const beside = `${directory}.new`;
  const what = `snapshot ${directory}`;
  onDisk(what, () => {
    systemDisk.rmSync(beside, { recursive: true, force: true });
    makeDirectory(systemDisk, beside);
  });
  const chunks: SnapshotChunk[] = [];
  for (const { chunk, bytes } of cutSnapshot(entries)) {
    writeFileDurably(beside, chunkName(chunks.length), bytes);
    chunks.push(chunk);
  }
  const manifest = { version: SNAPSHOT_VERSION, ...head, chunks };
  const encoded = encodeManifest(manifest);
  ensure(encoded.length <= MANIFEST_LIMIT, 'value-too-long', `${what} has too many chunks`);
  writeFileDurably(beside, MANIFEST, encoded);
  onDisk(what, () => {
    systemDisk.renameSync(beside, directory);
    syncDirectory(systemDisk, dirname(directory));
  });
  return manifest;
}

/** A snapshot in a directory. */
export interface StoredSnapshot {
  readonly manifest: SnapshotManifest;
  /** A chunk as it was written, unchecked: for sending it on. @throws StoreError `snapshot-damaged` if it is missing */
  chunkBytes(number: number): Uint8Array;
  /** All entries, each chunk checked before its first. @throws StoreError `snapshot-damaged` with the chunk's number */
  entries(): Iterable<Entry>;
}

/** Opens a snapshot that `writeSnapshot` wrote. @throws StoreError `snapshot-damaged`, or a `disk-` code */
export function readSnapshot(directory: string): StoredSnapshot {
  const encoded = readIfThere(directory, MANIFEST);
  ensure(encoded !== undefined, 'snapshot-damaged', `snapshot ${directory} has no manifest; take another`);
  const manifest = decodeManifest(encoded);
  const chunkBytes = (number: number): Uint8Array => {
    const bytes = readIfThere(directory, chunkName(number));
    if (bytes === undefined) throw chunkDamaged(number);
    return bytes;
  };
  return {
    manifest,
    chunkBytes,
    *entries() {
      for (const number of manifest.chunks.keys()) yield* openChunk(manifest, number, chunkBytes(number));
    },
  };
}

function readIfThere(directory: string, name: string): Uint8Array | undefined {
  try {
    return onDisk(`file ${join(directory, name)}`, () => readFile(systemDisk, join(directory, name)));
  } catch (error) {
    if (error instanceof StoreError && error.code === 'directory-unusable') return undefined;
    throw error;
  }
}
