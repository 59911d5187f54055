import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, makeDirectory, readFile, systemDisk, writeFileDurably } from './disk.ts';
import { diskError, onDisk } from './disk-errors.ts';
import { ensure, StoreError } from './errors.ts';

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
 * The lock is a file named after the process and the instant it started; one of a process that is gone is removed. Whoever
 * comes puts down its own file first and looks for others then, so that of two that come at once at least one sees the
 * other: both may be refused, never both let in. Processes that do not see each other (containers with process numbers of
 * their own, machines that share a disk) are not kept apart.
 *
 * @throws StoreError `directory-locked` with the process that has it, `schema-unknown`, `directory-unusable`, or a `disk-` code
 */
export function openDataDirectory(path: string, options: DataDirectoryOptions): DataDirectory {
  const { schema, disk = systemDisk } = options;
  const what = `data directory ${path}`;
  onDisk(what, () => makeDirectory(disk, path));
  const release = lock(path, disk);
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

interface Holder {
  readonly pid: number;
  /** When it started, in a form that no other process of this number ever has; empty where the system does not tell. */
  readonly start: string;
}

const LOCK = /^lock-(\d+)-([0-9a-f-]*)$/;

function lock(path: string, disk: Disk): () => void {
  const own = { pid: process.pid, start: startOf(process.pid) ?? '' };
  const name = `lock-${own.pid}-${own.start}`;
  const file = join(path, name);
  try {
    disk.closeSync(disk.openSync(file, 'wx'));
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') throw locked(path, own.pid);
    throw diskError(error, `data directory ${path}`);
  }
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    onDisk(`data directory ${path}`, () => disk.rmSync(file, { force: true }));
  };
  try {
    for (const other of onDisk(`data directory ${path}`, () => disk.readdirSync(path))) {
      const match = LOCK.exec(other);
      if (match === null || other === name) continue;
      const holder = { pid: Number(match[1]), start: match[2]! };
      if (isRunning(holder)) throw locked(path, holder.pid);
      onDisk(`data directory ${path}`, () => disk.rmSync(join(path, other), { force: true }));
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

function locked(path: string, pid: number): StoreError {
  return new StoreError(
    'directory-locked',
    `data directory ${path} is in use by process ${pid}; stop that one or use another directory`,
  );
}

function isRunning({ pid, start }: Holder): boolean {
  const now = startOf(pid);
  if (now !== undefined && start !== '') return now === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ESRCH';
  }
}

/**
 * The start of a process: the boot it belongs to and clock ticks since then (proc(5): stat, field 22). Empty for one that
 * ended and was not collected yet, undefined where there is no such process or no such file system.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return '';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}-${BigInt(fields[19]!).toString(16)}`;
  } catch {
    return undefined;
  }
}
