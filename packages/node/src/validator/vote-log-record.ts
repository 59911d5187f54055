import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ByteListType, ContainerType, ListCompositeType, UintBigintType, type ValueOf } from '@chainsafe/ssz';
import { concat, equalBytes, le32, le64, leInteger } from '@sero/crypto';
import { decodeStrict } from '@sero/protocol';
import { VALUE_LIMIT } from '@sero/store';

/**
 * The file of a vote log:
 *
 *   file   = "SEROVOTE" || id (16) || CRC-32 of these || record*
 *   record = index (u64) || length (u32) || CRC-32 of the payload || CRC-32 of id and these three || payload
 *
 * Integers are little-endian. Indices go up by one, also across cuts, so that what a crash leaves of a log before its cut is no record of the
 * one after. The id is random: no payload, which others write, can pretend to be a record.
 */
const MAGIC = new TextEncoder().encode('SEROVOTE');
const ID = 16;
export const LOG_HEADER = MAGIC.length + ID + 4;
export const RECORD_HEAD = 20;

const GROUP_RECORDS = 1 << 16;

/** Records that one sync makes durable together: a payload. */
const GroupType = new ListCompositeType(
  new ContainerType({ round: new UintBigintType(8), record: new ByteListType(VALUE_LIMIT) }),
  GROUP_RECORDS,
);

type Group = ValueOf<typeof GroupType>;
export type RoundRecord = Group[number];

/** Bytes of records after which a group ends; one record may be more. */
const GROUP_BYTES = 1 << 24;

export function newLogId(): Uint8Array {
  return Uint8Array.from(randomBytes(ID));
}

export function sealLogHeader(id: Uint8Array): Uint8Array {
  const head = concat(MAGIC, id);
  return concat(head, le32(crc32(head)));
}

/** The id of a log; undefined where these are not the first bytes of one. */
export function readLogHeader(bytes: Uint8Array): Uint8Array | undefined {
  const head = bytes.subarray(0, LOG_HEADER - 4);
  const isWhole =
    bytes.length >= LOG_HEADER &&
    equalBytes(head.subarray(0, MAGIC.length), MAGIC) &&
    equalBytes(bytes.subarray(LOG_HEADER - 4, LOG_HEADER), le32(crc32(head)));
  return isWhole ? head.slice(MAGIC.length) : undefined;
}

/** How many records of a list go into the next group: one at least. */
export function groupEnd(records: readonly RoundRecord[]): number {
  let bytes = 0;
  let end = 0;
  do {
    bytes += records[end]!.record.length;
    end++;
  } while (end < records.length && end < GROUP_RECORDS && bytes + records[end]!.record.length <= GROUP_BYTES);
  return end;
}

export function encodeGroup(group: readonly RoundRecord[]): Uint8Array {
  return GroupType.serialize([...group]);
}

/** @throws ProtocolError `malformed`, `not-canonical` for what no vote log wrote */
export function decodeGroup(payload: Uint8Array): Group {
  return decodeStrict(GroupType, payload, VALUE_LIMIT, 'record of the vote log');
}

/** A record as it stands in the file. */
export function sealRecord(id: Uint8Array, index: bigint, payload: Uint8Array): Uint8Array {
  const head = concat(le64(index), le32(payload.length), le32(crc32(payload)));
  return concat(head, le32(crc32(head, headSeed(id))), payload);
}

/** What the head of a record says. */
export interface RecordHead {
  readonly index: bigint;
  readonly length: number;
  readonly checksum: number;
}

/**
 * The head of a record that begins at an offset; undefined where these bytes are none of this log.
 *
 * @param seed `headSeed` of the log's id
 */
export function readRecordHead(seed: number, bytes: Uint8Array, at = 0): RecordHead | undefined {
  if (bytes.length < at + RECORD_HEAD) return undefined;
  const length = u32(bytes, at + 8);
  if (length > VALUE_LIMIT || u32(bytes, at + 16) !== crc32(bytes.subarray(at, at + 16), seed))
    return undefined;
  return { index: leInteger(bytes.subarray(at, at + 8)), length, checksum: u32(bytes, at + 12) };
}

/** What the checksum of a record's head starts from. */
export function headSeed(id: Uint8Array): number {
  return crc32(id);
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
