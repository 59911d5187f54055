import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Disk, systemDisk } from './disk.ts';
import { StoreError, type StoreErrorCode } from './errors.ts';

/** A new directory that is gone when the tests of the file are over. */
export function temporaryDirectory(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, 'sero-store-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** As `temporaryDirectory`, in memory where the system has such a place: for tests that sync a thousand times. */
export function memoryDirectory(): string {
  return temporaryDirectory(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
}

/** For assert.throws and assert.rejects: a StoreError with this code. */
export function refuses(code: StoreErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

/** The system's calls without the waits for the disk: for tests in which no machine stops. */
export const quickDisk: Disk = { ...systemDisk, fsyncSync: () => undefined, fdatasyncSync: () => undefined };

/** A copy with one byte changed to another one, and what was done, for messages. */
export function flipped(bytes: Uint8Array, at: number): { bytes: Uint8Array; what: string } {
  const by = 1 + Math.floor(Math.random() * 255);
  const changed = Uint8Array.from(bytes);
  changed[at]! ^= by;
  return { bytes: changed, what: `byte ${at} of ${bytes.length} xor ${by}` };
}

/** A program for `node -e` that has what @sero/store/node exports as `store`, and the arguments as `args`. */
export function programArguments(body: string): string[] {
  const url = new URL('./node.ts', import.meta.url).href;
  const code = `import * as store from ${JSON.stringify(url)}; const args = process.argv.slice(1);\n${body}`;
  return ['--input-type=module', '--eval', code];
}

/** Runs a program in a process of its own until it ends. `fileBlocks`: no file may grow beyond so many KiB. */
export function runProgram(
  body: string,
  args: readonly string[],
  fileBlocks?: number,
): { status: number | null; stdout: string; stderr: string } {
  const command = [process.execPath, ...programArguments(body), ...args];
  const [file, ...rest] =
    fileBlocks === undefined
      ? command
      : ['bash', '-c', 'ulimit -f "$0" && exec "$@"', `${fileBlocks}`, ...command];
  return spawnSync(file!, rest, { encoding: 'utf8' });
}

/** Starts a program and waits for its first line. It is killed when the tests of the file are over. */
export async function startProgram(body: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...programArguments(body), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  after(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}
