import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, concat, fieldToBytes, toHex } from '@sero/crypto';
import {
  checkGenesis,
  DEVELOPMENT,
  decodeGenesis,
  encodeGenesis,
  type Genesis,
  genesisHash,
  MAX_GENESIS_BYTES,
  PRODUCTION,
} from './index.ts';
import {
  BAD_FIELDS,
  BAD_POINTS,
  CONTEXT,
  filler,
  GENESIS,
  plusModulus,
  refusal,
  variations,
} from './test-support.ts';

const allocation = GENESIS.allocations[0]!;
const LAST = 2n ** 128n - 1n;

test('both profiles make a genesis that passes, comes back from its bytes and has a hash of its own', () => {
  const hashes = [PRODUCTION, DEVELOPMENT].map((parameters) => {
    const genesis: Genesis = { ...GENESIS, ...parameters };
    assert.deepEqual(decodeGenesis(encodeGenesis(genesis)), genesis);
    assert.deepEqual(genesisHash(genesis), blake2b256('SERO_GENESIS_v1', encodeGenesis(genesis)));
    return toHex(genesisHash(genesis));
  });
  assert.equal(new Set(hashes).size, 2);
});

test('the production profile allows neither development keys nor transparent accounts', () => {
  assert.deepEqual([PRODUCTION.devnet, PRODUCTION.transparentAccounts], [0, 0]);
  assert.deepEqual([DEVELOPMENT.devnet, DEVELOPMENT.transparentAccounts], [1, 1]);
  assert.notEqual(PRODUCTION.chainId, DEVELOPMENT.chainId);
});

test('a genesis that no chain can start from is refused, each for its reason', async (t) => {
  const { anchor, fees } = GENESIS;
  const key = GENESIS.verifyingKeys[0]!;
  const cases: Record<string, Partial<Genesis>> = {
    'version 0': { version: 0 },
    'version 2': { version: 2 },
    'devnet is 2': { devnet: 2 },
    'transparentAccounts is 255': { transparentAccounts: 255 },
    'no price of names': { namePrices: [] },
    'an anchor window of 0': { anchor: { ...anchor, window: 0n, expiry: 0n } },
    'an anchor step of 0': { anchor: { ...anchor, step: 0n } },
    'an expiry beyond the window': { anchor: { ...anchor, expiry: anchor.window + 1n } },
    'a gas target of 0': { fees: { ...fees, gasTarget: 0n } },
    'a gas target above the limit': { fees: { ...fees, gasTarget: fees.gasLimit + 1n } },
    'a base fee floor of 0': { fees: { ...fees, baseFeeFloor: 0n } },
    'a first base fee below its floor': { fees: { ...fees, baseFeeStart: fees.baseFeeFloor - 1n } },
    'a base fee change denominator of 0': { fees: { ...fees, changeDenominator: 0n } },
    'two verifying keys of one circuit': { verifyingKeys: [key, { ...key, hash: filler(1, 32) }] },
    'one verifying key under two circuits': { verifyingKeys: [key, { ...key, circuit: 2 }] },
    'a verifying key of circuit 0': { verifyingKeys: [{ ...key, circuit: 0 }] },
    'a verifying key of proof system 0': { verifyingKeys: [{ ...key, proofSystem: 0 }] },
    'a verifying key of proof system 2': { verifyingKeys: [{ ...key, proofSystem: 2 }] },
    'an allocation of another asset': { allocations: [{ ...allocation, asset: fieldToBytes(2n) }] },
    'an allocation of asset 0': { allocations: [{ ...allocation, asset: new Uint8Array(32) }] },
    'an allocation of nothing': { allocations: [{ ...allocation, value: 0n }] },
    'allocations of 2^128 together': {
      allocations: [
        { ...allocation, value: LAST },
        { ...allocation, value: 1n },
      ],
    },
  };
  checkGenesis({ ...GENESIS, allocations: [{ ...allocation, value: LAST }] });
  for (const [why, change] of Object.entries(cases)) {
    await t.test(why, () => {
      const genesis = { ...GENESIS, ...change };
      assert.throws(() => checkGenesis(genesis), refusal('genesis-invalid'));
      assert.throws(() => decodeGenesis(encodeGenesis(genesis)), refusal('genesis-invalid'));
    });
  }
});

test('an allocation goes to an address that decodes as on the wire', async (t) => {
  for (const [why, point, code] of BAD_POINTS) {
    await t.test(why, () => {
      const pkr = concat(point, allocation.pkr.subarray(32));
      assert.throws(() => checkGenesis({ ...GENESIS, allocations: [{ ...allocation, pkr }] }), refusal(code));
    });
  }
  for (const bad of [plusModulus(allocation.pkr.subarray(32)), ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
    const pkr = concat(allocation.pkr.subarray(0, 32), bad);
    const genesis = { ...GENESIS, allocations: [allocation, { ...allocation, pkr }] };
    assert.throws(() => checkGenesis(genesis), refusal('field-not-canonical'));
  }
});

test('addresses that were found good once are not decoded again, and no others pass for them', () => {
  const other = { ...allocation, value: 1n };
  const good = { ...GENESIS, allocations: [allocation, other] };
  const [, [, point, code]] = BAD_POINTS as unknown as [unknown, (typeof BAD_POINTS)[number]];
  const bad = { ...other, pkr: concat(point, allocation.pkr.subarray(32)) };
  checkGenesis(good);
  for (let times = 0; times < 2; times++) {
    assert.throws(() => checkGenesis({ ...GENESIS, allocations: [allocation, bad] }), refusal(code));
    checkGenesis(good);
  }
  const cut = [allocation.pkr.subarray(0, 63), concat(allocation.pkr.subarray(63), other.pkr)];
  const shifted = cut.map((pkr) => ({ ...allocation, pkr }));
  assert.throws(() => checkGenesis({ ...GENESIS, allocations: shifted }), refusal('malformed'));
});

test("an allocation's asset has one spelling", () => {
  for (const asset of [plusModulus(allocation.asset), ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
    const genesis = { ...GENESIS, allocations: [{ ...allocation, asset }] };
    assert.throws(() => checkGenesis(genesis), refusal('field-not-canonical'));
  }
});

test('every parameter, key and allocation is under the genesis hash', () => {
  const changed = variations(GENESIS);
  assert.ok(changed.length > 90);
  const hashes = [GENESIS, ...changed].map((genesis) => toHex(genesisHash(genesis)));
  assert.equal(new Set(hashes).size, 1 + changed.length);
  assert.equal(hashes[0], toHex(CONTEXT.genesisHash));
});

test('a genesis file is at most 16 MiB, and nothing cut off its end passes for one', () => {
  const bytes = encodeGenesis(GENESIS);
  assert.throws(() => decodeGenesis(new Uint8Array(MAX_GENESIS_BYTES + 1)), refusal('too-large'));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => decodeGenesis(bytes.subarray(0, length)),
      { name: 'ProtocolError' },
      `${length} bytes`,
    );
  }
});
