import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { concat, equalBytes } from '@sero/crypto';
import { type Disk, readUpTo } from './disk.ts';
import { VALUE_LIMIT } from './key-value.ts';

/**
 * One file of a log:
 *
 *   segment = name || first index (u64) || salt (8) || CRC-32 of these || record*
 *   name    = "SEROLOG1", or "SEROLOGB" of the first file of a log that begins with another number than 0
 *   record  = length (u32) || CRC-32 of the payload || CRC-32 of salt, index (u64) and these two || payload
 *
 * Integers are little-endian. The salt is random, so that no payload can pretend to be a record of this log.
 */
export interface Segment {
  readonly path: string;
  /** Its descriptor, which holds until that of another segment is asked for. */
  readonly file: number;
  /** Index of the first record. */
  readonly first: number;
  readonly salt: Uint8Array;
  /** Where each record starts. */
  readonly offsets: number[];
  /** Where the next record starts. */
  end: number;
}

const MAGIC = new TextEncoder().encode('SEROLOG1');

/** Says that no file before this one was ever there: without it a log that lost its first files would pass for one that begins later. */
const BEGINNING = new TextEncoder().encode('SEROLOGB');

export const SEGMENT_HEADER = 28;
export const RECORD_HEADER = 12;

/** The header of a new segment, with a salt of its own. @param begins whether it is the first of a log that begins later than with 0 */
export function newSegmentHeader(first: number, begins: boolean): { header: Uint8Array; salt: Uint8Array } {
  const salt = Uint8Array.from(randomBytes(8));
  const head = concat(begins ? BEGINNING : MAGIC, u64(first), salt);
  return { header: concat(head, u32(crc32(head))), salt };
}

/** The salt in a segment's header, and whether the log begins there; undefined if these are not the first bytes of the segment of `first`. */
export function readSegmentHeader(
  bytes: Uint8Array,
  first: number,
): { readonly salt: Uint8Array; readonly begins: boolean } | undefined {
  if (bytes.length < SEGMENT_HEADER) return undefined;
  const head = bytes.subarray(0, SEGMENT_HEADER - 4);
  const name = head.subarray(0, MAGIC.length);
  const begins = equalBytes(name, BEGINNING);
  const same =
    (begins || equalBytes(name, MAGIC)) &&
    equalBytes(head.subarray(8, 16), u64(first)) &&
    readU32(bytes, SEGMENT_HEADER - 4) === crc32(head);
  return same ? { salt: head.slice(16), begins } : undefined;
}

/** A record as it stands in the file. */
export function sealLogRecord(salt: Uint8Array, index: number, payload: Uint8Array): Uint8Array {
  const head = concat(u32(payload.length), u32(crc32(payload)));
  return concat(head, u32(crc32(head, seedOf(salt, index))), payload);
}

/** What the checksum of a record's header starts from. */
function seedOf(salt: Uint8Array, index: number): number {
  return crc32(concat(salt, u64(index)));
}

/** The length and checksum in a record's header; undefined if it is not the header of the record with this seed. */
function readRecordHeader(seed: number, bytes: Uint8Array): { length: number; checksum: number } | undefined {
  if (bytes.length < RECORD_HEADER) return undefined;
  const length = readU32(bytes, 0);
  if (length > VALUE_LIMIT || readU32(bytes, 8) !== crc32(bytes.subarray(0, 8), seed)) return undefined;
  return { length, checksum: readU32(bytes, 4) };
}

/** The payload of a record that starts at an offset; undefined unless it is whole and as it was written. */
export function readLogRecord(
  disk: Disk,
  { file, salt }: Pick<Segment, 'file' | 'salt'>,
  index: number,
  at: number,
): Uint8Array | undefined {
  const header = readRecordHeader(seedOf(salt, index), readUpTo(disk, file, at, RECORD_HEADER));
  if (header === undefined) return undefined;
  const payload = readUpTo(disk, file, at + RECORD_HEADER, header.length);
  return payload.length === header.length && crc32(payload) === header.checksum ? payload : undefined;
}

/** Bytes read at a time by a scan. */
const WINDOW = 2 ** 20;

/**
 * Adds to a segment's offsets the records from its end on.
 *
 * @returns the first place behind them where bytes are that are no whole record, or undefined at the file's end
 */
export function scanRecords(disk: Disk, segment: Segment): number | undefined {
  let window: Uint8Array = new Uint8Array(0);
  let windowAt = segment.end;
  /** The bytes from `at` on that are at hand, at least `length` unless the file ends. */
  const bytesAt = (at: number, length: number): Uint8Array => {
    if (at + length > windowAt + window.length) {
      window = readUpTo(disk, segment.file, at, Math.max(length, WINDOW));
      windowAt = at;
    }
    return window.subarray(at - windowAt, at - windowAt + length);
  };
  for (;;) {
    const at = segment.end;
    const index = segment.first + segment.offsets.length;
    const head = bytesAt(at, RECORD_HEADER);
    if (head.length === 0) return undefined;
    const header = readRecordHeader(seedOf(segment.salt, index), head);
    if (header === undefined) return at;
    const payload = bytesAt(at + RECORD_HEADER, header.length);
    if (payload.length < header.length || crc32(payload) !== header.checksum) return at;
    segment.offsets.push(at);
    segment.end = at + RECORD_HEADER + header.length;
  }
}

/**
 * Whether a record later than `index` begins anywhere behind an offset. What a crash leaves of an append is the end of a
 * log; if records follow it, it is damage.
 */
export function hasLaterRecord(disk: Disk, { file, salt }: Segment, index: number, from: number): boolean {
  // Damage in one place hides one record, or one and the next where it hit a header: two numbers are enough.
  const seeds = [seedOf(salt, index + 1), seedOf(salt, index + 2)];
  const size = disk.fstatSync(file).size;
  for (let at = from; at < size; at += WINDOW) {
    const bytes = readUpTo(disk, file, at, WINDOW + RECORD_HEADER - 1);
    for (let i = 0; i + RECORD_HEADER <= bytes.length; i++) {
      const head = bytes.subarray(i, i + RECORD_HEADER);
      if (seeds.some((seed) => readRecordHeader(seed, head) !== undefined)) return true;
    }
  }
  return false;
}

/** The offsets of a segment's records as they stand in its index: count, CRC-32 of salt, first and offsets, offsets. */
export function sealIndexPart({ salt, first, offsets }: Segment, from: number): Uint8Array {
  const part = new Uint8Array(4 * (offsets.length - from));
  const view = new DataView(part.buffer);
  for (let i = from; i < offsets.length; i++) view.setUint32(4 * (i - from), offsets[i]!, true);
  const checksum = crc32(part, crc32(concat(salt, u64(first + from))));
  return concat(u32(offsets.length - from), u32(checksum), part);
}

/** Takes over the offsets of an index as far as it is whole. @returns how many bytes of it are */
export function readIndex(segment: Segment, index: Uint8Array): number {
  const view = new DataView(index.buffer, index.byteOffset, index.length);
  let at = 0;
  while (at + 8 <= index.length) {
    const count = view.getUint32(at, true);
    const end = at + 8 + 4 * count;
    if (count === 0 || end > index.length) break;
    const salted = crc32(concat(segment.salt, u64(segment.first + segment.offsets.length)));
    if (view.getUint32(at + 4, true) !== crc32(index.subarray(at + 8, end), salted)) break;
    for (let i = at + 8; i < end; i += 4) segment.offsets.push(view.getUint32(i, true));
    at = end;
  }
  return at;
}

function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

function u64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value), true);
  return out;
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
