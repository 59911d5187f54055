import { StoreError, type StoreErrorCode } from './errors.ts';

/** What errors of the system and of LMDB mean here, and what to do about them. */
const FULL = ['disk-full', 'the disk is full; free some space, nothing that was stored is lost'] as const;
const READ_ONLY = ['disk-read-only', 'the disk is mounted read-only; mount it for writing'] as const;
const DENIED = [
  'disk-denied',
  'permission denied; give this user the right to read and write the files',
] as const;
const FAILED = ['disk-failed', 'the disk failed; look at the system log and the health of the disk'] as const;
const DAMAGED = ['store-damaged', 'the store is damaged; restore a backup or sync again'] as const;
const MISSING = ['directory-unusable', 'the directory is not there or is none; create it'] as const;
const REOPEN = ['disk-failed', 'an earlier write failed; close the store and open it again'] as const;
const READERS = ['disk-failed', 'too many processes read the store; raise maxReaders'] as const;

const SYSTEM: Readonly<Record<string, readonly [StoreErrorCode, string]>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: ['disk-full', 'a file may not grow further; raise the limit on the size of files (ulimit -f)'],
  EROFS: READ_ONLY,
  EACCES: DENIED,
  EPERM: DENIED,
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  EEXIST: MISSING,
};

/** lmdb.h, "Return Codes"; errors of the system come as their number. */
const LMDB: Readonly<Record<number, readonly [StoreErrorCode, string]>> = {
  28: FULL,
  122: FULL,
  27: SYSTEM['EFBIG']!,
  30: READ_ONLY,
  13: DENIED,
  1: DENIED,
  2: MISSING,
  20: MISSING,
  [-30792]: ['disk-full', 'the map of the store is full; open it with a larger mapSizeBytes'],
  [-30797]: DAMAGED,
  [-30796]: DAMAGED,
  [-30794]: DAMAGED,
  [-30793]: DAMAGED,
  // MDB_CURSOR_FULL, MDB_PAGE_FULL, MDB_BAD_TXN: what a sound tree never makes, and the rest of a transaction that met it.
  [-30787]: DAMAGED,
  [-30786]: DAMAGED,
  [-30782]: DAMAGED,
  [-30790]: READERS,
  // After a failed write of a meta page LMDB takes no more transactions (MDB_FATAL_ERROR), which lmdb-js then calls with none.
  [-30795]: REOPEN,
  22: REOPEN,
};

/** An error of the file system or of LMDB as a StoreError; one that is already is returned as it is. */
export function diskError(error: unknown, what: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const known = typeof code === 'number' ? LMDB[code] : typeof code === 'string' ? SYSTEM[code] : undefined;
  const [name, advice] = known ?? FAILED;
  return new StoreError(name, `${what}: ${advice} (${String(message ?? error)})`, { cause: error });
}

/** Runs what touches the disk; everything that it throws is a StoreError. */
export function onDisk<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw diskError(error, what);
  }
}
