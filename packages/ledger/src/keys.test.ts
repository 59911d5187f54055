import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import type { Genesis } from '@sero/protocol';
import { verifyingKeyHash } from '@sero/prover';
import { memoryLog, memoryStore } from '@sero/store';
import { testHasher, testVerifier, verifyingKey } from './doubles-test-support.ts';
import { openLedger } from './ledger.ts';
import { ALICE, contents, testGenesis } from './test-support.ts';

/** Opens a ledger; the refusal must come before anything is written. */
function open(genesis: Genesis, verifyingKeys: readonly Uint8Array[]): void {
  const store = memoryStore();
  try {
    const tools = { verifier: testVerifier(), hasher: testHasher };
    openLedger({ genesis, store, blocks: memoryLog(), verifyingKeys, ...tools });
  } catch (error) {
    assert.deepEqual(contents(store), []);
    throw error;
  }
}

const KEY = verifyingKey();
const named = (circuit: number, bytes: Uint8Array) => ({
  circuit,
  proofSystem: 1,
  hash: verifyingKeyHash(bytes),
});

test('a ledger opens with exactly the verifying keys that genesis names', () => {
  open(testGenesis(), [KEY]);
  open(testGenesis({ verifyingKeys: [] }), []);
});

test('a key that genesis names and nobody gives is missing', () => {
  assert.throws(() => open(testGenesis(), []), { name: 'ProverError', code: 'key-missing' });
});

test('a key that genesis does not name is refused', () => {
  const other = verifyingKey({ first: 900n });
  const code = 'key-not-in-genesis';
  assert.throws(() => open(testGenesis(), [other]), { name: 'ProverError', code });
  assert.throws(() => open(testGenesis(), [KEY, other]), { name: 'ProverError', code });
  assert.throws(() => open(testGenesis({ verifyingKeys: [] }), [KEY]), { name: 'ProverError', code });
});

test('a key given twice is refused', () => {
  assert.throws(() => open(testGenesis(), [KEY, KEY]), { name: 'ProverError', code: 'key-duplicate' });
});

test('a development key is refused unless genesis says devnet', () => {
  assert.throws(() => open(testGenesis({ devnet: 0 }), [KEY]), {
    name: 'ProverError',
    code: 'key-development',
  });
  const real = verifyingKey({ development: false });
  open(testGenesis({ devnet: 0, verifyingKeys: [named(1, real)] }), [real]);
  // Taking the mark off makes other bytes, which genesis does not name.
  assert.throws(() => open(testGenesis({ devnet: 0 }), [real]), {
    name: 'ProverError',
    code: 'key-not-in-genesis',
  });
});

test('a key serves the circuit that it was made for and no other', () => {
  const genesis = testGenesis({ verifyingKeys: [named(2, KEY)] });
  assert.throws(() => open(genesis, [KEY]), { name: 'ProverError', code: 'key-circuit-mismatch' });
});

test('a key under which proofs can be forged is refused even where genesis names it', () => {
  const weak = KEY.slice();
  // gamma and delta stand after the head (17 bytes), alpha (48) and beta (96).
  const gamma = 17 + 48 + 96;
  weak.set(weak.subarray(gamma, gamma + 96), gamma + 96);
  const genesis = testGenesis({ verifyingKeys: [named(1, weak)] });
  assert.throws(() => open(genesis, [weak]), { name: 'ProverError', code: 'key-gamma-equals-delta' });
});

test('a genesis file that no chain can start from is refused', () => {
  const code = 'genesis-invalid';
  const allocation = { pkr: ALICE, asset: fieldToBytes(1n), value: 1n << 127n };
  const refused: Partial<Genesis>[] = [
    { version: 2 },
    { devnet: 2 },
    { namePrices: [] },
    { anchor: { window: 0n, step: 1n, expiry: 0n } },
    { anchor: { window: 8n, step: 1n, expiry: 9n } },
    { fees: { ...testGenesis().fees, gasTarget: 0n } },
    { fees: { ...testGenesis().fees, baseFeeStart: 1n } },
    { verifyingKeys: [named(1, KEY), named(1, verifyingKey({ first: 900n }))] },
    { verifyingKeys: [named(1, KEY), named(2, KEY)] },
    { allocations: [{ ...allocation, value: 0n }] },
    { allocations: [{ ...allocation, asset: fieldToBytes(7n) }] },
    { allocations: [allocation, allocation] },
  ];
  for (const change of refused) {
    assert.throws(
      () => open(testGenesis(change), [KEY]),
      { name: 'ProtocolError', code },
      Object.keys(change)[0],
    );
  }
  const strange = testGenesis({ allocations: [{ ...allocation, pkr: new Uint8Array(64) }] });
  assert.throws(() => open(strange, [KEY]), { name: 'ProtocolError' });
});
