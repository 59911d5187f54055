import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from './key-value.ts';
import { intact } from './lmdb-page.ts';

/**
 * Room on the disk for what LMDB is about to write. lmdb-js 3.5 must not meet a full disk by itself: where a page cannot be
 * written, mdb_page_flush prints a message of more than 100 characters into 100 bytes of the heap, and the process may end.
 * So the file is made longer here, with zeros that take real room, before a transaction begins; pages behind the last one
 * in use mean nothing to LMDB.
 */
export interface Room {
  /**
   * Makes the file `used + more` pages long.
   *
   * @param used pages up to the last one in use, which the file has
   * @throws the system's error if there is no room; what was stored is as it was
   */
  reserve(used: number, more: number): void;
  close(): void;
}

/** LMDB's numbers of a store. */
export interface LmdbStat {
  readonly pageSize: number;
  readonly treeDepth: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
}

/** Pages that LMDB may have added though they were not reserved: the estimate is generous, so none. */
const MOST_BEYOND = 2 ** 14;

const ZEROS = new Uint8Array(2 ** 18);

/** Pages for the list of free pages and what the estimate of the rest leaves out. */
const SLACK = 32;

/** The room of a store that is open. */
export function openRoom(directory: string, pageSize: number): Room {
  const file = openSync(join(directory, 'data.mdb'), 'r+');
  let size = fstatSync(file).size;
  return {
    reserve(used, more) {
      // A number that damage made up must not fill the disk.
      intact(
        (used - MOST_BEYOND) * pageSize <= size,
        `page ${used - 1} is in use, the file ends long before`,
      );
      const needed = (used + more) * pageSize;
      while (size < needed) {
        // Whole steps, so that a store that grows little by little is not made longer at each write.
        const written = writeSync(file, ZEROS, 0, ZEROS.length, size);
        size += written;
      }
    },
    close: () => closeSync(file),
  };
}

/** The most pages that a batch can add to a store: copies of all that it touches, one split each, values of their own. */
export function pagesFor(changes: Iterable<Change>, stat: LmdbStat): number {
  const { pageSize, treeDepth, treeBranchPageCount, treeLeafPageCount } = stat;
  let [count, small, long] = [0, 0, 0];
  for (const { key, value } of changes) {
    count++;
    if (value === undefined) continue;
    const size = key.length + value.length + 32;
    if (size > pageSize >> 2) long += Math.ceil(size / pageSize);
    small += Math.min(size, pageSize);
  }
  const touched = Math.min(count * treeDepth, treeBranchPageCount + treeLeafPageCount);
  const split = Math.min(count, treeLeafPageCount) + Math.ceil((2 * small) / pageSize);
  const pages = touched + split + long;
  return pages + (pages >> 6) + SLACK;
}

/**
 * Gives LMDB's table of readers its room: it is mapped and written to, and where the disk has none left for it, the process
 * ends.
 */
export function reserveLockFile(directory: string, maxReaders: number): void {
  const path = join(directory, 'lock.mdb');
  const size = 64 * maxReaders + 512;
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  const file = openSync(path, 'w');
  try {
    for (let at = 0; at < size; ) at += writeSync(file, ZEROS, 0, size - at, at);
  } finally {
    closeSync(file);
  }
}
