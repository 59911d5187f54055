import { crc32 } from 'node:zlib';
import { readUpTo } from '@sero/store/node';
import { ensure } from './errors.ts';
import type { FileDisk } from './file-disk.ts';
import { headSeed, LOG_HEADER, RECORD_HEAD, readLogHeader, readRecordHead } from './vote-log-record.ts';

/** One record of a log and where it stands. */
export interface FoundRecord {
  readonly index: bigint;
  readonly payload: Uint8Array;
}

/** Bytes read at a time when what follows damage is looked at. */
const WINDOW = 1 << 20;

/** The id of the log in an open file. @throws ValidatorKeysError `votes-damaged` */
export function idOf(disk: FileDisk, file: number, path: string): Uint8Array {
  const id = readLogHeader(readUpTo(disk, file, 0, LOG_HEADER));
  // It was put in its place whole.
  ensure(id !== undefined, 'votes-damaged', `${path} is no vote log: ${ADVICE}`);
  return id;
}

/**
 * The records of a log, in their order. One at the end that is not whole was never durable, so nothing that stands in it was sent: it is left
 * out. Since a record is written when the one before it is durable, what stands behind damage was: then a log is refused.
 *
 * @throws ValidatorKeysError `votes-damaged`
 */
export function* readRecords(
  disk: FileDisk,
  file: number,
  id: Uint8Array,
  path: string,
): Generator<FoundRecord> {
  const seed = headSeed(id);
  let at = LOG_HEADER;
  let expected: bigint | undefined;
  for (;;) {
    const head = readRecordHead(seed, readUpTo(disk, file, at, RECORD_HEAD));
    if (head === undefined || (expected !== undefined && head.index !== expected)) break;
    const payload = readUpTo(disk, file, at + RECORD_HEAD, head.length);
    if (payload.length < head.length || crc32(payload) !== head.checksum) {
      expected = head.index;
      break;
    }
    yield { index: head.index, payload };
    at += RECORD_HEAD + head.length;
    expected = head.index + 1n;
  }
  ensure(
    !hasLaterRecord(disk, file, seed, at, expected),
    'votes-damaged',
    `${path} is damaged before its end: ${ADVICE}`,
  );
}

const ADVICE =
  'votes that were cast may be forgotten. Keep this validator stopped until its current round is over everywhere, then delete the folder of the log';

/**
 * Whether a record later than the expected one begins anywhere behind an offset; any record where none is expected, as the first one of a file
 * may have any index. What stood there before a cut has lower indices.
 */
function hasLaterRecord(
  disk: FileDisk,
  file: number,
  seed: number,
  from: number,
  expected: bigint | undefined,
): boolean {
  const { size } = disk.fstatSync(file);
  for (let at = from; at < size; at += WINDOW) {
    const bytes = readUpTo(disk, file, at, WINDOW + RECORD_HEAD - 1);
    for (let i = 0; i + RECORD_HEAD <= bytes.length; i++) {
      const head = readRecordHead(seed, bytes, i);
      if (head !== undefined && (expected === undefined || head.index > expected)) return true;
    }
  }
  return false;
}
