import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WasmModule } from './wasm-module.ts';
import { createWasmPool, type WasmCancel, type WasmObject } from './wasm-pool.ts';
import type { StartWasmThread, WasmRequest, WasmThreadEvents } from './wasm-thread.ts';

/** A thread that a test plays. */
interface Played {
  readonly sent: WasmRequest[];
  readonly events: WasmThreadEvents;
  isEnded: boolean;
  isHeld: boolean;
}

const MODULE = {} as WasmModule;
const STATUS_CANCELLED = 2;

function played(): { readonly threads: Played[]; readonly start: StartWasmThread } {
  const threads: Played[] = [];
  return {
    threads,
    start: (events) => {
      const thread: Played = { sent: [], events, isEnded: false, isHeld: false };
      threads.push(thread);
      return {
        send: (request) => void thread.sent.push(request),
        hold: (isBusy) => {
          thread.isHeld = isBusy;
        },
        end: () => {
          thread.isEnded = true;
        },
      };
    },
  };
}

const newCancel = (): WasmCancel => ({ isCancelled: false, listeners: new Set() });

function cancelNow(cancel: WasmCancel): void {
  cancel.isCancelled = true;
  for (const listener of [...cancel.listeners]) listener();
}

/** The names of the operations that a thread was asked for. */
const asked = (thread: Played | undefined): string[] =>
  (thread?.sent ?? []).flatMap((request) => ('name' in request ? [request.name] : []));

const KEY: WasmObject = { id: 7, name: 'addVerifyingKey', args: [Uint8Array.of(1)] };
const bytes = (length: number): Uint8Array => new Uint8Array(length);

test('a thread gets the code first and one operation at a time, and holds the program only while it works', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const first = pool.run('hashNodes', [bytes(1)]);
  const second = pool.run('hashNodes', [bytes(2)]);
  const [thread] = threads;
  assert.deepEqual(thread?.sent[0], { module: MODULE });
  assert.deepEqual(asked(thread), ['hashNodes']);
  assert.equal(thread?.isHeld, true);
  thread?.events.reply({ result: Uint8Array.of(1) });
  assert.deepEqual(await first, Uint8Array.of(1));
  assert.deepEqual(asked(thread), ['hashNodes', 'hashNodes']);
  thread?.events.reply({ result: Uint8Array.of(2) });
  assert.deepEqual(await second, Uint8Array.of(2));
  assert.equal(thread?.isHeld, false);
  assert.equal(threads.length, 1);
});

test('only the bytes in view are sent, as a copy', () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const whole = Uint8Array.of(1, 2, 3, 4);
  void pool.run('hashNodes', [whole.subarray(1, 3)]);
  const request = threads[0]?.sent[1];
  assert.ok(request !== undefined && 'args' in request);
  const [sent] = request.args as [Uint8Array];
  assert.deepEqual(sent, Uint8Array.of(2, 3));
  assert.equal(sent.buffer.byteLength, 2);
});

test('an object is made once a thread, and before the work that needs it', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const run = () =>
    pool.run('verifyBatch', [[7], bytes(1), bytes(0), bytes(192), bytes(32)], { needs: [KEY] });
  const first = run();
  const [thread] = threads;
  assert.deepEqual(asked(thread), ['addVerifyingKey']);
  thread?.events.reply({ result: undefined });
  assert.deepEqual(asked(thread), ['addVerifyingKey', 'verifyBatch']);
  thread?.events.reply({ result: bytes(1) });
  await first;
  const second = run();
  assert.deepEqual(asked(thread).slice(2), ['verifyBatch']);
  thread?.events.reply({ result: bytes(1) });
  await second;
  pool.drop(7);
  assert.deepEqual(thread?.sent.at(-1), { drop: 7 });
});

test('an object that is dropped while work needs it is freed when the work is done', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const work = pool.run('witness', [7, bytes(0)], { needs: [{ ...KEY, name: 'addCircuit' }] });
  const [thread] = threads;
  pool.drop(7);
  thread?.events.reply({ result: undefined });
  assert.deepEqual(asked(thread), ['addCircuit', 'witness']);
  thread?.events.reply({ result: bytes(32) });
  await work;
  assert.deepEqual(thread?.sent.at(-1), { drop: 7 });
});

test('an object that is dropped while it is made for work that was cancelled is freed when it is made', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const cancel = newCancel();
  const image = { ...KEY, name: 'addProvingKeyImage' as const };
  const work = pool.run('proveSum', [7, 0, 0, 1, bytes(32)], { needs: [image], cancel });
  cancelNow(cancel);
  assert.equal(await work, STATUS_CANCELLED);
  pool.drop(7);
  assert.deepEqual(asked(threads[0]), ['addProvingKeyImage']);
  threads[0]?.events.reply({ result: undefined });
  assert.deepEqual(threads[0]?.sent.at(-1), { drop: 7 });
});

test('an object that is dropped while a cancelled operation uses it is freed behind that', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const cancel = newCancel();
  const work = pool.run('provingKeyImage', [7], { needs: [{ ...KEY, name: 'addProvingKey' }], cancel });
  threads[0]?.events.reply({ result: undefined });
  cancelNow(cancel);
  assert.equal(await work, STATUS_CANCELLED);
  pool.drop(7);
  threads[0]?.events.reply({ result: {} });
  assert.deepEqual(threads[0]?.sent.at(-1), { drop: 7 });
});

test('what a cancelled operation gives after all is wiped', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const cancel = newCancel();
  const work = pool.run('proveScalars', [7, bytes(32)], { cancel });
  cancelNow(cancel);
  assert.equal(await work, STATUS_CANCELLED);
  const scalars = bytes(64).fill(1);
  threads[0]?.events.reply({ result: scalars });
  assert.deepEqual(scalars, bytes(64));
});

test('where no thread can be started, work is refused at once, each time, and none is left waiting', async () => {
  let isForbidden = true;
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 2, (events) => {
    if (isForbidden) throw new Error('no workers here');
    return start(events);
  });
  const refused = { name: 'ProverError', code: 'backend-unavailable', message: /no workers here/ };
  const several = [1, 2, 3].map(() => pool.run('hashNodes', [bytes(1)]));
  for (const work of several) await assert.rejects(work, refused);
  await assert.rejects(pool.run('hashNodes', [bytes(1)]), refused);
  isForbidden = false;
  const work = pool.run('hashNodes', [bytes(1)]);
  threads[0]?.events.reply({ result: bytes(32) });
  assert.deepEqual(await work, bytes(32));
});

test('work that cannot be sent is refused, and its thread goes on with what waits', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const detached = bytes(8);
  structuredClone(detached, { transfer: [detached.buffer as ArrayBuffer] });
  const good = pool.run('hashNodes', [bytes(1)]);
  const bad = pool.run('scan', [detached, bytes(34), false]);
  const behind = pool.run('hashNodes', [bytes(2)]);
  threads[0]?.events.reply({ result: bytes(32) });
  await good;
  await assert.rejects(bad, { code: 'backend-unavailable' });
  threads[0]?.events.reply({ result: bytes(32).fill(2) });
  assert.deepEqual(await behind, bytes(32).fill(2));
});

test('where an object is refused, so is the work', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const work = pool.run('witness', [7, bytes(0)], { needs: [{ ...KEY, name: 'addCircuit' }] });
  threads[0]?.events.reply({ result: [200, 0] });
  assert.deepEqual(await work, [200, 0]);
  assert.deepEqual(asked(threads[0]), ['addCircuit']);
});

test('work whose thread dies is done once more on another, with its objects made again', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const work = pool.run('verifyBatch', [[7], bytes(1), bytes(0), bytes(192), bytes(32)], { needs: [KEY] });
  threads[0]?.events.reply({ result: undefined });
  threads[0]?.events.gone('killed');
  assert.deepEqual(asked(threads[1]), ['addVerifyingKey']);
  threads[1]?.events.reply({ result: undefined });
  threads[1]?.events.reply({ result: Uint8Array.of(112) });
  assert.deepEqual(await work, Uint8Array.of(112));
});

test('work whose thread dies twice is given up, and what waits behind it is done', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const deadly = pool.run('hashNodes', [bytes(1)]);
  const behind = pool.run('hashNodes', [bytes(2)]);
  threads[0]?.events.gone('killed');
  threads[1]?.events.gone('killed again');
  await assert.rejects(deadly, { code: 'backend-unavailable', message: /died: killed again/ });
  threads[2]?.events.reply({ result: bytes(3) });
  assert.deepEqual(await behind, bytes(3));
});

test('an operation that fails is an error at once, and its thread is not used again', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const work = pool.run('hashNodes', [bytes(1)]);
  threads[0]?.events.reply({ failure: 'RuntimeError: unreachable' });
  await assert.rejects(work, /unreachable/);
  assert.equal(threads[0]?.isEnded, true);
  void pool.run('hashNodes', [bytes(1)]);
  assert.equal(threads.length, 2);
});

test('what a thread says after it was ended is not heard', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const cancel = newCancel();
  const long = pool.run('groupLagrange', [1, bytes(96)], { cancel });
  cancelNow(cancel);
  assert.equal(await long, STATUS_CANCELLED);
  const next = pool.run('hashNodes', [bytes(1)]);
  threads[0]?.events.reply({ result: Uint8Array.of(9) });
  threads[0]?.events.gone('late');
  threads[1]?.events.reply({ result: Uint8Array.of(5) });
  assert.deepEqual(await next, Uint8Array.of(5));
});

test('cancelled work that waits never begins', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const running = pool.run('hashNodes', [bytes(1)]);
  const cancel = newCancel();
  const waiting = pool.run('scan', [bytes(32), bytes(34), false], { cancel });
  cancelNow(cancel);
  assert.equal(await waiting, STATUS_CANCELLED);
  threads[0]?.events.reply({ result: bytes(32) });
  await running;
  assert.deepEqual(asked(threads[0]), ['hashNodes']);
  assert.equal(await pool.run('hashNodes', [bytes(1)], { cancel }), STATUS_CANCELLED);
});

test('cancelled work that is short runs to its end, so that its thread wipes what it holds and stays', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const cancel = newCancel();
  const work = pool.run('proveSum', [7, 0, 0, 1, bytes(32)], { cancel });
  cancelNow(cancel);
  assert.equal(await work, STATUS_CANCELLED);
  const next = pool.run('hashNodes', [bytes(1)]);
  assert.deepEqual(asked(threads[0]), ['proveSum']);
  threads[0]?.events.reply({ result: bytes(288) });
  assert.deepEqual(asked(threads[0]), ['proveSum', 'hashNodes']);
  threads[0]?.events.reply({ result: bytes(32) });
  assert.deepEqual(await next, bytes(32));
  assert.equal(threads.length, 1);
});

test('an object that was being made for cancelled work stays, and the work does not begin', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const cancel = newCancel();
  const work = pool.run('witness', [7, bytes(0)], { needs: [{ ...KEY, name: 'addCircuit' }], cancel });
  cancelNow(cancel);
  assert.equal(await work, STATUS_CANCELLED);
  threads[0]?.events.reply({ result: undefined });
  void pool.run('witness', [7, bytes(0)], { needs: [{ ...KEY, name: 'addCircuit' }] });
  assert.deepEqual(asked(threads[0]), ['addCircuit', 'witness']);
});

test('work goes to a thread that has what it needs before one that has not', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 2, start);
  const needy = () =>
    pool.run('witness', [7, bytes(0)], { needs: [{ ...KEY, name: 'addCircuit' as const }] });
  const first = needy();
  void pool.run('hashNodes', [bytes(1)]);
  void needy();
  void pool.run('hashNodes', [bytes(1)]);
  threads[0]?.events.reply({ result: undefined });
  threads[0]?.events.reply({ result: bytes(32) });
  await first;
  threads[1]?.events.reply({ result: bytes(32) });
  assert.deepEqual(asked(threads[0]), ['addCircuit', 'witness', 'witness']);
  assert.deepEqual(asked(threads[1]), ['hashNodes', 'hashNodes']);
});

test('a closed pool ends its threads and gives up what runs, waits and comes', async () => {
  const { threads, start } = played();
  const pool = createWasmPool(MODULE, 1, start);
  const running = pool.run('hashNodes', [bytes(1)]);
  const waiting = pool.run('hashNodes', [bytes(1)]);
  pool.close();
  assert.equal(threads[0]?.isEnded, true);
  assert.deepEqual(await Promise.all([running, waiting, pool.run('hashNodes', [bytes(1)])]), [
    STATUS_CANCELLED,
    STATUS_CANCELLED,
    STATUS_CANCELLED,
  ]);
  assert.equal(threads.length, 1);
});
