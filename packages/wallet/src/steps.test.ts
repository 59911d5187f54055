import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equalBytes } from '@sero/crypto';
import { encodeAddress, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import fc from 'fast-check';
import { WalletError } from './errors.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Request } from './request.ts';
import { planStep } from './steps.ts';
import {
  ALICE,
  BOB,
  chainWithNotes,
  issueToken,
  openOn,
  ready,
  refusal,
  type TestChain,
  TOKEN,
  testChain,
} from './test-support.ts';
import type { Wallet } from './wallet.ts';

type Payment = Extract<Request, { type: 'pay' }>;

const BOBS_ADDRESS = BOB.proof.viewing.address;

const payment = (asset: bigint, amount: bigint): Payment => ({
  type: 'pay',
  to: BOBS_ADDRESS,
  asset,
  amount,
});

/** Takes steps until nothing remains to be paid; returns what each paid, 0 for a merge. */
async function payAll(chain: TestChain, wallet: Wallet, due: Payment): Promise<bigint[]> {
  const paid: bigint[] = [];
  for (let rest: Payment | undefined = due; rest !== undefined; ) {
    const step = await planStep(wallet, rest);
    const toBob = readPlan(step.plan).outputs.filter(({ to }) => equalBytes(to, encodeAddress(BOBS_ADDRESS)));
    assert.deepEqual(
      toBob.map(({ value }) => value),
      step.paid === 0n ? [] : [step.paid],
    );
    await wallet.addBlock(chain.add([(await ready(step.plan, ALICE)).bytes]));
    paid.push(step.paid);
    rest = step.rest;
  }
  return paid;
}

/** The fee of one payment, for tests that pay to the last unit. */
async function feeOf(wallet: Wallet): Promise<bigint> {
  return readPlan(await plan(wallet, payment(SERO_ASSET, 1n))).fee;
}

describe('planStep', () => {
  it('pays at once where one transaction can', async () => {
    const { chain, wallet } = await chainWithNotes([SERO_UNIT, SERO_UNIT]);
    assert.deepEqual(await payAll(chain, wallet, payment(SERO_ASSET, SERO_UNIT + 5n)), [SERO_UNIT + 5n]);
  });

  it('merges the largest notes of SERO until two cover amount and fee', async () => {
    const { chain, wallet } = await chainWithNotes(Array.from({ length: 5 }, () => SERO_UNIT));
    const amount = 5n * SERO_UNIT - SERO_UNIT / 10n;
    assert.deepEqual(await payAll(chain, wallet, payment(SERO_ASSET, amount)), [0n, 0n, 0n, amount]);
  });

  it('pays a token note by note, for its other input pays the fee', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    await issueToken(chain, wallet, ALICE, [5n, 30n, 7n, 2n]);
    assert.deepEqual(await payAll(chain, wallet, payment(TOKEN, 43n)), [30n, 7n, 5n, 1n]);
    assert.equal(wallet.balances().find(({ asset }) => asset === TOKEN)!.total, 1n);
  });

  it('merges notes of SERO for the fee of a token, and then pays', async () => {
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT, SERO_UNIT]);
    await issueToken(chain, wallet, ALICE, [5n]);
    const fee = await feeOf(wallet);
    const worth = (sero: bigint): Wallet => ({
      ...wallet,
      spendableNotes: () =>
        wallet.spendableNotes().map((note) => (note.asset === TOKEN ? note : { ...note, value: sero })),
    });
    // A memo makes the payment dearer than the merge: two notes below the one fee leave enough for it after the other.
    const due = { ...payment(TOKEN, 5n), memo: 'dear' };
    const first = await planStep(worth((103n * fee) / 100n), due);
    assert.deepEqual([first.paid, first.rest], [0n, due]);
    assert.equal(readPlan(first.plan).spends.length, 2);
    const second = await planStep(worth(2n * fee), due);
    assert.deepEqual([second.paid, second.rest], [5n, undefined]);
  });

  it('takes no first step where the account cannot pay the fees of the last', async () => {
    const { chain, wallet } = await chainWithNotes(Array.from({ length: 6 }, () => SERO_UNIT));
    const fee = await feeOf(wallet);
    const before = wallet.balances();
    // Four merges and the payment itself; one fee more is too much.
    const most = 6n * SERO_UNIT - 5n * fee;
    await assert.rejects(planStep(wallet, payment(SERO_ASSET, most + fee)), refusal('insufficient-funds'));
    assert.deepEqual(wallet.balances(), before);
    const paid = await payAll(chain, wallet, payment(SERO_ASSET, most - fee));
    assert.equal(paid.at(-1), most - fee);
  });

  it('does not pay a token halfway where there is no SERO for the rest', async () => {
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT]);
    await issueToken(chain, wallet, ALICE, [5n, 6n, 7n]);
    const fee = await feeOf(wallet);
    const poor: Wallet = {
      ...wallet,
      spendableNotes: () =>
        wallet.spendableNotes().map((note) => (note.asset === TOKEN ? note : { ...note, value: 2n * fee })),
    };
    await assert.rejects(planStep(poor, payment(TOKEN, 18n)), refusal('insufficient-funds'));
    assert.equal((await planStep(poor, payment(TOKEN, 13n))).paid, 7n);
  });

  it('merges nothing for a payment that the account cannot make', async () => {
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT, 1n, 1n]);
    await issueToken(chain, wallet, ALICE, [5n]);
    const refused = [payment(TOKEN, 6n), payment(SERO_ASSET, 3n * SERO_UNIT)];
    for (const due of refused) await assert.rejects(planStep(wallet, due), refusal('insufficient-funds'));
  });

  it('over random notes: what is paid sums to the amount, or the account has too little for amount and fees', async () => {
    const values = fc.array(fc.bigInt({ min: 1n, max: 20n }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(values, fc.bigInt({ min: 1n, max: 60n }), async (tenths, amount) => {
        const unit = SERO_UNIT / 10n;
        const { chain, wallet } = await chainWithNotes(tenths.map((value) => value * unit));
        const total = tenths.reduce((sum, value) => sum + value * unit, 0n);
        const due = payment(SERO_ASSET, amount * unit);
        try {
          const paid = await payAll(chain, wallet, due);
          assert.equal(
            paid.reduce((sum, value) => sum + value, 0n),
            due.amount,
          );
        } catch (error) {
          if (!(error instanceof WalletError)) throw error;
          assert.equal(error.code, 'insufficient-funds');
          assert.ok(total - due.amount < unit, 'only the fees of a few merges were missing');
        }
      }),
      { numRuns: 8 },
    );
  });

  it('waits for the chain', async () => {
    const wallet = await openOn(testChain(), ALICE, { blocks: [] });
    await assert.rejects(planStep(wallet, payment(SERO_ASSET, 1n)), refusal('no-anchor'));
  });
});
