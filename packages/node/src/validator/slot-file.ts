import { dirname } from 'node:path';
import type { SlotFile } from '@sero/consensus';
import { readUpTo, syncDirectory, writeAll } from '@sero/store/node';
import { ensure, ValidatorKeysError } from './errors.ts';
import {
  diskFailure,
  type FileDisk,
  MAKE,
  onDisk,
  READ_WRITE,
  SECRET_MODE,
  systemFileDisk,
} from './file-disk.ts';
import { groupedSync } from './grouped-sync.ts';

/**
 * A slot file on a disk. Writes reach the file before they return; a sync runs in the thread pool, one for all that asked in one turn. A write or a
 * sync that fails is given to every sync from then on, so that nothing is sent whose keys may still be there.
 *
 * What was overwritten may outlive it below the file: a flash disk writes elsewhere and erases later, copy-on-write file systems (btrfs, ZFS),
 * snapshots and backups keep old blocks, and so does the image of a virtual machine. Against who may take the disk, encrypt it whole and keep
 * the key elsewhere; make no snapshots of it.
 */
export interface DiskSlotFile extends SlotFile {
  /** Where the file is, as the system tells files apart: changes when it is copied. */
  readonly identity: FileIdentity;
  /** When its bytes were last written, ns since 1970, as the system tells it. @throws StoreError; ValidatorKeysError `closed` */
  changed(): bigint;
  /** As `sync`, but waits for the disk; for the making of keys. @throws StoreError */
  syncNow(): void;
  /** May be called again. Syncs that are under way are answered; those that did not begin fail with `closed`. */
  close(): void;
}

/** What the system says of a file that a copy of it does not share. */
export interface FileIdentity {
  /** Its number in its file system. */
  readonly inode: bigint;
  /** ns since 1970; 0 where the system does not tell. */
  readonly born: bigint;
}

/** Zeros are written so many bytes at a time. */
const CHUNK = 1 << 20;

/**
 * Makes a file of zeros, durably, that its owner alone can read.
 *
 * @param size bytes
 * @param disk default: node:fs
 * @throws StoreError `disk-` codes; ValidatorKeysError `keys-exist` where there is a file of this name
 */
export function makeSlotFile(path: string, size: number, disk: FileDisk = systemFileDisk): DiskSlotFile {
  const what = `key file ${path}`;
  let file: number;
  try {
    file = disk.openSync(path, MAKE, SECRET_MODE);
  } catch (error) {
    ensure(
      (error as NodeJS.ErrnoException).code !== 'EEXIST',
      'keys-exist',
      `${what} is there already: choose another directory`,
    );
    throw diskFailure(error, what);
  }
  try {
    return onDisk(what, () => {
      const zeros = new Uint8Array(Math.min(CHUNK, size));
      for (let at = 0; at < size; at += CHUNK) {
        writeAll(disk, file, zeros.subarray(0, Math.min(CHUNK, size - at)), at);
      }
      disk.fsyncSync(file);
      syncDirectory(disk, dirname(path));
      return slotFileOver(file, path, disk);
    });
  } catch (error) {
    disk.closeSync(file);
    throw error;
  }
}

/**
 * Opens a file that was made before.
 *
 * @param disk default: node:fs
 * @throws ValidatorKeysError `keys-missing`, `keys-exposed` for a link and for a file that others than its owner may read or write; StoreError
 */
export function openSlotFile(path: string, disk: FileDisk = systemFileDisk): DiskSlotFile {
  const file = openSecret(path, disk);
  try {
    return onDisk(`key file ${path}`, () => slotFileOver(file, path, disk));
  } catch (error) {
    disk.closeSync(file);
    throw error;
  }
}

/** Opens a file of secrets. @throws ValidatorKeysError `keys-missing`, `keys-exposed`; StoreError */
export function openSecret(path: string, disk: FileDisk): number {
  let file: number;
  try {
    file = disk.openSync(path, READ_WRITE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    ensure(
      code !== 'ENOENT',
      'keys-missing',
      `${path} is not there: without it these keys cannot be used; register new keys`,
    );
    ensure(
      code !== 'ELOOP' && code !== 'EMLINK' && code !== 'EISDIR',
      'keys-exposed',
      `${path} is a link or a directory: put the file itself there`,
    );
    throw diskFailure(error, `file ${path}`);
  }
  try {
    const found = disk.fstatSync(file);
    ensure(found.isFile(), 'keys-exposed', `${path} is no file`);
    // A second directory of links to the same files would pass for the first, but for its vote log.
    ensure(
      found.nlink === 1,
      'keys-exposed',
      `${path} has a second name in its file system: remove that one`,
    );
    // Windows tells no rights of others in a mode.
    const isOwn = process.platform === 'win32' || (found.mode & 0o077) === 0;
    ensure(
      isOwn,
      'keys-exposed',
      `others than its owner may use ${path}, which holds secrets: run "chmod 600 ${path}", and if anybody may have read it, register new keys`,
    );
    return file;
  } catch (error) {
    disk.closeSync(file);
    throw diskFailure(error, `file ${path}`);
  }
}

function slotFileOver(file: number, path: string, disk: FileDisk): DiskSlotFile {
  const what = `key file ${path}`;
  const found = disk.fstatSync(file, { bigint: true });
  const size = Number(found.size);
  let failure: Error | undefined;
  let isClosed = false;
  let isSyncing = false;

  const expectInside = (offset: number, length: number): void => {
    if (isClosed) throw closed(path);
    if (offset < 0 || length < 0 || offset + length > size) throw new RangeError('outside of the file');
  };

  const closeFile = (): void => onDisk(what, () => disk.closeSync(file));

  const sync = groupedSync((done) => {
    if (isClosed || failure !== undefined) return done(failure ?? closed(path));
    isSyncing = true;
    disk.fdatasync(file, (error) => {
      isSyncing = false;
      if (isClosed) closeFile();
      // A write that failed while the sync ran is none that it covers, but nothing may be sent after it.
      done(failure ?? (error === null ? undefined : diskFailure(error, what)));
    });
  });

  return {
    size,
    // Where a system does not keep the time of birth, that of the last change stands in its place.
    identity: { inode: found.ino, born: found.birthtimeNs < found.ctimeNs ? found.birthtimeNs : 0n },

    changed() {
      expectInside(0, 0);
      return onDisk(what, () => disk.fstatSync(file, { bigint: true }).mtimeNs);
    },

    read(offset, length) {
      expectInside(offset, length);
      return onDisk(what, () => {
        const bytes = readUpTo(disk, file, offset, length);
        ensure(
          bytes.length === length,
          'keys-damaged',
          `${what} has become shorter while it was open: register new keys`,
        );
        return bytes;
      });
    },

    write(offset, bytes) {
      expectInside(offset, bytes.length);
      try {
        writeAll(disk, file, bytes, offset);
      } catch (error) {
        failure ??= diskFailure(error, what);
      }
    },

    sync,

    syncNow() {
      expectInside(0, 0);
      if (failure !== undefined) throw failure;
      onDisk(what, () => disk.fdatasyncSync(file));
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      if (!isSyncing) closeFile();
    },
  };
}

function closed(path: string): ValidatorKeysError {
  return new ValidatorKeysError('closed', `key file ${path} is closed; open it again to use it`);
}
