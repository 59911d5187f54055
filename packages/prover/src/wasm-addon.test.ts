import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wtns } from './compliance-test-support.ts';
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
