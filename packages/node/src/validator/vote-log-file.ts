import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { MAX_LOG_RECORD, type VoteLog } from '@sero/consensus';
import { toHex } from '@sero/crypto';
import { readUpTo, syncDirectory, writeAll } from '@sero/store/node';
import { ensure, ValidatorKeysError } from './errors.ts';
import {
  diskFailure,
  type FileDisk,
  onDisk,
  SECRET_MODE,
  syncLater,
  systemFileDisk,
  truncateLater,
  writeAllLater,
} from './file-disk.ts';
import { groupedSync } from './grouped-sync.ts';
import {
  decodeGroup,
  encodeGroup,
  groupEnd,
  LOG_HEADER,
  newLogId,
  RECORD_HEAD,
  type RoundRecord,
  sealLogHeader,
  sealRecord,
} from './vote-log-record.ts';
import { idOf, readRecords } from './vote-log-scan.ts';

/** A vote log on a disk. */
export interface FileVoteLog extends VoteLog {
  /** Names what was written since this opening; another opening has another one. 32 hex digits. */
  readonly id: string;
  /** May be called again. A sync that is under way is answered; those that did not begin fail with `closed`. */
  close(): void;
}

export interface VoteLogOptions {
  /** Default: node:fs. */
  readonly disk?: FileDisk;
  /** 16 bytes that name this opening. Default: random ones. */
  readonly id?: Uint8Array;
}

const FILE = 'votes.log';

/** A group that is durable. */
interface Written {
  /** Where its payload stands. */
  readonly at: number;
  readonly length: number;
  readonly checksum: number;
  /** Largest round of its records. */
  readonly last: bigint;
}

/**
 * Opens the vote log in a directory, made if it is not there. One process uses it at a time: the validator's directory is locked.
 *
 * What is appended until a sync begins becomes one record of the file, with one fdatasync in the thread pool: a crash at any byte leaves all of it or
 * nothing. More than 16 MiB become several records, each written once the one before it is durable, whose first ones a crash may leave. A failure
 * is given to every sync from then on. A cut shows on disk with the next sync.
 *
 * Opening writes the records into a new file, which takes the place of the old one: what a process wrote and died over is durable then,
 * whatever its last sync came to.
 *
 * @throws ValidatorKeysError `votes-damaged`; StoreError `disk-` codes
 */
export function openVoteLog(directory: string, options: VoteLogOptions = {}): FileVoteLog {
  const { disk = systemFileDisk, id = newLogId() } = options;
  const path = join(directory, FILE);
  const what = `vote log ${path}`;
  const opened = onDisk(what, () => writeAnew(directory, disk, id));
  const { file } = opened;
  let { written, end, next } = opened;
  let waiting: RoundRecord[] = [];
  /** What is being written is forgotten where it is of rounds before this one: those that were cut meanwhile. */
  let floor = 0n;
  let isClosed = false;
  let isBusy = false;

  const forget = (round: bigint): void => {
    // A log is cut as a whole, once nothing in it is needed any more.
    if (written.every(({ last }) => last < round)) written = [];
  };

  /** Writes records group by group, each durable before the next one is written. */
  const write = async (records: readonly RoundRecord[]): Promise<void> => {
    for (let from = 0; from < records.length; ) {
      const group = records.slice(from, from + groupEnd(records.slice(from)));
      const payload = encodeGroup(group);
      const at = written.length === 0 ? LOG_HEADER : end;
      // What was cut goes before anything takes its place.
      if (at < end) await truncateLater(disk, file, at);
      await writeAllLater(disk, file, sealRecord(id, next, payload), at);
      await syncLater(disk, file);
      written.push({ ...placeOf(payload, at), last: lastRound(group) });
      end = at + RECORD_HEAD + payload.length;
      next++;
      from += group.length;
      forget(floor);
    }
  };

  const sync = groupedSync((done) => {
    if (isClosed) return done(closed(path));
    const taken = waiting;
    waiting = [];
    floor = 0n;
    isBusy = true;
    const answer = (error?: unknown): void => {
      isBusy = false;
      if (isClosed) disk.closeSync(file);
      done(error === undefined ? undefined : diskFailure(error, what));
    };
    write(taken).then(() => answer(), answer);
  });

  return {
    id: toHex(id),

    append(round, record) {
      if (isClosed) throw closed(path);
      if (record.length > MAX_LOG_RECORD) throw new RangeError('no record of a vote log is so long');
      waiting.push({ round, record: record.slice() });
    },

    sync,

    cut(round) {
      if (isBusy && round > floor) floor = round;
      waiting = waiting.filter((one) => one.round >= round);
      forget(round);
    },

    *replay() {
      for (const { at, length, checksum } of [...written]) {
        if (isClosed) throw closed(path);
        const payload = onDisk(what, () => readUpTo(disk, file, at, length));
        ensure(
          payload.length === length && crc32(payload) === checksum,
          'votes-damaged',
          `${path} changed while it was open: stop whatever else writes it`,
        );
        for (const { record } of decodeGroup(payload)) yield record;
      }
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      if (!isBusy) onDisk(what, () => disk.closeSync(file));
    },
  };
}

/** The id of the log in a directory; undefined where there is none. @throws as `openVoteLog` */
export function voteLogId(directory: string, disk: FileDisk = systemFileDisk): string | undefined {
  const path = join(directory, FILE);
  return onDisk(`vote log ${path}`, () => {
    const file = openIfThere(disk, path);
    if (file === undefined) return undefined;
    try {
      return toHex(idOf(disk, file, path));
    } finally {
      disk.closeSync(file);
    }
  });
}

/** Puts a log with the records of the one that is there in its place, whole and durable. */
function writeAnew(
  directory: string,
  disk: FileDisk,
  id: Uint8Array,
): { file: number; written: Written[]; end: number; next: bigint } {
  const path = join(directory, FILE);
  disk.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const old = openIfThere(disk, path);
  const file = disk.openSync(`${path}.new`, 'w+', SECRET_MODE);
  try {
    const written: Written[] = [];
    let [end, next] = [LOG_HEADER, 0n];
    writeAll(disk, file, sealLogHeader(id), 0);
    if (old !== undefined) {
      for (const { index, payload } of readRecords(disk, old, idOf(disk, old, path), path)) {
        writeAll(disk, file, sealRecord(id, index, payload), end);
        written.push({ ...placeOf(payload, end), last: lastRound(decodeGroup(payload)) });
        end += RECORD_HEAD + payload.length;
        next = index + 1n;
      }
    }
    disk.fsyncSync(file);
    disk.renameSync(`${path}.new`, path);
    syncDirectory(disk, directory);
    // Where the directory itself is new.
    syncDirectory(disk, dirname(directory));
    return { file, written, end, next };
  } catch (error) {
    disk.closeSync(file);
    throw error;
  } finally {
    if (old !== undefined) disk.closeSync(old);
  }
}

function openIfThere(disk: FileDisk, path: string): number | undefined {
  try {
    return disk.openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function placeOf(payload: Uint8Array, at: number): Omit<Written, 'last'> {
  return { at: at + RECORD_HEAD, length: payload.length, checksum: crc32(payload) };
}

function lastRound(group: readonly RoundRecord[]): bigint {
  return group.reduce((last, { round }) => (round > last ? round : last), 0n);
}

function closed(path: string): ValidatorKeysError {
  return new ValidatorKeysError('closed', `vote log ${path} is closed; open it again to use it`);
}
