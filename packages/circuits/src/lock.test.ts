import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { withFileLock } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'sero-lock-'));
after(() => rmSync(folder, { recursive: true }));

const fast = { pollMs: 5 } as const;

/** Waits for a lock through some turns of the event loop, in which it looks at it many times, and gives up. */
async function waitsInVain(path: string): Promise<void> {
  const calledOff = new AbortController();
  let ran = false;
  const job = async (): Promise<void> => {
    ran = true;
  };
  const waiting = withFileLock(path, job, { pollMs: 0, signal: calledOff.signal });
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  calledOff.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  assert.equal(ran, false);
}

test('jobs under one lock run one after another, and the lock is gone in the end', async () => {
  const path = join(folder, 'deep', 'one');
  let running = 0;
  const job = async (): Promise<number> => {
    assert.equal(++running, 1);
    await new Promise(setImmediate);
    return running--;
  };
  const results = await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, job, fast)));
  assert.deepEqual(results, [1, 1, 1, 1, 1]);
  assert.equal(existsSync(path), false);
});

test('who waits begins when the holder has ended, also where the holder failed', async () => {
  const path = join(folder, 'failing');
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = withFileLock(path, async () => {
    hold();
    await opened;
    order.push('first');
    throw new RangeError('no');
  });
  await held;
  const second = withFileLock(path, async () => order.push('second'), fast);
  open();
  await assert.rejects(first, RangeError);
  await second;
  assert.deepEqual(order, ['first', 'second']);
  assert.equal(existsSync(path), false);
});

test('the lock of a process that was killed is taken over', async () => {
  const path = join(folder, 'killed');
  const module = new URL('./lock.ts', import.meta.url).href;
  const script = `const { withFileLock } = await import(${JSON.stringify(module)});
    await withFileLock(${JSON.stringify(path)}, () => { process.stdout.write('held'); return new Promise((r) => setInterval(r, 1 << 30)); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.equal((JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid, child.pid);
  await waitsInVain(path);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await withFileLock(path, async () => 'mine', fast), 'mine');
});

test('a lock whose holder cannot be seen is taken over once nobody renews it, and not before', async () => {
  const path = join(folder, 'elsewhere');
  writeFileSync(path, JSON.stringify({ pid: process.pid, host: `not ${hostname()}`, token: 'x' }));
  await waitsInVain(path);
  const old = new Date(Date.now() - 61_000);
  utimesSync(path, old, old);
  assert.equal(await withFileLock(path, async () => 1, fast), 1);
});

test('a lock file that says nothing is taken over in time as well', async () => {
  const path = join(folder, 'torn');
  writeFileSync(path, '{"pid":');
  const old = new Date(Date.now() - 61_000);
  utimesSync(path, old, old);
  assert.equal(await withFileLock(path, async () => 1, fast), 1);
});

test('whose lock was taken over leaves the other’s alone', async () => {
  const path = join(folder, 'taken');
  const other = JSON.stringify({ pid: 1, host: 'another', token: 'y' });
  await withFileLock(path, async () => writeFileSync(path, other));
  assert.equal(readFileSync(path, 'utf8'), other);
});

test('a job that was called off before it had the lock does not run', async () => {
  const path = join(folder, 'aborted');
  let ran = false;
  const job = async (): Promise<void> => {
    ran = true;
  };
  await assert.rejects(withFileLock(path, job, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.deepEqual([ran, existsSync(path)], [false, false]);
});
