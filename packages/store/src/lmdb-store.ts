import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes } from '@sero/crypto';
import { open as openLmdb } from 'lmdb';
import { makeDirectory, syncDirectory, systemDisk } from './disk.ts';
import { onDisk } from './disk-errors.ts';
import { ensure } from './errors.ts';
import {
  type Change,
  type EntriesOptions,
  expectChange,
  KEY_LIMIT,
  type KeyValueStore,
  prefixEnd,
} from './key-value.ts';
import { expectOpenable } from './lmdb-check.ts';
import { KEY_MARK, openRecord, sealRecord } from './lmdb-record.ts';
import { type LmdbStat, openRoom, pagesFor, reserveLockFile } from './lmdb-room.ts';

export interface LmdbStoreOptions {
  /** Address space reserved for the file. Default: 1 TiB, which costs nothing where addresses are 64 bits wide. */
  readonly mapSizeBytes?: number;
  /** Opens what is there and refuses writes. Default: false. */
  readonly readOnly?: boolean;
  /** Processes and threads that may read at a time. Default: 126. */
  readonly maxReaders?: number;
}

/** A store in a directory. */
export interface LmdbStore extends KeyValueStore {
  /**
   * Fills an empty store, or adds entries above all that are there: several times faster than `write` and packed densely.
   * Not atomic: what was loaded before an error stays.
   *
   * @param entries ascending by key, each above the last in the store
   * @throws StoreError `out-of-range` for a key that is not above the last, and as `write`
   */
  load(entries: Iterable<readonly [Uint8Array, Uint8Array]>): void;
}

/** Entries fetched at a time: a cursor never outlives the call that made it. */
const PAGE = 64;

/** Bytes of a load's transaction, and what an entry takes beside its bytes while it waits for it. */
const LOAD_BATCH = 2 ** 24;
const ENTRY_OVERHEAD = 256;

/** What is used of lmdb-js, whose types leave the binary reads out. */
interface Lmdb {
  lastSize: number;
  getBinaryFast(key: Uint8Array): Uint8Array | undefined;
  putSync(key: Uint8Array, value: Uint8Array, options?: { append: boolean }): boolean;
  removeSync(key: Uint8Array): boolean;
  transactionSync(action: () => void): void;
  getRange(options: {
    start: Uint8Array;
    exclusiveStart: boolean;
    end: Uint8Array;
    inclusiveEnd: boolean;
    reverse: boolean;
    limit: number;
  }): Iterable<{ key: Uint8Array; value: Uint8Array }>;
  close(): Promise<void>;
  readonly env: { info(): { readonly lastPageNumber: number }; stat(): LmdbStat };
}

/**
 * Opens the store in a directory, created if it is not there. One process writes at a time: see `openDataDirectory`.
 *
 * LMDB runs without `overlappingSync`, in which a commit returns before its pages are on the disk: here the data pages are
 * synced, then the page that names the new root is written through, then `write` returns (mdb_txn_commit). Every value
 * carries a CRC-32 over its key and itself, checked whenever it is read.
 *
 * @throws StoreError `store-damaged`, `directory-unusable`, or a `disk-` code
 */
export function openLmdbStore(directory: string, options: LmdbStoreOptions = {}): LmdbStore {
  const { mapSizeBytes = 2 ** 40, readOnly = false, maxReaders = 126 } = options;
  const what = `store ${directory}`;
  const lmdb = onDisk(what, () => {
    if (!readOnly) makeDirectory(systemDisk, directory);
    const there = existsSync(join(directory, 'data.mdb'));
    ensure(there || !readOnly, 'directory-unusable', `${what}: there is no store to read`);
    if (there) expectOpenable(directory);
    if (!readOnly) reserveLockFile(directory, maxReaders);
    const opened = openLmdb({
      path: directory,
      noSubdir: false,
      mapSize: mapSizeBytes,
      maxReaders,
      readOnly,
      overlappingSync: false,
      encoding: 'binary',
      keyEncoding: 'binary',
    } as Parameters<typeof openLmdb>[0]) as unknown as Lmdb;
    if (!there) syncDirectory(systemDisk, directory);
    return opened;
  });
  const room = readOnly ? undefined : onDisk(what, () => openRoom(directory, lmdb.env.stat().pageSize));
  let closed = false;
  /** Counts writes, so that an iteration knows when to look again. */
  let version = 0;
  const open = (): void => ensure(!closed, 'closed', 'the store is closed; open it again to use it');

  function* iterate(prefix: Uint8Array, { from, reverse = false }: EntriesOptions) {
    const [first, last] = [marked(prefix), prefixEnd(marked(prefix))!];
    const wanted = from === undefined ? undefined : marked(from);
    let start = reverse ? last : first;
    if (wanted !== undefined && compareBytes(wanted, start) > 0 !== reverse) start = wanted;
    // Descending it stops after `first`, which is the prefix itself, ascending before `last`, which has it no more.
    const end = reverse ? first : last;
    let exclusiveStart = reverse && compareBytes(start, last) === 0;
    for (;;) {
      const seen = version;
      const page = onDisk(what, () => [
        ...lmdb.getRange({ start, exclusiveStart, end, inclusiveEnd: reverse, reverse, limit: PAGE }),
      ]);
      for (const { key, value } of page) {
        const own = unmarked(key);
        yield [own, openRecord(own, value, value.length)] as const;
        open();
        [start, exclusiveStart] = [key, true];
        if (version !== seen) break;
      }
      if (page.length < PAGE && version === seen) return;
    }
  }

  const transaction = (changes: readonly Change[], action: () => void): void => {
    ensure(room !== undefined, 'disk-read-only', `${what} was opened read-only`);
    version++;
    onDisk(what, () => {
      room.reserve(lmdb.env.info().lastPageNumber + 1, pagesFor(changes, lmdb.env.stat()));
      lmdb.transactionSync(action);
    });
  };

  return {
    get(key) {
      open();
      if (key.length > KEY_LIMIT) return undefined;
      const found = onDisk(what, () => lmdb.getBinaryFast(marked(key)));
      return found === undefined ? undefined : openRecord(key, found, lmdb.lastSize);
    },

    entries(prefix, entriesOptions = {}) {
      open();
      return iterate(prefix.slice(), { ...entriesOptions });
    },

    write(changes) {
      open();
      for (const change of changes) expectChange(change);
      if (changes.length === 0) return;
      transaction(changes, () => {
        for (const { key, value } of changes) {
          if (value === undefined) lmdb.removeSync(marked(key));
          else lmdb.putSync(marked(key), sealRecord(key, value));
        }
      });
    },

    load(entries) {
      open();
      let last: Uint8Array | undefined;
      for (const [key] of iterate(new Uint8Array(0), { reverse: true })) {
        last = key;
        break;
      }
      let batch: { key: Uint8Array; value: Uint8Array }[] = [];
      let size = 0;
      const flush = (): void => {
        transaction(batch, () => {
          for (const { key, value } of batch) lmdb.putSync(marked(key), value, { append: true });
        });
        [batch, size] = [[], 0];
      };
      for (const [key, value] of entries) {
        expectChange({ key, value });
        ensure(
          last === undefined || compareBytes(last, key) < 0,
          'out-of-range',
          'entries are loaded ascending by key, above those that are there',
        );
        last = key.slice();
        batch.push({ key: last, value: sealRecord(key, value) });
        size += key.length + value.length + ENTRY_OVERHEAD;
        if (size >= LOAD_BATCH) flush();
      }
      if (batch.length > 0) flush();
    },

    close() {
      if (closed) return;
      closed = true;
      // Nothing is queued, since every write is synchronous: the promise is fulfilled when `close` returns.
      onDisk(what, () => {
        void lmdb.close();
        room?.close();
      });
    },
  };
}

function marked(key: Uint8Array): Uint8Array {
  const out = new Uint8Array(1 + key.length);
  out[0] = KEY_MARK;
  out.set(key, 1);
  return out;
}

function unmarked(stored: Uint8Array): Uint8Array {
  return Uint8Array.from(stored.subarray(1));
}
