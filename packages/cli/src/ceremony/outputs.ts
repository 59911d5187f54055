import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { access, lstat, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { usageError } from '../errors.ts';
import type { Io } from '../io.ts';

/** Results of the commands of `sero ceremony`: new files, asked for before minutes of work and written whole, all or none. */

/** Refuses, before any work, names under which nothing new can be written. */
export async function expectNew(io: Io, ...paths: readonly string[]): Promise<void> {
  if (new Set(paths.map((path) => resolve(io.cwd, path))).size < paths.length) {
    throw usageError('two results cannot go to one file', 'choose another name for one of them');
  }
  for (const path of paths) {
    if (path === '-') throw usageError('a ceremony’s file cannot go to standard output', 'name a new file');
    const target = resolve(io.cwd, path);
    try {
      // A link that leads nowhere is something, too.
      await lstat(target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(path, error);
      await access(dirname(target), constants.W_OK).catch((reason: unknown) => {
        throw unwritable(path, reason);
      });
      continue;
    }
    throw unwritable(path, { code: 'EEXIST' });
  }
}

function unwritable(path: string, error: unknown): Error {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
      return usageError(`the file ${path} exists already: choose another name`);
    case 'ENOENT':
    case 'ENOTDIR':
      return usageError(`there is no directory for ${path}`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return usageError(`the file ${path} may not be written`);
    default:
      return error as Error;
  }
}

interface Result {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A result that lies beside its place. */
interface Made {
  readonly path: string;
  readonly beside: string;
  readonly target: string;
}

/**
 * Writes new files that their owner alone can read: each beside its place and synced, then all renamed at one go. Where
 * anything fails, or ctrl-C is pressed, none of them stands there.
 */
export async function writeAllNew(io: Io, ...results: readonly Result[]): Promise<void> {
  const made: Made[] = [];
  const remove = (): void => {
    for (const { beside } of made) rmSync(beside, { force: true });
  };
  // An interruption ends the process and does not wait for what still runs.
  io.signal.addEventListener('abort', remove, { once: true });
  try {
    for (const { path, bytes } of results) {
      io.signal.throwIfAborted();
      const target = resolve(io.cwd, path);
      const beside = `${target}.${randomBytes(4).toString('hex')}.new`;
      try {
        // At one go with its entry in `made`, so that no file is left that nobody knows of.
        closeSync(openSync(beside, 'wx', 0o600));
        made.push({ path, beside, target });
        await fill(beside, bytes);
      } catch (error) {
        // What was removed for an interruption cannot be opened.
        io.signal.throwIfAborted();
        throw unwritable(path, error);
      }
    }
    io.signal.throwIfAborted();
    putInPlace(made);
  } finally {
    io.signal.removeEventListener('abort', remove);
    remove();
  }
}

async function fill(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Nothing comes between these calls. A name is taken first, where nothing has it, since renaming would replace what has. */
function putInPlace(made: readonly Made[]): void {
  const taken: string[] = [];
  try {
    for (const { path, target } of made) {
      try {
        closeSync(openSync(target, 'wx', 0o600));
      } catch (error) {
        throw unwritable(path, error);
      }
      taken.push(target);
    }
    for (const { beside, target } of made) renameSync(beside, target);
    for (const folder of new Set(made.map(({ target }) => dirname(target)))) syncFolder(folder);
  } catch (error) {
    for (const target of taken) rmSync(target, { force: true });
    throw error;
  }
}

/** Makes new names outlive a power cut, where the system has folders synced. */
function syncFolder(folder: string): void {
  let handle: number | undefined;
  try {
    handle = openSync(folder, 'r');
    fsyncSync(handle);
  } catch {
    // Windows opens no folder; the file system then writes names when it likes to.
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
