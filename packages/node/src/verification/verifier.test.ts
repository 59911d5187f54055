import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { concat, invert, modQ } from '@sero/crypto';
import {
  createPortableVerifier,
  type Groth16Verifier,
  type ProofItem,
  type VerifyingKey,
} from '@sero/prover';
import { handClock, settle } from '../test-support.ts';
import { VerificationError } from './errors.ts';
import { createThreadWork } from './thread.ts';
import {
  createThreadedVerifier,
  defaultBatches,
  type ThreadedVerifier,
  type ThreadedVerifierOptions,
} from './verifier.ts';

const g1 = (scalar: bigint): Uint8Array => bls12_381.G1.Point.BASE.multiply(modQ(scalar)).toBytes();
const g2 = (scalar: bigint): Uint8Array => bls12_381.G2.Point.BASE.multiply(modQ(scalar)).toBytes();

/** A key of one public input whose secrets everybody knows, so that proofs need no circuit. */
function knownKey(first: bigint): { vk: VerifyingKey; prove: (input: bigint) => ProofItem } {
  const [alpha, beta, gamma, delta, ic0, ic1] = [1n, 2n, 3n, 4n, 5n, 6n].map((n) => first + n * n) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const vk: VerifyingKey = {
    circuit: 1,
    proofSystem: 1,
    development: true,
    alpha: g1(alpha),
    beta: g2(beta),
    gamma: g2(gamma),
    delta: g2(delta),
    ic: [g1(ic0), g1(ic1)],
  };
  const prove = (input: bigint): ProofItem => {
    const [a, b] = [input + 77n, input + 99n];
    const c = modQ((a * b - alpha * beta - (ic0 + input * ic1) * gamma) * invert(delta));
    return { vk, publicInputs: [input], proof: concat(g1(a), g2(b), g1(c)) };
  };
  return { vk, prove };
}

const key = knownKey(1_000n);
const other = knownKey(5_000n);
const OK = { ok: true };

const open: ThreadedVerifier[] = [];
after(async () => {
  for (const verifier of open) await verifier.close();
});

function start(options: Partial<ThreadedVerifierOptions> = {}) {
  const clock = handClock();
  const batches: number[] = [];
  const verifier = createThreadedVerifier({
    threads: 1,
    clock,
    onBatch: ({ proofs }) => batches.push(proofs),
    ...options,
  });
  open.push(verifier);
  const verify = (item: ProofItem, signal?: AbortSignal) =>
    verifier.verify(item.vk, item.publicInputs, item.proof, signal);
  return { clock, batches, verifier, verify };
}

const dying = new URL('./dying-worker-test-support.ts', import.meta.url);
const code = (expected: string) => (error: unknown) =>
  error instanceof VerificationError && error.code === expected;

test('verdicts are those of the portable verifier, for good proofs and bad ones, over several keys', async () => {
  const good = key.prove(1n);
  const items: ProofItem[] = [
    good,
    { ...good, publicInputs: [2n] },
    { ...good, publicInputs: [] },
    { ...good, proof: good.proof.slice(1) },
    { ...good, proof: good.proof.map((byte, i) => (i === 60 ? byte ^ 1 : byte)) },
    { ...good, vk: other.vk },
    other.prove(3n),
  ];
  const { verifier } = start({ threads: 2 });
  const expected = await createPortableVerifier().verifyBatch(items);
  assert.equal(expected.filter(({ ok }) => ok).length, 2);
  assert.deepEqual(await verifier.verifyBatch(items), expected);
  const [one] = items;
  assert.deepEqual(verifier.verifySync(one!.vk, one!.publicInputs, one!.proof), OK);
  assert.deepEqual(await verifier.verifyBatch([]), []);
});

test('single proofs are gathered for a moment into one batch', async () => {
  const { clock, batches, verify, verifier } = start();
  const verdicts = [1n, 2n, 3n].map((n) => verify(key.prove(n)));
  verdicts.push(
    verifier.verifyBatch([{ ...key.prove(4n), publicInputs: [5n] }]).then(([verdict]) => verdict!),
  );
  await clock.pass(19);
  assert.deepEqual(verifier.queue(), { waiting: 4, running: 0 });
  await clock.pass(1);
  assert.deepEqual(verifier.queue(), { waiting: 0, running: 4 });
  assert.deepEqual(await Promise.all(verdicts), [OK, OK, OK, { ok: false, code: 'proof-invalid' }]);
  assert.deepEqual(batches, [4]);
});

test('a full batch waits no longer, and a block’s proofs do not wait at all', async () => {
  const { clock, batches, verify, verifier } = start({ batchSize: 2 });
  assert.deepEqual(await Promise.all([verify(key.prove(1n)), verify(key.prove(2n))]), [OK, OK]);
  const [waiting] = [verify(key.prove(3n))];
  assert.deepEqual(await verifier.verifyBatch([1n, 2n, 3n].map(key.prove)), [OK, OK, OK]);
  assert.deepEqual(batches, [2, 2, 1]);
  await clock.pass(20);
  assert.deepEqual(await waiting, OK);
});

test('beyond the bound of the queue single proofs are answered busy at once; a block’s are not', async () => {
  const { clock, verify, verifier } = start({ maxQueued: 2 });
  const taken = [verify(key.prove(1n)), verify(key.prove(2n))];
  await assert.rejects(verify(key.prove(3n)), code('busy'));
  assert.deepEqual(await verifier.verifyBatch([key.prove(4n), key.prove(5n)]), [OK, OK]);
  await clock.pass(20);
  assert.deepEqual(await Promise.all(taken), [OK, OK]);
});

test('a proof that is no longer wanted is not checked', async () => {
  const { clock, batches, verify, verifier } = start();
  const abort = new AbortController();
  const unwanted = verify(key.prove(1n), abort.signal);
  const wanted = verify(key.prove(2n));
  abort.abort(new Error('enough'));
  await assert.rejects(unwanted, /enough/);
  assert.deepEqual(verifier.queue(), { waiting: 1, running: 0 });
  await clock.pass(20);
  assert.deepEqual(await wanted, OK);
  assert.deepEqual(batches, [1]);
  await assert.rejects(verify(key.prove(1n), AbortSignal.abort(new Error('late'))), /late/);
});

test('a proof that kills its thread is given up after the second one; its neighbours get their verdicts', async () => {
  const { verifier, verify, clock } = start({ program: dying });
  for (const killer of [666n, 667n]) {
    const results = [verify(key.prove(1n)), verify(key.prove(killer)), verify(key.prove(2n))];
    const settled = Promise.allSettled(results);
    await clock.pass(20);
    const [first, second, third] = await settled;
    assert.deepEqual(
      [first, third],
      [1, 1].map(() => ({ status: 'fulfilled', value: OK })),
    );
    assert.ok(second?.status === 'rejected' && code('worker-lost')(second.reason));
  }
  assert.deepEqual(verifier.queue(), { waiting: 0, running: 0 });
  assert.deepEqual(
    await verifier.verifyBatch([key.prove(3n), key.prove(4n)]),
    [OK, OK],
    'the next thread works',
  );
});

test('a thread that hangs is ended after its time, as if it had died; its neighbours get their verdicts', async () => {
  const { verifier, verify, clock } = start({ program: dying, maxBatchMs: 60_000 });
  const hanging = { ...key.prove(1n), publicInputs: [668n] };
  const results = [verify(key.prove(1n)), verify(hanging), verify(key.prove(2n))];
  const settled = Promise.allSettled(results);
  await clock.pass(20);
  await clock.pass(59_999);
  assert.deepEqual(verifier.queue(), { waiting: 0, running: 3 });
  // All are tried again, each alone and the last one first; its answer lets the hanging one begin.
  await clock.pass(1);
  assert.deepEqual(await results[2], OK);
  assert.deepEqual(verifier.queue(), { waiting: 1, running: 1 });
  await clock.pass(60_000);
  const [first, second] = await settled;
  assert.deepEqual(first, { status: 'fulfilled', value: OK });
  assert.ok(second?.status === 'rejected' && code('worker-lost')(second.reason));
  assert.match(String(second.reason), /no answer in 60000 ms/);
  assert.deepEqual(verifier.queue(), { waiting: 0, running: 0 });
  assert.equal(clock.waiting(), 0, 'no timer is left of batches that were answered');

  const block = assert.rejects(verifier.verifyBatch([key.prove(3n), hanging]), code('worker-lost'));
  await clock.pass(60_000);
  await clock.pass(60_000);
  await block;
});

test('a key that the verifier throws at is an error of its own proof, and of no other', async () => {
  const weak = { ...key.prove(1n), vk: { ...key.vk, gamma: key.vk.delta } };
  const { verifier } = start();
  const results = await Promise.allSettled([
    verifier.verifyBatch([key.prove(1n), key.prove(2n)]),
    verifier.verifyBatch([weak, key.prove(3n)]),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  const work = createThreadWork();
  await work({ key: 0, vk: key.vk });
  await work({ key: 1, vk: weak.vk });
  const items = [key.prove(1n), weak].map(({ publicInputs, proof }, i) => ({ key: i, publicInputs, proof }));
  const report = await work({ batch: 7, items });
  assert.deepEqual(report?.answers[0], OK);
  assert.match(JSON.stringify(report?.answers[1]), /failed.*gamma/);
});

/** A verifier with threads of its own, which hangs over a public input of 668 until it is told to stop. */
function ownThreads() {
  const portable = createPortableVerifier();
  const ended: unknown[] = [];
  const verifier: Groth16Verifier = {
    ...portable,
    verifyBatch: async (items, signal) => {
      if (!items.some(({ publicInputs }) => publicInputs.includes(668n))) return portable.verifyBatch(items);
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          ended.push(signal.reason);
          reject(signal.reason);
        });
      });
    },
  };
  return { verifier, ended };
}

test('a verifier with threads of its own gives its verdicts through the same queue', async () => {
  const { verifier: own } = ownThreads();
  const { clock, batches, verify, verifier } = start({ verifier: own, batchSize: 2 });
  const items = [key.prove(1n), { ...key.prove(2n), publicInputs: [3n] }, other.prove(4n)];
  const wrong = { ok: false, code: 'proof-invalid' };
  assert.deepEqual(await verifier.verifyBatch(items), [OK, wrong, OK]);
  assert.deepEqual(batches, [2, 1]);
  const waiting = verify(key.prove(5n));
  await clock.pass(20);
  assert.deepEqual(await waiting, OK);
  const [good] = items;
  assert.deepEqual(verifier.verifySync(good!.vk, good!.publicInputs, good!.proof), OK);
  const weak = { ...good!, vk: { ...key.vk, gamma: key.vk.delta } };
  const results = await Promise.allSettled([
    verifier.verifyBatch([weak, good!]),
    verifier.verifyBatch(items),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  );
});

test('a batch over which such a verifier hangs is ended after its time; its neighbours get their verdicts', async () => {
  const { verifier: own, ended } = ownThreads();
  const { clock, verify, verifier } = start({ verifier: own, maxBatchMs: 60_000 });
  const results = [verify(key.prove(1n)), verify({ ...key.prove(1n), publicInputs: [668n] })];
  const settled = Promise.allSettled(results);
  await clock.pass(20);
  await clock.pass(60_000);
  assert.equal(ended.length, 1, 'the verifier was told to stop');
  await clock.pass(60_000);
  const [first, second] = await settled;
  assert.deepEqual(first, { status: 'fulfilled', value: OK });
  assert.ok(second?.status === 'rejected' && code('worker-lost')(second.reason));
  assert.match(String(ended), /no answer in 60000 ms/);
  assert.deepEqual(verifier.queue(), { waiting: 0, running: 0 });
  assert.equal(clock.waiting(), 0);
});

/** A verifier that begins with each batch when it is told to. */
function heldThreads() {
  const portable = createPortableVerifier();
  const held: (() => void)[] = [];
  const sizes: number[] = [];
  const verifier: Groth16Verifier = {
    ...portable,
    verifyBatch: async (items) => {
      sizes.push(items.length);
      await new Promise<void>((resolve) => held.push(resolve));
      return portable.verifyBatch(items);
    },
  };
  return { verifier, sizes, release: () => held.shift()!() };
}

test('single proofs that wait for a thread share the next batch, up to its size; each gets its own verdict', async () => {
  const { verifier: own, sizes, release } = heldThreads();
  const { clock, verify, verifier } = start({ verifier: own, batchSize: 4 });
  const wrong = { ...key.prove(2n), publicInputs: [3n] };
  const first = verify(key.prove(1n));
  await clock.pass(20);
  const later: Promise<unknown>[] = [];
  for (const job of [[key.prove(4n), wrong], [other.prove(5n)], [wrong, key.prove(6n), key.prove(7n)]]) {
    later.push(...job.map((item) => verify(item)));
    await clock.pass(20);
  }
  assert.deepEqual(verifier.queue(), { waiting: 6, running: 1 });
  release();
  assert.deepEqual(await first, OK);
  assert.deepEqual(verifier.queue(), { waiting: 2, running: 4 });
  release();
  const bad = { ok: false, code: 'proof-invalid' };
  assert.deepEqual(await Promise.all(later.slice(0, 4)), [OK, bad, OK, bad]);
  release();
  assert.deepEqual(await Promise.all(later.slice(4)), [OK, OK]);
  assert.deepEqual(sizes, [1, 4, 2]);
});

test('a block’s proofs stay spread over the threads, and go before single proofs that wait', async () => {
  const { verifier: own, sizes, release } = heldThreads();
  const { clock, verify, verifier } = start({ verifier: own, threads: 2, batchSize: 8 });
  const busy = verifier.verifyBatch([key.prove(1n), key.prove(2n)]);
  const singles = [3n, 4n, 5n].map((n) => verify(key.prove(n)));
  await clock.pass(20);
  const block = verifier.verifyBatch([6n, 7n, 8n, 9n].map(key.prove));
  release();
  release();
  assert.deepEqual(await busy, [OK, OK]);
  assert.deepEqual(verifier.queue(), { waiting: 3, running: 4 });
  release();
  release();
  assert.deepEqual(await block, [OK, OK, OK, OK]);
  release();
  assert.deepEqual(await Promise.all(singles), [OK, OK, OK]);
  assert.deepEqual(sizes, [1, 1, 2, 2, 3]);
});

test('what is tried again because a batch was lost stays alone, whatever waits beside it', async () => {
  const { verifier: own } = ownThreads();
  const { clock, batches, verify } = start({ verifier: own, maxBatchMs: 60_000 });
  const hanging = { ...key.prove(1n), publicInputs: [668n] };
  const lost = [verify(hanging), verify(key.prove(2n))];
  const settled = Promise.allSettled(lost);
  await clock.pass(20);
  const waiting = [key.prove(3n), key.prove(4n)].map((item) => verify(item));
  await clock.pass(20);
  await clock.pass(60_000);
  await clock.pass(60_000);
  const [first, second] = await settled;
  assert.ok(first?.status === 'rejected' && code('worker-lost')(first.reason));
  assert.deepEqual(second, { status: 'fulfilled', value: OK });
  assert.deepEqual(await Promise.all(waiting), [OK, OK]);
  assert.deepEqual(batches, [1, 2]);
});

test('a proof that is no longer wanted while it waits for a thread leaves its place to others', async () => {
  const { verifier: own, sizes, release } = heldThreads();
  const { clock, verify, verifier } = start({ verifier: own, batchSize: 2 });
  const first = verify(key.prove(1n));
  await clock.pass(20);
  const abort = new AbortController();
  const unwanted = verify(key.prove(2n), abort.signal);
  const wanted = [3n, 4n].map((n) => verify(key.prove(n)));
  await clock.pass(20);
  abort.abort(new Error('enough'));
  await assert.rejects(unwanted, /enough/);
  assert.deepEqual(verifier.queue(), { waiting: 2, running: 1 });
  release();
  await first;
  release();
  assert.deepEqual(await Promise.all(wanted), [OK, OK]);
  assert.deepEqual(sizes, [1, 2]);
});

test('closed, it ends what such a verifier works at, and waits for it', async () => {
  const { verifier: own, ended } = ownThreads();
  const { verify, verifier } = start({ verifier: own, batchSize: 1 });
  const refused = assert.rejects(verify({ ...key.prove(1n), publicInputs: [668n] }), code('closed'));
  await verifier.close();
  await refused;
  assert.equal(ended.length, 1);
});

test('closed, it refuses what waits, what runs and what comes', async () => {
  const { verifier, verify } = start({ batchSize: 2 });
  const running = [verify(key.prove(1n)), verify(key.prove(2n))];
  const waiting = [verify(key.prove(3n)), verify(key.prove(4n))];
  const gathering = verify(key.prove(5n));
  const all = [...running, ...waiting, gathering];
  const refused = Promise.all(all.map((one) => assert.rejects(one, code('closed'))));
  await settle();
  await verifier.close();
  await refused;
  await assert.rejects(verify(key.prove(3n)), code('closed'));
  await verifier.close();
});

test('a node checks as many batches at once as it has cores to spare, and two at most', () => {
  const cores = [1, 2, 3, 4, 64];
  assert.deepEqual(
    cores.map((count) => defaultBatches(count)),
    [1, 1, 2, 2, 2],
  );
});
