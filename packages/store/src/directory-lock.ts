import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Here, type Holder, isLocal, judge, thisProcess } from './directory-holder.ts';
import { type Disk, readFile, writeFileDurably } from './disk.ts';
import { onDisk } from './disk-errors.ts';
import { StoreError } from './errors.ts';

/**
 * Never read and never removed: a lock is on a file, not on a name, so that two who make the file in turn would both have
 * theirs. Its bytes are none of this program's.
 */
const KERNEL_LOCK = 'lock';

/** Stands in the file of a holder whose disk was local. */
const LOCAL = 'local';

const HOLDER = /^lock-(\d+)-(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([0-9a-f]+))?$/;

/** Locks that this process has: what nobody refers to any more is closed, and gone with it would be the lock. */
const held = new Set<DatabaseSync>();

/** Directories that this process has, by device and number: a file that says so of another one is a dead namesake's. */
const taken = new Set<string>();

/**
 * Locks a directory for this process, in two ways.
 *
 * A lock of the kernel, on the file `lock`: of many who come at once exactly one gets it, it ends with its process
 * however that ends, and processes of one machine see it across containers. SQLite takes it, for node:fs cannot; nothing
 * is ever written to that file.
 *
 * A file `lock-<process>-<start>` that says who it is. It gives the refusal a name, and is looked at where the kernel's
 * lock is free and says too little: another machine may share the disk without its locks, and somebody may have removed
 * the file that is locked. Such a file is removed where its process is surely gone, and otherwise refuses: see `judge`.
 *
 * @returns how to give it back, once or more
 * @throws StoreError `directory-locked`, `directory-unusable` where the file system has no locks, or a `disk-` code
 */
export function lockDirectory(path: string, disk: Disk, here: Here = thisProcess()): () => void {
  const what = `data directory ${path}`;
  const kernel = kernelLock(path, disk, here);
  const inode = inodeOf(path);
  const place = placeOf(path);
  const at = { here, inode, local: isLocal(path, disk), mine: taken.has(place) };
  const own = `lock-${here.pid}-${here.boot === '' ? '' : `${here.boot}-${here.start}`}`;
  const remove = (file: string): void => onDisk(what, () => disk.rmSync(join(path, file), { force: true }));
  const unlock = (): void => {
    held.delete(kernel);
    kernel.close();
  };
  let mine = false;
  const release = (): void => {
    if (!mine) return;
    mine = false;
    taken.delete(place);
    try {
      remove(own);
    } finally {
      unlock();
    }
  };
  const refuseUnlessGone = (holder: Holder): void => {
    const verdict = judge(holder, at);
    if (verdict === 'running') throw inUse(path, holder, here);
    if (verdict === 'unknown') throw unjudged(path, holder);
  };
  try {
    const before = holders(path, disk).find(({ file }) => file === own);
    if (before !== undefined) refuseUnlessGone(before);
  } catch (error) {
    unlock();
    throw error;
  }
  mine = true;
  taken.add(place);
  try {
    // Its own first, then a look at others: where the disk has no locks, of two that come at once one sees the other.
    writeFileDurably(
      path,
      own,
      new TextEncoder().encode(`${here.space}\n${here.host}\n${inode}\n${at.local ? LOCAL : ''}\n`),
      disk,
    );
    for (const holder of holders(path, disk)) {
      if (holder.file === own) continue;
      refuseUnlessGone(holder);
      remove(holder.file);
    }
    for (const file of onDisk(what, () => disk.readdirSync(path))) if (UNFINISHED.test(file)) remove(file);
  } catch (error) {
    tidy(() => remove(`${own}.new`));
    tidy(release);
    throw error;
  }
  return release;
}

/** What the death of a process leaves of its file while it is written. */
const UNFINISHED = /^lock-.*\.new$/;

/** For what is done after a failure: that one is told, not what it makes impossible. */
function tidy(action: () => void): void {
  try {
    action();
  } catch {
    // The disk fails: whoever comes next finds what stayed behind.
  }
}

/** The code of SQLITE_BUSY. */
const BUSY = 5;

function kernelLock(path: string, disk: Disk, here: Here): DatabaseSync {
  const file = join(path, KERNEL_LOCK);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    // Takes SQLite's RESERVED lock, which one at a time can have. Without a write there is no journal and no byte of a file.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
    held.add(database);
    return database;
  } catch (error) {
    database?.close();
    if ((error as { errcode?: unknown }).errcode === BUSY) {
      const known = holders(path, disk);
      const at = { here, inode: '', local: false, mine: taken.has(placeOf(path)) };
      throw inUse(path, known.find((one) => judge(one, at) === 'running') ?? known.at(-1), here);
    }
    // SQLite says of a full disk, one without rights and one that fails the same: a write of our own says which it is.
    writeFileDurably(path, `${KERNEL_LOCK}-try`, new Uint8Array(0), disk);
    onDisk(`file ${file}`, () => disk.rmSync(join(path, `${KERNEL_LOCK}-try`), { force: true }));
    throw new StoreError(
      'directory-unusable',
      `file ${file} cannot be locked (${String((error as Error).message)}); use a directory on a file system with locks, and remove the file if it is not an empty one`,
      { cause: error },
    );
  }
}

function holders(path: string, disk: Disk): Holder[] {
  return onDisk(`data directory ${path}`, () => disk.readdirSync(path)).flatMap((file) => {
    const match = HOLDER.exec(file);
    if (match === null) return [];
    const [space = '', host = '', inode = '', disks] = contents(path, file, disk).split('\n');
    const [, pid, boot = '', start = ''] = match;
    return [{ file, pid: Number(pid), boot, start, space, host, inode, local: disks === LOCAL }];
  });
}

function contents(path: string, file: string, disk: Disk): string {
  try {
    return new TextDecoder().decode(readFile(disk, join(path, file)).subarray(0, 1_024));
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return ''; // its process gave it back meanwhile
    throw error;
  }
}

function inodeOf(path: string): string {
  try {
    return `${statSync(join(path, KERNEL_LOCK), { bigint: true }).ino}`;
  } catch {
    return '';
  }
}

function placeOf(path: string): string {
  const { dev, ino } = onDisk(`data directory ${path}`, () => statSync(path, { bigint: true }));
  return `${dev} ${ino}`;
}

function inUse(path: string, holder: Holder | undefined, here: Here): StoreError {
  const elsewhere = holder !== undefined && holder.space !== '' && holder.space !== here.space;
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid}${elsewhere ? ` of another container or machine (${nameOf(holder)})` : ''}`;
  return new StoreError(
    'directory-locked',
    `data directory ${path} is in use by ${who}; stop that one or use another directory`,
  );
}

function unjudged(path: string, holder: Holder): StoreError {
  return new StoreError(
    'directory-locked',
    `data directory ${path} was taken by process ${holder.pid} of the machine or container ${nameOf(holder)}, and whether that one still runs cannot be told from here; stop it there, and once it is sure that it does not run, delete the file ${join(path, holder.file)}`,
  );
}

function nameOf({ host }: Here): string {
  return host.split(' ')[0] || 'unknown';
}
