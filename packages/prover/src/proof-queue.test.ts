import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createProofQueue, MAX_WAITING_PROOFS, type ProofQueue } from './proof-queue.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const PROOF = Uint8Array.of(1);

async function heapAfter(queue: ProofQueue, signal: AbortSignal | undefined, runs: number): Promise<number> {
  for (let i = 0; i < runs; i++) await queue.run(async () => PROOF, signal);
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

/** Work that ends when it is told to. */
function held() {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const signals: AbortSignal[] = [];
  return {
    end: () => resolve(PROOF),
    signals,
    work: (signal: AbortSignal): Promise<Uint8Array> => {
      signals.push(signal);
      return promise;
    },
  };
}

test('a proof leaves nothing behind: no listener on a signal that outlives it, and no memory', async () => {
  const RUNS = 4000;
  for (const signal of [undefined, new AbortController().signal]) {
    const queue = createProofQueue();
    const before = await heapAfter(queue, signal, 500);
    const grown = (await heapAfter(queue, signal, RUNS)) - before;
    assert.ok(grown < 200 * RUNS, `${grown / RUNS} bytes a proof`);
    if (signal !== undefined) assert.equal(getEventListeners(signal, 'abort').length, 0);
  }
});

test('no listener is left by one that was aborted, refused, or failed', async () => {
  const queue = createProofQueue();
  const { signal } = new AbortController();
  await assert.rejects(
    queue.run(async () => {
      throw new Error('no');
    }, signal),
    /no/,
  );
  const running = held();
  const first = queue.run(running.work, signal);
  const own = new AbortController();
  const waiting = queue.run(async () => PROOF, own.signal);
  own.abort('enough');
  await assert.rejects(waiting, { code: 'aborted', cause: 'enough' });
  running.end();
  await first;
  for (const one of [signal, own.signal]) assert.equal(getEventListeners(one, 'abort').length, 0);
});

test('work runs one at a time in order, and one that is aborted while it waits lets nobody pass', async () => {
  const queue = createProofQueue();
  const [a, b] = [held(), held()];
  const first = queue.run(a.work, undefined);
  const own = new AbortController();
  const second = queue.run(b.work, own.signal);
  const began: string[] = [];
  const third = queue.run(async () => {
    began.push('third');
    return PROOF;
  }, undefined);
  own.abort();
  await assert.rejects(second, { code: 'aborted' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([began, b.signals], [[], []]);
  a.end();
  await Promise.all([first, third]);
  assert.deepEqual(began, ['third']);
});

test('no more than 64 wait: the next one is refused, and one that is given up makes room', async () => {
  const queue = createProofQueue();
  const running = held();
  const first = queue.run(running.work, undefined);
  const own = new AbortController();
  const aborted = assert.rejects(
    queue.run(async () => PROOF, own.signal),
    { code: 'aborted' },
  );
  const waiting = Array.from({ length: MAX_WAITING_PROOFS - 1 }, () =>
    queue.run(async () => PROOF, undefined),
  );
  const full = { name: 'ProverError', code: 'queue-full', message: /^64 proofs wait already/ };
  const late = new AbortController();
  await assert.rejects(
    queue.run(async () => PROOF, late.signal),
    full,
  );
  assert.equal(getEventListeners(late.signal, 'abort').length, 0);
  own.abort();
  await aborted;
  waiting.push(queue.run(async () => PROOF, undefined));
  await assert.rejects(
    queue.run(async () => PROOF, undefined),
    full,
  );
  running.end();
  await Promise.all([first, ...waiting]);
  assert.equal(await queue.run(async () => PROOF, undefined), PROOF);
});

test('closing tells what runs, refuses all, and is settled only when nothing runs', async () => {
  const queue = createProofQueue();
  const { signal } = new AbortController();
  const running = held();
  const refusals = [running.work, async () => PROOF].map((work) =>
    assert.rejects(queue.run(work, signal), { code: 'closed' }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  let isClosed = false;
  const closed = queue.close().then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([running.signals.map(({ aborted }) => aborted), isClosed], [[true], false]);
  running.end();
  await Promise.all([closed, ...refusals]);
  await assert.rejects(
    queue.run(async () => PROOF, signal),
    { code: 'closed' },
  );
  await assert.rejects(
    queue.run(async () => PROOF, undefined),
    { code: 'closed' },
  );
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
