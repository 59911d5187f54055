import * as nodeFs from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Done } from '@sero/consensus';
import { ValidatorKeysError, type ValidatorKeysErrorCode } from './errors.ts';
import type { FileDisk } from './file-disk.ts';

/** A new directory that is gone when the tests of the file are over. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sero-validator-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** For assert.throws: a ValidatorKeysError with this code. */
export function refuses(code: ValidatorKeysErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof ValidatorKeysError && error.code === code;
}

/** Waits for a sync. @returns what it failed with */
export function outcomeOf(syncs: { sync(done: Done): void }): Promise<Error | undefined> {
  return new Promise((resolve) => syncs.sync(resolve));
}

/** A disk whose syncs are done at once: for tests in which no machine stops. */
export const quickDisk: FileDisk = {
  ...nodeFs,
  fsyncSync: () => undefined,
  fdatasyncSync: () => undefined,
  fdatasync: (_file, answer) => setImmediate(answer, null),
};

/** A disk that does everything at once and tells of it when the test says. */
export interface HeldDisk {
  readonly disk: FileDisk;
  /** Names of the calls so far that change a file or make it durable, in their order. */
  readonly calls: string[];
  /** Answers the call that waited longest, or makes it fail, and lets what follows from it happen. @returns its name */
  answer(failure?: Error): Promise<string | undefined>;
}

/** Calls that change a file or make it durable, and do not go through the thread pool. */
const { writeSync, fdatasyncSync, fsyncSync, renameSync } = quickDisk;
const NOTED = { writeSync, fdatasyncSync, fsyncSync, renameSync };

export function heldDisk(): HeldDisk {
  const calls: string[] = [];
  const waiting: { name: string; run: (failure?: Error) => void }[] = [];
  const disk: FileDisk = {
    ...quickDisk,
    write(file, bytes, offset, length, at, answer) {
      calls.push('write');
      const run = (failure?: Error): void => {
        if (failure !== undefined) answer(failure, 0);
        else answer(null, nodeFs.writeSync(file, bytes, offset, length, at));
      };
      waiting.push({ name: 'write', run });
    },
    ftruncate(file, length, answer) {
      calls.push('ftruncate');
      const run = (failure?: Error): void => {
        if (failure === undefined) nodeFs.ftruncateSync(file, length);
        answer(failure ?? null);
      };
      waiting.push({ name: 'ftruncate', run });
    },
    fdatasync(_file, answer) {
      calls.push('fdatasync');
      waiting.push({ name: 'fdatasync', run: (failure) => answer(failure ?? null) });
    },
  };
  for (const [name, call] of Object.entries(NOTED)) {
    const noted = (...args: unknown[]): unknown => {
      calls.push(name);
      return (call as (...args: unknown[]) => unknown)(...args);
    };
    Object.assign(disk, { [name]: noted });
  }
  return {
    disk,
    calls,
    async answer(failure) {
      await turn();
      const next = waiting.shift();
      next?.run(failure);
      await turn();
      return next?.name;
    },
  };
}

/** Lets everything that waits on nothing but promises run to its end. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: test`), { code });
}

/** A disk of which every call fails after so many: the process was killed there. Calls are counted that change something. */
export function killedAfter(count: number): { disk: FileDisk; wasKilled(): boolean } {
  let left = count;
  let wasKilled = false;
  const disk = new Proxy(quickDisk, {
    get: (target, name) => {
      const call = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      const changes = /^(write|fsync|fdatasync|ftruncate|rename|mkdir)/.test(String(name));
      return (...args: unknown[]) => {
        const opens = name === 'openSync' && args[1] !== 'r';
        if (wasKilled && name !== 'closeSync') throw systemError('EIO');
        if ((changes || opens) && left-- <= 0) {
          wasKilled = true;
          throw systemError('EIO');
        }
        return call(...args);
      };
    },
  });
  return { disk, wasKilled: () => wasKilled };
}
