import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** What a disk may do to a node that is not running. */

/** Cuts bytes off the end of a file: the last write did not reach the disk whole. Throws where the file is not longer. */
export function tear(file: string, bytes: number): void {
  const { size } = statSync(file);
  if (size <= bytes) throw new Error(`${file} has ${size} bytes only`);
  truncateSync(file, size - bytes);
}

/** The file of a log in segments that was written last. */
export function lastSegment(directory: string): string {
  const last = readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .at(-1);
  if (last === undefined) throw new Error(`${directory} holds no log`);
  return join(directory, last);
}

/** Keeps a directory as it is now. The other one must not exist. */
export function keepCopy(directory: string, copy: string): void {
  cpSync(directory, copy, { recursive: true, errorOnExist: true, force: false });
}

/** Puts a directory back as it was kept. */
export function putBack(directory: string, copy: string): void {
  rmSync(directory, { recursive: true, force: true });
  cpSync(copy, directory, { recursive: true });
}
