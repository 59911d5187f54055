import { join } from 'node:path';
import { lockDirectory } from './directory-lock.ts';
import { type Disk, makeDirectory, readFile, systemDisk, writeFileDurably } from './disk.ts';
import { diskError, onDisk } from './disk-errors.ts';
import { ensure } from './errors.ts';

export interface DataDirectoryOptions {
  /** Version of what the directory holds. One that holds another version is refused. */
  readonly schema: number;
  /** The calls to the file system. Default: those of node:fs. */
  readonly disk?: Disk;
}

/** A directory that this process alone uses. */
export interface DataDirectory {
  readonly path: string;
  /** Gives the directory back; may be called again. A process that ends gives it back by ending. */
  release(): void;
}

const SCHEMA = 'schema';

/**
 * Takes a directory for this process, created if it is not there, and checks that it can be written and holds what this
 * program knows.
 *
 * A process that dies gives it back by dying, also by kill -9. Where another machine or container took it and whether that
 * one still runs cannot be told, it is refused: see `lockDirectory`.
 *
 * @throws StoreError `directory-locked` with the process that has it, `schema-unknown`, `directory-unusable`, or a `disk-` code
 */
export function openDataDirectory(path: string, options: DataDirectoryOptions): DataDirectory {
  const { schema, disk = systemDisk } = options;
  const what = `data directory ${path}`;
  onDisk(what, () => makeDirectory(disk, path));
  const release = lockDirectory(path, disk);
  try {
    const stored = readSchema(path, disk);
    if (stored === undefined) {
      writeFileDurably(path, SCHEMA, new TextEncoder().encode(`${schema}\n`), disk);
    } else {
      ensure(
        stored === `${schema}`,
        'schema-unknown',
        `${what} holds version ${JSON.stringify(stored)}, this program reads ${schema}; use the program that wrote it or another directory`,
      );
    }
  } catch (error) {
    release();
    throw error;
  }
  return { path, release };
}

function readSchema(path: string, disk: Disk): string | undefined {
  try {
    const text = new TextDecoder().decode(readFile(disk, join(path, SCHEMA)).subarray(0, 64));
    return text.endsWith('\n') ? text.slice(0, -1) : text;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw diskError(error, `file ${join(path, SCHEMA)}`);
  }
}
