import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { intrinsicGas, ladderGasPrice, nextBaseFee, PRODUCTION, type Transaction } from './index.ts';
import { assetTransaction, COMMIT_BODY, contractCall, filler, payment, refusal } from './test-support.ts';

const TABLE = PRODUCTION.gas;
/** 21,000 + proof A 45,000 + 2 nullifiers at 22,100 + 3 outputs at 25,000. */
const BASE = 185_200n;

test('intrinsic gas is the sum of the table in the design, by hand for each kind', async (t) => {
  const cases: readonly (readonly [string, Transaction, bigint])[] = [
    ['a payment', payment(), BASE],
    ['with a memo of 528 bytes at 16', payment({ memo: filler(1, 528) }), BASE + 8_448n],
    ['an asset transaction', assetTransaction(COMMIT_BODY), BASE + 100_000n],
    ['a call with 100 bytes, holding one returned output', contractCall(), BASE + 1_600n + 25_000n],
    ['a call with value', contractCall({ value: 1n }), BASE + 1_600n + 50_000n],
    ['a call with an amount', contractCall({ amount: 1n }), BASE + 1_600n + 50_000n],
    [
      'a call with value, amount, memo and two recipients at 44,200',
      contractCall(
        { value: 1n, amount: 1n },
        { memo: filler(1, 528), recipients: [filler(2, 64), filler(3, 64)] },
      ),
      BASE + 1_600n + 75_000n + 8_448n + 88_400n,
    ],
    ['a call without data', contractCall({ data: new Uint8Array(0) }), BASE + 25_000n],
  ];
  for (const [name, tx, gas] of cases) await t.test(name, () => assert.equal(intrinsicGas(TABLE, tx), gas));
});

test('kinds and circuits to come have their gas, and what does not exist has none', () => {
  const gasOf = (change: Partial<Transaction>) => intrinsicGas(TABLE, { ...payment(), ...change });
  for (const [kind, gas] of [
    [4, 50_000n],
    [5, 250_000n],
    [6, 50_000n],
    [7, 50_000n],
    [8, 75_000n],
  ] as const) {
    assert.equal(gasOf({ kind }), BASE + gas, `kind ${kind}`);
  }
  for (const circuit of [2, 3]) assert.equal(gasOf({ circuit }), BASE + 15_000n, `circuit ${circuit}`);
  for (const circuit of [0, 4, 255, -1]) assert.throws(() => gasOf({ circuit }), refusal('unknown-circuit'));
  for (const kind of [9, 10, 11, 255]) assert.throws(() => gasOf({ kind }), refusal('unknown-kind'));
});

test('every nullifier and output is paid for', () => {
  const { shielded, ...rest } = payment();
  const empty = { ...rest, shielded: { ...shielded, nullifiers: [], traces: [], outputs: [] } };
  assert.equal(intrinsicGas(TABLE, empty), 66_000n);
});

/** Target 10 million of 20, the amounts of go-ethereum's TestCalcBaseFee. */
const FEES = {
  baseFeeStart: 1_000_000_000n,
  baseFeeFloor: 7n,
  changeDenominator: 8n,
  gasLimit: 20_000_000n,
  gasTarget: 10_000_000n,
};

test('the base fee moves as in EIP-1559: unchanged at the target, up and down by an eighth of the deviation', () => {
  for (const [gasUsed, next] of [
    [10_000_000n, 1_000_000_000n],
    [9_000_000n, 987_500_000n],
    [11_000_000n, 1_012_500_000n],
    [20_000_000n, 1_125_000_000n],
    [0n, 875_000_000n],
  ] as const) {
    assert.equal(nextBaseFee(FEES, { baseFee: 1_000_000_000n, gasUsed }), next, `${gasUsed}`);
  }
});

test('above the target the base fee rises by at least 1, and fractions are cut', () => {
  assert.equal(nextBaseFee(FEES, { baseFee: 7n, gasUsed: 10_000_001n }), 8n);
  assert.equal(nextBaseFee(FEES, { baseFee: 100n, gasUsed: 10_000_001n }), 101n);
  assert.equal(nextBaseFee(FEES, { baseFee: 1_000_000_007n, gasUsed: 11_000_000n }), 1_012_500_007n);
  assert.equal(nextBaseFee(FEES, { baseFee: 1_000_000_007n, gasUsed: 9_000_000n }), 987_500_007n);
});

test('below the target the base fee falls to the floor and no further', () => {
  assert.equal(nextBaseFee(FEES, { baseFee: 8n, gasUsed: 0n }), 7n);
  assert.equal(nextBaseFee(FEES, { baseFee: 7n, gasUsed: 0n }), 7n);
  assert.equal(nextBaseFee(FEES, { baseFee: 7n, gasUsed: 10_000_000n }), 7n);
  const { fees } = PRODUCTION;
  let baseFee = fees.baseFeeStart;
  for (let i = 0; i < 100; i++) baseFee = nextBaseFee(fees, { baseFee, gasUsed: 0n });
  assert.equal(baseFee, 100_000_000n);
});

test('whatever a block uses, the base fee changes by an eighth at most and stays at or above the floor', () => {
  const { fees } = PRODUCTION;
  const base = fc.bigInt({ min: fees.baseFeeFloor, max: 2n ** 100n });
  fc.assert(
    fc.property(base, fc.bigInt({ min: 0n, max: fees.gasLimit }), (baseFee, gasUsed) => {
      const next = nextBaseFee(fees, { baseFee, gasUsed });
      assert.ok(next >= fees.baseFeeFloor);
      assert.ok(next <= baseFee + baseFee / 8n + 1n && next >= baseFee - baseFee / 8n - 1n);
      assert.equal(next > baseFee, gasUsed > fees.gasTarget);
    }),
  );
});

test('the ladder of gas prices is 10^8 and then five quarters of the last step, cut', () => {
  const steps = [100_000_000n, 125_000_000n, 156_250_000n, 195_312_500n, 244_140_625n, 305_175_781n];
  for (let i = 0; i + 1 < steps.length; i++) {
    // A base fee on a step or just above the one before takes the next step: that is two blocks of full rise.
    assert.equal(ladderGasPrice(steps[i]!), steps[i + 1]);
    if (i > 0) assert.equal(ladderGasPrice(steps[i - 1]! + 1n), steps[i + 1]);
  }
  assert.equal(ladderGasPrice(0n), 125_000_000n);
  assert.equal(ladderGasPrice(1n), 125_000_000n);
});

test('a price of the ladder stands one full block of rise, and nobody can tell wallets apart by it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 100_000_000n, max: 2n ** 90n }), (baseFee) => {
      const price = ladderGasPrice(baseFee);
      assert.ok(price >= baseFee + baseFee / 8n);
      assert.ok(price <= (25n * baseFee) / 16n + 2n);
      let step = 100_000_000n;
      while (step < price) step = (5n * step) / 4n;
      assert.equal(step, price, 'the price is a step of the ladder');
    }),
  );
});
