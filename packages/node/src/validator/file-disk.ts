import * as nodeFs from 'node:fs';
import { type Disk, diskError } from '@sero/store/node';

/** What a call to the file system answers. */
type Answer<T> = (error: Error | null, value: T) => void;

/** The calls to the disk, those that may wait for it through the thread pool; a test gives others that fail. */
export interface FileDisk extends Disk {
  write(
    file: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    at: number,
    answer: Answer<number>,
  ): void;
  ftruncate(file: number, length: number, answer: (error: Error | null) => void): void;
  fdatasync(file: number, answer: (error: Error | null) => void): void;
}

export const systemFileDisk: FileDisk = nodeFs;

/** Opens for reading and writing; on systems that can, refuses where the last part of the path is a link. */
export const READ_WRITE = nodeFs.constants.O_RDWR | (nodeFs.constants.O_NOFOLLOW ?? 0);

/** Makes a file that is not there yet. */
export const MAKE = READ_WRITE | nodeFs.constants.O_CREAT | nodeFs.constants.O_EXCL;

/** Of a file of secrets: its owner reads and writes. */
export const SECRET_MODE = 0o600;

/** Writes all bytes at a place of a file, through the thread pool. */
export async function writeAllLater(
  disk: FileDisk,
  file: number,
  bytes: Uint8Array,
  at: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await new Promise<number>((resolve, reject) => {
      disk.write(file, bytes, done, bytes.length - done, at + done, (error, written) =>
        error === null ? resolve(written) : reject(error),
      );
    });
  }
}

/** Ends a file at an offset, through the thread pool. */
export function truncateLater(disk: FileDisk, file: number, length: number): Promise<void> {
  return new Promise((resolve, reject) => {
    disk.ftruncate(file, length, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Makes a file's bytes durable, through the thread pool. */
export function syncLater(disk: FileDisk, file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    disk.fdatasync(file, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** An error of the file system as the store's; what is typed already, and what no file system threw, is returned as it is. */
export function diskFailure(error: unknown, what: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.name === 'Error' && 'code' in error ? diskError(error, what) : error;
}

/** Runs what touches the disk; what the file system throws comes as a StoreError. */
export function onDisk<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw diskFailure(error, what);
  }
}
