import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface FileLockOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** Pause between two looks at a lock that is held, ms. Default: 200. */
  readonly pollMs?: number;
  /**
   * Age from which a lock counts as left behind, ms, where its holder cannot be seen (another machine on the same
   * folder, a process number that was given out again). Its holder renews it ten times as often. Default: 60,000.
   */
  readonly staleMs?: number;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/**
 * Runs a job while holding the lock file at `path`, so that processes which want the same costly thing make it once.
 * Who waits looks again every `pollMs`; the lock of a process that is gone is taken over.
 *
 * It saves work and guards nothing: a takeover can race with another one, and then both run. What the job
 * writes must bear that (here it is written by rename, and is the same bytes whoever makes them).
 */
export async function withFileLock<T>(
  path: string,
  job: () => Promise<T>,
  options: FileLockOptions = {},
): Promise<T> {
  const { signal, pollMs = 200, staleMs = 60_000 } = options;
  const mine: Holder = { pid: process.pid, host: hostname(), token: randomBytes(8).toString('hex') };
  await mkdir(dirname(path), { recursive: true });
  while (!(await tryTake(path, mine))) {
    signal?.throwIfAborted();
    const holder = await readHolder(path);
    if (await isLeftBehind(path, holder, staleMs)) await removeIfOf(path, holder);
    else await pause(pollMs, undefined, signal === undefined ? {} : { signal });
  }
  const renewal = setInterval(() => void renew(path), staleMs / 10);
  renewal.unref();
  try {
    signal?.throwIfAborted();
    return await job();
  } finally {
    clearInterval(renewal);
    await removeIfOf(path, mine);
  }
}

async function tryTake(path: string, holder: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who holds the lock; undefined where nobody does, or where what stands there is not (yet) a holder. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder> | null;
    const { pid, host, token } = holder ?? {};
    return typeof pid === 'number' && typeof host === 'string' && typeof token === 'string'
      ? { pid, host, token }
      : undefined;
  } catch {
    return undefined;
  }
}

async function isLeftBehind(path: string, holder: Holder | undefined, staleMs: number): Promise<boolean> {
  if (holder !== undefined && holder.host === hostname() && !isAlive(holder.pid)) return true;
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age > staleMs;
}

/** A signal of number 0 is never delivered: it only asks whether the process is there (kill(2)). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function removeIfOf(path: string, holder: Holder | undefined): Promise<void> {
  if ((await readHolder(path))?.token === holder?.token) await rm(path, { force: true });
}

async function renew(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
