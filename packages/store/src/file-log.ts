import { join } from 'node:path';
import { type Disk, makeDirectory, readFile, readUpTo, syncDirectory, systemDisk, writeAll } from './disk.ts';
import { onDisk } from './disk-errors.ts';
import { ensure } from './errors.ts';
import { type AppendLog, expectBegin, expectIndex, expectLength, expectRecord } from './log.ts';
import {
  hasLaterRecord,
  newSegmentHeader,
  RECORD_HEADER,
  readIndex,
  readLogRecord,
  readSegmentHeader,
  SEGMENT_HEADER,
  type Segment,
  scanRecords,
  sealIndexPart,
  sealLogRecord,
} from './log-segment.ts';
import { type OpenFiles, openFiles } from './open-files.ts';

export interface FileLogOptions {
  /** A file takes records up to this size, and at least one. Default: 256 MiB; at most 1 GiB. */
  readonly segmentBytes?: number;
  /** Reads every record on opening and not only those since the last index. Default: false. */
  readonly verify?: boolean;
  /** The calls to the file system. Default: those of node:fs. */
  readonly disk?: Disk;
}

/** Records between two additions to an index. */
const INDEX_STEP = 1024;

/** Files of a log that are open at once: the last one, and those that readers are in. */
const OPEN_FILES = 4;

interface IndexedSegment extends Segment {
  /** How many of the offsets are in the index on disk, and its bytes. */
  indexed: number;
  indexBytes: number;
}

/**
 * Opens the log in a directory, created if it is not there. One process uses it at a time: see `openDataDirectory`.
 *
 * A record is written and synced before `append` returns, so a crash leaves at most one that is torn, at the end: opening
 * cuts it off. The index of a file says where its records are; it is derived, and read again from the records where it is
 * missing, behind or wrong. A record that an index names was durable: where it is damaged, and where whole records follow
 * damage, opening refuses. Damage further back is found by `get`, or on opening with `verify`.
 *
 * @throws StoreError `log-damaged` with the index of the record, or a `disk-` code
 */
export function openFileLog(directory: string, options: FileLogOptions = {}): AppendLog {
  const { segmentBytes = 2 ** 28, verify = false, disk = systemDisk } = options;
  const what = `log ${directory}`;
  const files = openFiles(disk, OPEN_FILES);
  const segments = onDisk(what, () => openSegments(directory, disk, files, verify));
  let closed = false;
  /** Bytes of a failed append may stand behind the last record. */
  let untidy = false;
  const open = (): void => ensure(!closed, 'closed', 'the log is closed; open it again to use it');

  /** Number of the first record of a log without files. */
  let begin = 0;

  const first = (): number => segments[0]?.first ?? begin;

  const total = (): number => {
    const last = segments.at(-1);
    return last === undefined ? begin : last.first + last.offsets.length;
  };

  const tidy = (segment: Segment): void => {
    cutOff(disk, files, segment, segment.end);
    untidy = false;
  };

  /** The file for the next record. */
  const target = (size: number): IndexedSegment => {
    const last = segments.at(-1);
    if (last !== undefined && (last.offsets.length === 0 || last.end + size <= segmentBytes)) return last;
    if (last !== undefined) saveIndex(directory, disk, last);
    const begins = segments.length === 0 && begin > 0;
    const segment = createSegment(directory, disk, files, total(), begins);
    segments.push(segment);
    return segment;
  };

  /** How many records from one on go into the same file, at least one. */
  const fitting = (records: readonly Uint8Array[], from: number): number => {
    let end = target(RECORD_HEADER + records[from]!.length).end + RECORD_HEADER + records[from]!.length;
    let count = 1;
    for (let i = from + 1; i < records.length; i++) {
      end += RECORD_HEADER + records[i]!.length;
      if (end > segmentBytes) break;
      count++;
    }
    return count;
  };

  /** Writes records that fit into one file, and syncs it. @returns the number of the first */
  const appendTogether = (records: readonly Uint8Array[]): number => {
    const last = segments.at(-1);
    if (untidy && last !== undefined) tidy(last);
    const segment = target(RECORD_HEADER + records[0]!.length);
    const index = total();
    const sealed = records.map((record, i) => sealLogRecord(segment.salt, index + i, record));
    try {
      const file = files.writable(segment.path);
      writeAll(disk, file, sealed.length === 1 ? sealed[0]! : Buffer.concat(sealed), segment.end);
      disk.fdatasyncSync(file);
    } catch (error) {
      untidy = true;
      tidyIfPossible(() => tidy(segment));
      throw error;
    }
    for (const { length } of sealed) {
      segment.offsets.push(segment.end);
      segment.end += length;
    }
    if (segment.offsets.length - segment.indexed >= INDEX_STEP) saveIndex(directory, disk, segment);
    return index;
  };

  return {
    get first() {
      open();
      return first();
    },

    get length() {
      open();
      return total();
    },

    begin(number) {
      open();
      expectBegin(number, total() - first());
      onDisk(what, () => {
        // A file without records may stand there: of an append that did not end, or of a log that was cut to nothing.
        for (let last = segments.at(-1); last !== undefined; last = segments.at(-1)) {
          removeDurably(directory, disk, indexName(last));
          removeDurably(directory, disk, logName(last.first));
          segments.pop();
          files.close(last.path);
        }
      });
      begin = number;
      untidy = false;
    },

    append(record) {
      open();
      expectRecord(record);
      return onDisk(what, () => appendTogether([record]));
    },

    appendAll(records) {
      open();
      for (const record of records) expectRecord(record);
      onDisk(what, () => {
        for (let at = 0; at < records.length; ) {
          const count = fitting(records, at);
          appendTogether(records.slice(at, at + count));
          at += count;
        }
      });
    },

    get(index) {
      open();
      expectIndex(index, first(), total());
      const segment = segments.findLast(({ first }) => first <= index)!;
      const at = segment.offsets[index - segment.first]!;
      const record = onDisk(what, () => readLogRecord(disk, segment, index, at));
      ensure(
        record !== undefined,
        'record-damaged',
        `record ${index} of ${what} is not what was appended; restore a backup or sync again`,
      );
      return record;
    },

    truncate(length) {
      open();
      expectLength(length, first(), total());
      if (length === total()) return;
      onDisk(what, () => {
        // The index goes first: it must never name records that others could take the place of.
        const keep = segments.findLast(({ first }) => first <= length)!;
        removeDurably(directory, disk, indexName(keep));
        [keep.indexed, keep.indexBytes] = [0, 0];
        for (let last = segments.at(-1)!; last !== keep; last = segments.at(-1)!) {
          removeDurably(directory, disk, indexName(last));
          removeDurably(directory, disk, logName(last.first));
          segments.pop();
          files.close(last.path);
        }
        const kept = length - keep.first;
        if (kept < keep.offsets.length) {
          [keep.end, keep.offsets.length] = [keep.offsets[kept]!, kept];
          untidy = true;
        }
        tidy(keep);
      });
    },

    close() {
      if (closed) return;
      closed = true;
      const last = segments.at(-1);
      onDisk(what, () => {
        if (last !== undefined) saveIndex(directory, disk, last);
        files.closeAll();
      });
    },
  };
}

function openSegments(directory: string, disk: Disk, files: OpenFiles, verify: boolean): IndexedSegment[] {
  makeDirectory(disk, directory);
  const firsts = disk
    .readdirSync(directory)
    .filter((name) => /^\d{16}\.log$/.test(name))
    .map((name) => Number(name.slice(0, 16)))
    .sort((a, b) => a - b);
  const segments: IndexedSegment[] = [];
  try {
    for (const [at, first] of firsts.entries()) {
      const expected = at === 0 ? 0 : segments.at(-1)!.first + segments.at(-1)!.offsets.length;
      const next = firsts[at + 1];
      const begins = at === 0 && first > 0;
      intact(begins || first === expected, directory, expected);
      const segment = openSegment(directory, disk, files, { first, begins, isLast: next === undefined });
      if (segment === undefined) break;
      segments.push(segment);
      readRecords(directory, disk, files, segment, next, verify);
    }
  } catch (error) {
    files.closeAll();
    throw error;
  }
  return segments;
}

function openSegment(
  directory: string,
  disk: Disk,
  files: OpenFiles,
  { first, begins, isLast }: { readonly first: number; readonly begins: boolean; readonly isLast: boolean },
): IndexedSegment | undefined {
  const path = join(directory, logName(first));
  const file = files.readable(path);
  const size = disk.fstatSync(file).size;
  const header = readSegmentHeader(readUpTo(disk, file, 0, SEGMENT_HEADER), first);
  if (header === undefined) {
    files.close(path);
    // Cut short while it was made: its first record is written after its header is durable. One that begins a log is never seen so.
    intact(isLast && !begins && size <= SEGMENT_HEADER, directory, begins ? 0 : first);
    removeDurably(directory, disk, indexName({ first }));
    removeDurably(directory, disk, logName(first));
    return undefined;
  }
  // Where the first file is gone, no other may take its place.
  intact(header.begins === begins, directory, begins ? 0 : first);
  return emptySegment(path, files, first, header.salt);
}

function emptySegment(path: string, files: OpenFiles, first: number, salt: Uint8Array): IndexedSegment {
  return {
    path,
    get file() {
      return files.readable(path);
    },
    first,
    salt,
    offsets: [],
    end: SEGMENT_HEADER,
    indexed: 0,
    indexBytes: 0,
  };
}

/** Finds the records of a file; `next` is the first of the file behind it, if there is one. */
function readRecords(
  directory: string,
  disk: Disk,
  files: OpenFiles,
  segment: IndexedSegment,
  next: number | undefined,
  verify: boolean,
): void {
  const { first, offsets } = segment;
  segment.indexBytes = readIndex(segment, readIfThere(disk, join(directory, indexName(segment))));
  segment.indexed = offsets.length;
  if (next !== undefined && offsets.length > next - first) forgetIndex(segment);
  const known = offsets.length;
  if (verify) offsets.length = 0;
  const last = offsets.at(-1);
  if (last !== undefined) {
    const record = readLogRecord(disk, segment, first + offsets.length - 1, last);
    intact(record !== undefined, directory, first + offsets.length - 1);
    segment.end = last + RECORD_HEADER + record.length;
  }
  const torn = scanRecords(disk, segment);
  const index = first + offsets.length;
  const complete = next === undefined ? offsets.length >= known : index === next && torn === undefined;
  intact(complete, directory, index);
  if (torn !== undefined) {
    intact(!hasLaterRecord(disk, segment, index, torn), directory, index);
    cutOff(disk, files, segment, torn);
  }
  if (next !== undefined) saveIndex(directory, disk, segment);
}

/** Ends a segment's file at an offset, durably. */
function cutOff(disk: Disk, files: OpenFiles, { path }: Segment, end: number): void {
  const file = files.writable(path);
  disk.ftruncateSync(file, end);
  disk.fdatasyncSync(file);
}

function forgetIndex(segment: IndexedSegment): void {
  segment.offsets.length = 0;
  segment.indexed = 0;
  segment.indexBytes = 0;
}

function createSegment(
  directory: string,
  disk: Disk,
  files: OpenFiles,
  first: number,
  begins: boolean,
): IndexedSegment {
  const path = join(directory, logName(first));
  removeDurably(directory, disk, indexName({ first }));
  const { header, salt } = newSegmentHeader(first, begins);
  // With a header that is cut short it would look like what is left of a log that lost its first files.
  const draft = begins ? `${path}.new` : path;
  const file = disk.openSync(draft, 'w+');
  try {
    writeAll(disk, file, header, 0);
    disk.fsyncSync(file);
    if (begins) disk.renameSync(draft, path);
    syncDirectory(disk, directory);
  } catch (error) {
    disk.closeSync(file);
    tidyIfPossible(() => disk.rmSync(draft, { force: true }));
    tidyIfPossible(() => disk.rmSync(path, { force: true }));
    throw error;
  }
  files.add(path, file);
  return emptySegment(path, files, first, salt);
}

/** Brings an index up to date. It is derived: where that fails the next opening reads the records instead. */
function saveIndex(directory: string, disk: Disk, segment: IndexedSegment): void {
  if (segment.indexed === segment.offsets.length) return;
  tidyIfPossible(() => {
    const part = sealIndexPart(segment, segment.indexed);
    const file = disk.openSync(join(directory, indexName(segment)), segment.indexBytes === 0 ? 'w' : 'r+');
    try {
      disk.ftruncateSync(file, segment.indexBytes);
      writeAll(disk, file, part, segment.indexBytes);
      disk.fdatasyncSync(file);
    } finally {
      disk.closeSync(file);
    }
    segment.indexed = segment.offsets.length;
    segment.indexBytes += part.length;
  });
}

/** Runs what makes later work shorter and nothing wrong if it fails. */
function tidyIfPossible(action: () => void): void {
  try {
    action();
  } catch {
    // The disk fails: the call that matters says so.
  }
}

function readIfThere(disk: Disk, path: string): Uint8Array {
  try {
    return readFile(disk, path);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return new Uint8Array(0);
    throw error;
  }
}

function removeDurably(directory: string, disk: Disk, name: string): void {
  disk.rmSync(join(directory, name), { force: true });
  syncDirectory(disk, directory);
}

const logName = (first: number): string => `${first.toString().padStart(16, '0')}.log`;

const indexName = ({ first }: { first: number }): string => `${first.toString().padStart(16, '0')}.index`;

function intact(condition: boolean, directory: string, index: number): asserts condition {
  ensure(
    condition,
    'log-damaged',
    `record ${index} of log ${directory} is damaged or missing; restore a backup or sync again`,
  );
}
