import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { concat } from '@sero/crypto';
import { vk } from './compliance-test-support.ts';
import { loadNativeAddon, type NativeAddon, type NativeCancel } from './native-addon.ts';

const run = promisify(execFile);
const path = fileURLToPath(new URL('../native/build/sero_prover.node', import.meta.url));
const keyBytes = concat(vk.alpha, vk.beta, vk.gamma, vk.delta, ...vk.ic);

/** Scalars of work that takes many seconds: it ends when it is told to. */
const LONG = 150_000;
const SHORT = 16;
const CANCELLED = [2, 0];

const load = loadNativeAddon();

describe('the queue of the native addon', () => {
  if ('missing' in load) {
    it('is missing for a reason that can be told in a line', () => {
      assert.match(load.missing, /^[^\n]{10,400}$/);
    });
  } else {
    tests(load.addon);
  }
});

/** The nice value of a thread of this process; undefined where it has ended. */
async function niceOf(thread: string): Promise<number | undefined> {
  const text = await readFile(`/proc/self/task/${thread}/stat`, 'utf8').catch(() => undefined);
  // The name of a thread may hold spaces and brackets.
  return text === undefined ? undefined : Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16]);
}

function tests(addon: NativeAddon): void {
  const scalars = (count: number): Uint8Array => new Uint8Array(32 * count).fill(1);
  const newKey = () =>
    addon.newVerifyingKey(keyBytes) as Extract<Parameters<NativeAddon['verify']>[0], object>;

  /** Starts work, and notes its name once it is settled. */
  function starter() {
    const settled: string[] = [];
    const start = async (name: string, count: number, flag?: NativeCancel): Promise<unknown> => {
      const result = await addon.groupMultiplyGenerator(2, scalars(count), flag);
      settled.push(name);
      return result;
    };
    return { settled, start };
  }

  it('leaves the threads that files are read by to them, however much work waits', async () => {
    const { settled, start } = starter();
    const flags = Array.from({ length: 8 }, () => addon.newCancel());
    const works = flags.map((flag, i) => start(String(i), LONG, flag));
    await stat(path);
    assert.deepEqual(settled, []);
    for (const flag of flags) addon.cancel(flag);
    assert.deepEqual(
      await Promise.all(works),
      flags.map(() => CANCELLED),
    );
    for (const flag of flags) addon.release(flag);
  });

  const onLinux = {
    skip: process.platform === 'linux' ? false : 'threads have no nice value of their own here',
  };
  it('gives way to what answers: its threads alone have a lower priority', onLinux, async () => {
    const flag = addon.newCancel();
    const { settled, start } = starter();
    const work = start('long', LONG, flag);
    const ofProcess = getPriority();
    const inLow = async (): Promise<number> => {
      const niceness = await Promise.all((await readdir('/proc/self/task')).map(niceOf));
      return niceness.filter((nice) => nice === Math.min(ofProcess + 5, 19)).length;
    };
    // A thread lowers itself once it runs, long before such work ends.
    let low = await inLow();
    for (; low < 2 && settled.length === 0; low = await inLow()) await setTimeout(1);
    assert.ok(low >= 2);
    assert.equal(await niceOf(String(process.pid)), ofProcess);
    addon.cancel(flag);
    await work;
    addon.release(flag);
  });

  it('runs two jobs at once, the others in the order in which they came, those of all threads in one line', async () => {
    const { settled, start } = starter();
    const [first, second] = [addon.newCancel(), addon.newCancel()];
    const works = [start('first', LONG, first), start('second', LONG, second), start('third', SHORT)];
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const work = require(workerData).groupMultiplyGenerator(2, new Uint8Array(32 * ${SHORT}).fill(1));
      parentPort.postMessage('waits');
      work.then(() => parentPort.postMessage('done'));`;
    const worker = new Worker(program, { eval: true, execArgv: [], workerData: path });
    const exit = once(worker, 'exit');
    await once(worker, 'message');
    const ofWorker = once(worker, 'message').then(() => settled.push('of the worker'));
    works.push(start('last', LONG, second));
    await stat(path);
    assert.deepEqual(settled, [], 'the third waits while two run');
    addon.cancel(first);
    await ofWorker;
    assert.deepEqual(settled, ['first', 'third', 'of the worker']);
    addon.cancel(second);
    await Promise.all([...works, exit]);
    for (const flag of [first, second]) addon.release(flag);
  });

  it('ends what waits at once when its flag is set, and what comes with one that is', async () => {
    const { settled, start } = starter();
    const [runs, waits] = [addon.newCancel(), addon.newCancel()];
    const works = [start('runs', LONG, runs), start('runs too', LONG, runs)];
    const waiting = [start('waits', LONG, waits), start('waits too', LONG, waits)];
    addon.cancel(waits);
    waiting.push(start('came late', LONG, waits));
    assert.deepEqual(await Promise.all(waiting), [CANCELLED, CANCELLED, CANCELLED]);
    assert.deepEqual(settled, ['waits', 'waits too', 'came late']);
    const pairs = addon.pairingProductIsOne as (...values: unknown[]) => Promise<unknown>;
    assert.deepEqual(await pairs(new Uint8Array(96), new Uint8Array(192), waits), CANCELLED);
    addon.cancel(runs);
    await Promise.all(works);
    for (const flag of [runs, waits]) addon.release(flag);
  });

  it('lets a worker or a process end without the work that it has begun', async () => {
    const before = addon.liveHandles();
    const { settled, start } = starter();
    const flag = addon.newCancel();
    const long = start('long', LONG, flag);
    const begin = `const key = addon.newVerifyingKey(new Uint8Array([${keyBytes}]));
      for (let i = 0; i < 8; i++) void addon.groupMultiplyGenerator(2, new Uint8Array(32 * ${LONG}).fill(1));`;
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require(workerData);
      ${begin}
      parentPort.postMessage('at work');`;
    const worker = new Worker(program, { eval: true, execArgv: [], workerData: path });
    await once(worker, 'message');
    await worker.terminate();
    assert.deepEqual(settled, []);
    const text = `const addon = require(${JSON.stringify(path)}); ${begin} process.exit(0);`;
    await run(process.execPath, ['-e', text]);
    assert.deepEqual(settled, []);
    addon.cancel(flag);
    assert.deepEqual(await long, CANCELLED);
    addon.release(flag);
    assert.equal(addon.liveHandles(), before);
    // A worker is the last there that has the addon: its library may be closed, and is loaded again.
    const only = `
      const { Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      (async () => {
        for (let i = 0; i < 2; i++) {
          const worker = new Worker(${JSON.stringify(program)}, { eval: true, workerData: ${JSON.stringify(path)} });
          await once(worker, 'message');
          await worker.terminate();
        }
      })();`;
    await run(process.execPath, ['-e', only]);
  });

  it('may be loaded again by a thread that has it', async () => {
    const program = `
      const path = ${JSON.stringify(path)};
      const tables = [0, 1, 2].map(() => {
        const module = { exports: {} };
        process.dlopen(module, path);
        return module.exports;
      });
      const works = tables.map((addon) => addon.groupMultiplyGenerator(1, new Uint8Array(32 * ${SHORT}).fill(1)));
      const flag = tables[0].newCancel();
      tables[1].cancel(flag);
      Promise.all(works).then((all) => all.forEach((bytes) => {
        if (Buffer.compare(bytes, all[0]) !== 0) throw new Error('another result');
      }));`;
    await run(process.execPath, ['-e', program]);
    const twice = `new (require('node:worker_threads').Worker)(${JSON.stringify(program)}, { eval: true });`;
    await run(process.execPath, ['-e', twice]);
  });

  it('reads all that it is given before getters among the keys run', async () => {
    const proof = concat(vk.alpha, vk.beta, vk.alpha);
    const [which, flag, others] = [new Uint8Array(1), addon.newCancel(), [] as NativeCancel[]];
    const keys = [newKey()];
    const key = keys[0]!;
    Object.defineProperty(keys, 0, {
      get: () => {
        structuredClone(which, { transfer: [which.buffer] }).fill(255);
        addon.release(flag);
        // Some of these take the place that the flag had, and are set.
        for (let i = 0; i < 100; i++) {
          others.push(addon.newCancel());
          addon.cancel(others[i]!);
        }
        return key;
      },
    });
    const seed = new Uint8Array(32).fill(1);
    const verdicts = await addon.verifyBatch(keys, which, new Uint8Array(96), proof, seed, flag);
    assert.deepEqual(verdicts, Uint8Array.of(112));
    for (const handle of [key, ...others]) addon.release(handle);
  });

  it('tells the collector how much memory its objects hold: those that are forgotten are freed before they are many', async () => {
    const most = 600;
    const before = addon.liveHandles();
    let made = 0;
    while (made < most && addon.liveHandles() === before + made) {
      newKey();
      made++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(made < most, `${made} keys of 290 kB each, and none was freed`);
  });

  it('takes no more pairs at once than it can be left to', async () => {
    const most = 2048;
    const [left, right] = [new Uint8Array(96 * (most + 1)), new Uint8Array(192 * (most + 1))];
    assert.throws(() => void addon.pairingProductIsOne(left, right), RangeError);
    const all = addon.pairingProductIsOne(left.subarray(96), right.subarray(192));
    assert.equal(await all, 1, 'of points at infinity');
  });
}
