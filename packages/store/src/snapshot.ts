import { blake2b256, compareBytes, concat, equalBytes } from '@sero/crypto';
import { ensure, StoreError } from './errors.ts';
import { KEY_LIMIT, VALUE_LIMIT } from './key-value.ts';

/** A store's entries, sorted and cut into chunks, with the head that they belong to. */
export interface SnapshotManifest {
  readonly version: number;
  readonly height: bigint;
  /** Hash of the header whose state this is, 32 bytes. */
  readonly headerHash: Uint8Array;
  readonly chunks: readonly SnapshotChunk[];
}

export interface SnapshotChunk {
  /** B2b-256("SERO_SNAPCHUNK", bytes), 32 bytes. */
  readonly hash: Uint8Array;
  /** Entries in it, at least one. */
  readonly count: number;
  readonly firstKey: Uint8Array;
}

export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** The format that is written and read. */
export const SNAPSHOT_VERSION = 1;

/** A chunk ends before the entry that would make it longer than this, but has at least one. */
export const SNAPSHOT_CHUNK_BYTES = 2 ** 20;

/** Longest manifest in bytes: over 200,000 chunks. */
export const MANIFEST_LIMIT = 2 ** 24;

const ENTRY_HEADER = 6;

/** A chunk as bytes: for each entry, ascending by key, key length (u16), value length (u32), key, value; little-endian. */
export interface CutChunk {
  readonly chunk: SnapshotChunk;
  readonly bytes: Uint8Array;
}

/**
 * Cuts entries into chunks. The cuts follow from the entries alone, so equal stores give equal chunks.
 *
 * @param entries strictly ascending by key
 * @throws StoreError `out-of-range` if they do not ascend
 */
export function* cutSnapshot(entries: Iterable<Entry>): Generator<CutChunk> {
  let parts: Uint8Array[] = [];
  let [size, count] = [0, 0];
  let first: Uint8Array | undefined;
  let last: Uint8Array | undefined;
  const cut = (): CutChunk => {
    const bytes = concat(...parts);
    const chunk = { hash: chunkHash(bytes), count, firstKey: first! };
    [parts, size, count, first] = [[], 0, 0, undefined];
    return { chunk, bytes };
  };
  for (const [key, value] of entries) {
    ensure(
      last === undefined || compareBytes(last, key) < 0,
      'out-of-range',
      'entries of a snapshot ascend by key, each key once',
    );
    const length = ENTRY_HEADER + key.length + value.length;
    if (count > 0 && size + length > SNAPSHOT_CHUNK_BYTES) yield cut();
    last = key.slice();
    first ??= last;
    parts.push(entryHeader(key.length, value.length), last, value.slice());
    size += length;
    count++;
  }
  if (count > 0) yield cut();
}

function entryHeader(keyLength: number, valueLength: number): Uint8Array {
  const out = new Uint8Array(ENTRY_HEADER);
  const view = new DataView(out.buffer);
  view.setUint16(0, keyLength, true);
  view.setUint32(2, valueLength, true);
  return out;
}

function chunkHash(bytes: Uint8Array): Uint8Array {
  return blake2b256('SERO_SNAPCHUNK', bytes);
}

/**
 * The entries of a chunk, after all of it was checked against the manifest: its hash, its count, its first key, the order of
 * its keys, and that they lie below the next chunk's.
 *
 * @param number of the chunk, from 0
 * @throws StoreError `snapshot-damaged` with the number
 */
export function openChunk(manifest: SnapshotManifest, number: number, bytes: Uint8Array): Entry[] {
  const chunk = manifest.chunks[number];
  ensure(chunk !== undefined, 'out-of-range', `the snapshot has no chunk ${number}`);
  const need = (condition: boolean): void => {
    if (!condition) throw chunkDamaged(number);
  };
  need(equalBytes(chunkHash(bytes), chunk.hash));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    need(at + ENTRY_HEADER <= bytes.length);
    const keyLength = view.getUint16(at, true);
    const valueLength = view.getUint32(at + 2, true);
    need(keyLength <= KEY_LIMIT && valueLength <= VALUE_LIMIT);
    const [keyAt, valueAt] = [at + ENTRY_HEADER, at + ENTRY_HEADER + keyLength];
    at = valueAt + valueLength;
    need(at <= bytes.length);
    const key = bytes.slice(keyAt, valueAt);
    const before = entries.at(-1)?.[0];
    need(before === undefined ? equalBytes(key, chunk.firstKey) : compareBytes(before, key) < 0);
    entries.push([key, bytes.slice(valueAt, at)]);
  }
  const next = manifest.chunks[number + 1]?.firstKey;
  need(entries.length === chunk.count && entries.length > 0);
  need(next === undefined || compareBytes(entries.at(-1)![0], next) < 0);
  return entries;
}

/** The refusal of a chunk that is missing or not what the manifest says. */
export function chunkDamaged(number: number, options?: ErrorOptions): StoreError {
  return new StoreError(
    'snapshot-damaged',
    `chunk ${number} of the snapshot is damaged or missing; fetch it again or take another snapshot`,
    options,
  );
}

const HEAD_SIZE = 48;
const ID_SIZE = 32;

/** What names a snapshot: B2b-256("SERO_SNAPSHOT", manifest without these 32 bytes at its end). */
export function snapshotId(manifest: SnapshotManifest): Uint8Array {
  return encodeManifest(manifest).slice(-ID_SIZE);
}

/**
 * A manifest as bytes: version (u32), height (u64), header hash, number of chunks (u32), then for each its hash, count (u32),
 * length of the first key (u16) and first key, then the snapshot's id; little-endian.
 */
export function encodeManifest({ version, height, headerHash, chunks }: SnapshotManifest): Uint8Array {
  ensure(headerHash.length === 32, 'out-of-range', 'the hash of a header has 32 bytes');
  const head = new Uint8Array(HEAD_SIZE);
  const view = new DataView(head.buffer);
  view.setUint32(0, version, true);
  view.setBigUint64(4, height, true);
  head.set(headerHash, 12);
  view.setUint32(44, chunks.length, true);
  const rows = chunks.map(({ hash, count, firstKey }) => {
    const row = new Uint8Array(6);
    new DataView(row.buffer).setUint32(0, count, true);
    new DataView(row.buffer).setUint16(4, firstKey.length, true);
    return concat(hash, row, firstKey);
  });
  const body = concat(head, ...rows);
  return concat(body, blake2b256('SERO_SNAPSHOT', body));
}

/** The manifest that the bytes spell. @throws StoreError `snapshot-damaged` for any others */
export function decodeManifest(bytes: Uint8Array): SnapshotManifest {
  const need = (condition: boolean, found: string): void =>
    ensure(condition, 'snapshot-damaged', `the manifest of the snapshot ${found}; take another snapshot`);
  need(bytes.length >= HEAD_SIZE + ID_SIZE && bytes.length <= MANIFEST_LIMIT, 'has an impossible length');
  const body = bytes.subarray(0, bytes.length - ID_SIZE);
  need(equalBytes(blake2b256('SERO_SNAPSHOT', body), bytes.subarray(-ID_SIZE)), 'is not what was written');
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const version = view.getUint32(0, true);
  need(version === SNAPSHOT_VERSION, `has version ${version}, which this program does not read`);
  const count = view.getUint32(44, true);
  const chunks: SnapshotChunk[] = [];
  let at = HEAD_SIZE;
  for (let number = 0; number < count; number++) {
    need(at + 38 <= body.length, 'ends early');
    const keyAt = at + 38;
    const end = keyAt + view.getUint16(at + 36, true);
    need(end <= body.length && end - keyAt <= KEY_LIMIT, 'ends early');
    const chunk = {
      hash: body.slice(at, at + 32),
      count: view.getUint32(at + 32, true),
      firstKey: body.slice(keyAt, end),
    };
    const before = chunks.at(-1)?.firstKey;
    const rises = before === undefined || compareBytes(before, chunk.firstKey) < 0;
    need(chunk.count > 0 && rises, 'has chunks out of order');
    chunks.push(chunk);
    at = end;
  }
  need(at === body.length, 'has bytes behind its end');
  return { version, height: view.getBigUint64(4, true), headerHash: body.slice(12, 44), chunks };
}
