import * as nodeFs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { onDisk } from './disk-errors.ts';

/** The calls to the disk; a test gives others that fail. */
export type Disk = Pick<
  typeof nodeFs,
  | 'openSync'
  | 'closeSync'
  | 'readSync'
  | 'writeSync'
  | 'fsyncSync'
  | 'fdatasyncSync'
  | 'ftruncateSync'
  | 'fstatSync'
  | 'readdirSync'
  | 'mkdirSync'
  | 'renameSync'
  | 'rmSync'
  | 'statfsSync'
>;

export const systemDisk: Disk = nodeFs;

/** Makes what was created, renamed or removed in a directory durable. */
export function syncDirectory(disk: Disk, directory: string): void {
  const file = disk.openSync(directory, 'r');
  try {
    disk.fsyncSync(file);
  } finally {
    disk.closeSync(file);
  }
}

/** Creates a directory and those above it, durably. */
export function makeDirectory(disk: Disk, directory: string): void {
  const first = disk.mkdirSync(directory, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  // Each new one is an entry of the one above it.
  for (let above = dirname(resolve(directory)); above.length >= top.length; above = dirname(above)) {
    syncDirectory(disk, above);
    if (above === dirname(above)) return;
  }
}

/** Writes all bytes at a place of a file. */
export function writeAll(disk: Disk, file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += disk.writeSync(file, bytes, done, bytes.length - done, at + done);
  }
}

/** Reads bytes of a file; fewer where it ends. */
export function readUpTo(disk: Disk, file: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const read = disk.readSync(file, bytes, done, length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** All bytes of a file. */
export function readFile(disk: Disk, path: string): Uint8Array {
  const file = disk.openSync(path, 'r');
  try {
    return readUpTo(disk, file, 0, disk.fstatSync(file).size);
  } finally {
    disk.closeSync(file);
  }
}

/** Puts a file in place, whole and durable or not at all: written beside, synced, renamed. */
export function writeFileDurably(
  directory: string,
  name: string,
  bytes: Uint8Array,
  disk = systemDisk,
): void {
  onDisk(`file ${join(directory, name)}`, () => {
    const beside = join(directory, `${name}.new`);
    const file = disk.openSync(beside, 'w');
    try {
      writeAll(disk, file, bytes, 0);
      disk.fsyncSync(file);
    } finally {
      disk.closeSync(file);
    }
    disk.renameSync(beside, join(directory, name));
    syncDirectory(disk, directory);
  });
}
