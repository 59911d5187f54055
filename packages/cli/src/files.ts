import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { usageError } from './errors.ts';
import type { Io } from './io.ts';

/** Longest text that is read from standard input, in bytes. */
const MAX_INPUT = 8 << 20;

/** Where everything of one person on one machine lies: --dir, SERO_DIR, XDG_DATA_HOME/sero, ~/.local/share/sero. */
export function baseDirectory(io: Io, option: string | undefined): string {
  const chosen = option ?? (io.env.SERO_DIR || undefined);
  if (chosen !== undefined) return resolve(io.cwd, chosen);
  const data = io.env.XDG_DATA_HOME;
  // The XDG specification: a relative path is to be ignored.
  const home = data !== undefined && isAbsolute(data) ? data : join(homedir(), '.local', 'share');
  return join(home, 'sero');
}

/** Reads text from a file, or from standard input for "-". */
export async function readText(io: Io, path: string): Promise<string> {
  if (path === '-') return readInput(io);
  try {
    return await readFile(resolve(io.cwd, path), 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Reads a file's bytes. */
export async function readBytes(io: Io, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(resolve(io.cwd, path)));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return usageError(`there is no file ${path}`);
  if (code === 'EACCES') return usageError(`the file ${path} may not be read`);
  if (code === 'EISDIR') return usageError(`${path} is a directory, a file is expected`);
  return error as Error;
}

async function readInput({ stdin, signal }: Io): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    signal.throwIfAborted();
    const bytes = Buffer.from(chunk as Uint8Array | string);
    length += bytes.length;
    if (length > MAX_INPUT) throw usageError('standard input is longer than 8 MiB');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The bytes at a path, or undefined where there is nothing. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a directory that only its owner can enter. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * Writes a file that only its owner can read (mode 0600): beside, synced, then renamed, so that a crash leaves the old bytes or the
 * new ones.
 */
export async function writePrivate(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(beside, 0o600);
  await rename(beside, path);
  await syncDirectory(dirname(path));
}

/** Makes a rename durable; Windows cannot open directories, and does not need it. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Writes a result to a file that does not exist yet, readable by its owner alone, or to standard output for "-". */
export async function writeNew(io: Io, path: string, content: string | Uint8Array): Promise<void> {
  if (path === '-') {
    io.stdout.write(content);
    return;
  }
  try {
    const file = await open(resolve(io.cwd, path), 'wx', 0o600);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw usageError(`the file ${path} exists already: choose another name`);
    if (code === 'ENOENT') throw usageError(`there is no directory for ${path}`);
    throw error;
  }
}
