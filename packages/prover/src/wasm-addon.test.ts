import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '@sero/crypto';
import { vk, wtns } from './compliance-test-support.ts';
import type { NativeVerifyingKey } from './native-addon.ts';
import { recordRandomness } from './randomness-test-support.ts';
import { createWasmAddon } from './wasm-addon.ts';
import { compileWasm } from './wasm-module.ts';
import { readWasmFile } from './wasm-node.ts';
import type { WasmPool } from './wasm-pool.ts';
import { createWasmProver } from './wasm-prover.ts';

/** What the WebAssembly backend leaves of secrets and keys on the thread that calls it: the pool is the test's. */

type Answer = (name: string, args: readonly unknown[]) => unknown;

function played(answer: Answer): { readonly pool: WasmPool; readonly dropped: number[] } {
  const dropped: number[] = [];
  const pool: WasmPool = {
    size: 2,
    run: async (name, args) => (await answer(name, args)) as never,
    drop: (id) => void dropped.push(id),
    close: () => {},
  };
  return { pool, dropped };
}

const module = await compileWasm(readWasmFile);
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const isWiped = (secret: Uint8Array): boolean => secret.every((byte) => byte === 0);

test('hits of all slices are moved into one array, and wiped where another slice fails', async () => {
  for (const fails of [false, true]) {
    const slices: Uint8Array[] = [];
    const { pool } = played(() => {
      if (fails && slices.length === 1) return 601;
      slices.push(bytes(36));
      return slices.at(-1);
    });
    const addon = createWasmAddon(module, pool);
    const found = await addon.scan(bytes(32), new Uint8Array(34 * 1200), false);
    assert.equal(found instanceof Uint8Array ? found.length : found, fails ? 601 : 72);
    assert.equal(slices.length, fails ? 1 : 2);
    assert.ok(slices.every(isWiped));
  }
});

test('hits are wiped where the thread of another slice dies', async () => {
  const slices: Uint8Array[] = [];
  const { pool } = played(async () => {
    if (slices.length === 0) {
      slices.push(bytes(36));
      return slices[0];
    }
    throw new Error('died');
  });
  const addon = createWasmAddon(module, pool);
  await assert.rejects(addon.scan(bytes(32), new Uint8Array(34 * 1200), false), /died/);
  assert.deepEqual(slices.map(isWiped), [true]);
});

test('a proof that fails wipes the scalars and the sums of all its jobs, of the slowest too', async () => {
  const secrets: Uint8Array[] = [];
  const late = Promise.withResolvers<void>();
  const secret = (): Uint8Array => {
    secrets.push(bytes(288));
    return secrets.at(-1)!;
  };
  let sums = 0;
  const { pool } = played(async (name) => {
    if (name === 'provingKeyImage') {
      return { memory: bytes(8), key: 1, shape: { inputs: 3, sets: [1, 1, 1] } };
    }
    if (name === 'proveScalars') return secret();
    sums++;
    if (sums === 1) return 1;
    if (sums === 2) return secret();
    await late.promise;
    return secret();
  });
  const prover = createWasmProver(pool, { newId: () => 5 });
  const proof = assert.rejects(prover.prove(bytes(8), wtns), /no memory/);
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  late.resolve();
  await proof;
  assert.equal(secrets.length, 3);
  assert.deepEqual(secrets.map(isWiped), [true, true, true]);
});

test('a key that was being made ready for a proof that was aborted is dropped', async () => {
  const begun = Promise.withResolvers<void>();
  const { pool, dropped } = played(() => {
    begun.resolve();
    return 2;
  });
  const prover = createWasmProver(pool, { newId: () => 5 });
  const aborted = new AbortController();
  const proof = assert.rejects(prover.prove(bytes(8), wtns, aborted.signal), { code: 'aborted' });
  await begun.promise;
  aborted.abort();
  await proof;
  assert.deepEqual(dropped, [5]);
});

/** A pool that holds what it is asked for until it is let go, and then tells the arguments as they are. */
function holding(answer: (name: string, args: readonly unknown[]) => unknown) {
  const free = Promise.withResolvers<void>();
  const seen: (readonly unknown[])[] = [];
  const held: Uint8Array[] = [];
  const { pool } = played(async (name, args) => {
    held.push(...args.filter((arg) => arg instanceof Uint8Array));
    await free.promise;
    seen.push(args.map((arg) => (arg instanceof Uint8Array ? new Uint8Array(arg) : arg)));
    return answer(name, args);
  });
  return { pool, seen, held, free: () => free.resolve() };
}

const keyBytes = concat(vk.alpha, vk.beta, vk.gamma, vk.delta, ...vk.ic);

test('every slice of proofs and of signatures has a seed of its own, fresh from the source of randomness', async (t) => {
  const drawn = recordRandomness(t);
  const seeds: string[] = [];
  const { pool } = played((name, args) => {
    const seed = args[name === 'verifyBatch' ? 4 : 1] as Uint8Array;
    assert.equal(seed.length, 32);
    seeds.push(Buffer.from(seed).toString('hex'));
    return new Uint8Array(1);
  });
  const addon = createWasmAddon(module, { ...pool, size: 4 });
  const key = addon.newVerifyingKey(keyBytes) as NativeVerifyingKey;
  const first = new Uint8Array(32).fill(3);
  await addon.verifyBatch(
    [key],
    new Uint8Array(64),
    new Uint8Array(64 * 96),
    new Uint8Array(64 * 192),
    first,
  );
  await addon.verifySignatures(new Uint8Array(1024 * 128), first);
  assert.equal(seeds.length, 8, 'four slices each');
  assert.equal(new Set(seeds).size, 7, 'the first slice has the seed of the call');
  for (const seed of seeds) assert.ok(seed === '03'.repeat(32) || drawn.has(seed));
});

test('bytes are taken as they are at the call, whatever becomes of them while the pool is busy, and copies are wiped', async () => {
  const group = [bytes(96), bytes(32)] as const;
  const calls: Readonly<
    Record<
      string,
      readonly [
        args: readonly Uint8Array[],
        run: (addon: ReturnType<typeof createWasmAddon>, args: readonly Uint8Array[]) => Promise<unknown>,
      ]
    >
  > = {
    verifyBatch: [
      [new Uint8Array(1), bytes(96), bytes(192), bytes(32)],
      (addon, [which, inputs, proofs, seed]) =>
        addon.verifyBatch(
          [addon.newVerifyingKey(keyBytes) as NativeVerifyingKey],
          which!,
          inputs!,
          proofs!,
          seed!,
        ),
    ],
    scan: [[bytes(32), bytes(34)], (addon, [key, outputs]) => addon.scan(key!, outputs!, false)],
    openTraces: [[bytes(32), bytes(32), bytes(64)], (addon, [a, b, c]) => addon.openTraces(a!, b!, c!)],
    checkPoints: [[bytes(32)], (addon, [a]) => addon.checkPoints(a!)],
    verifySignatures: [[bytes(128), bytes(32)], (addon, [a, b]) => addon.verifySignatures(a!, b!)],
    groupMultiplyGenerator: [[bytes(32)], (addon, [a]) => addon.groupMultiplyGenerator(1, a!)],
    groupMultiplyEach: [group, (addon, [a, b]) => addon.groupMultiplyEach(1, a!, b!)],
    groupMultiplyPowers: [
      [...group, bytes(32)],
      (addon, [a, b, c]) => addon.groupMultiplyPowers(1, a!, b!, c!),
    ],
    groupLagrange: [[bytes(96)], (addon, [a]) => addon.groupLagrange(1, a!)],
    groupCombineRows: [
      [bytes(96), bytes(8), bytes(4), bytes(32)],
      (addon, [a, b, c, d]) => addon.groupCombineRows(1, a!, b!, c!, d!),
    ],
    groupMultiExp: [group, (addon, [a, b]) => addon.groupMultiExp(1, a!, b!, 32)],
    groupSubtract: [[bytes(96), bytes(96)], (addon, [a, b]) => addon.groupSubtract(1, a!, b!)],
    groupCheck: [[bytes(96)], (addon, [a]) => addon.groupCheck(1, a!)],
    groupEncode: [[bytes(96)], (addon, [a]) => addon.groupEncode(1, a!, true)],
    pairingProductIsOne: [[bytes(96), bytes(192)], (addon, [a, b]) => addon.pairingProductIsOne(a!, b!)],
  };
  for (const [name, [args, run]] of Object.entries(calls)) {
    const { pool, seen, held, free } = holding(() => 5);
    const work = run(createWasmAddon(module, pool), args);
    const before = args.map((one) => new Uint8Array(one));
    for (const one of args) one.fill(0xee);
    free();
    await work;
    assert.deepEqual(
      seen[0]?.filter((one) => one instanceof Uint8Array),
      before,
      name,
    );
    assert.ok(held.every(isWiped), name);
  }
});
