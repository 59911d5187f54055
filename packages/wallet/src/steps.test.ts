import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equalBytes } from '@sero/crypto';
import { encodeAddress, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import fc from 'fast-check';
import { WalletError } from './errors.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Payout, Request } from './request.ts';
import { planMany, planStep } from './steps.ts';
import {
  ALICE,
  BOB,
  chainWithNotes,
  issueToken,
  ONLY_SHAPE_A,
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

describe('planStep on a network that has a key for shape A alone', () => {
  it('pays at once where one transaction can', async () => {
    const { chain, wallet } = await chainWithNotes([SERO_UNIT, SERO_UNIT], ONLY_SHAPE_A);
    assert.deepEqual(await payAll(chain, wallet, payment(SERO_ASSET, SERO_UNIT + 5n)), [SERO_UNIT + 5n]);
  });

  it('merges the largest notes of SERO until two cover amount and fee', async () => {
    const { chain, wallet } = await chainWithNotes(
      Array.from({ length: 5 }, () => SERO_UNIT),
      ONLY_SHAPE_A,
    );
    const amount = 5n * SERO_UNIT - SERO_UNIT / 10n;
    assert.deepEqual(await payAll(chain, wallet, payment(SERO_ASSET, amount)), [0n, 0n, 0n, amount]);
  });

  it('pays a token note by note, for its other input pays the fee', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT], ONLY_SHAPE_A);
    await issueToken(chain, wallet, ALICE, [5n, 30n, 7n, 2n]);
    assert.deepEqual(await payAll(chain, wallet, payment(TOKEN, 43n)), [30n, 7n, 5n, 1n]);
    assert.equal(wallet.balances().find(({ asset }) => asset === TOKEN)!.total, 1n);
  });

  it('merges notes of SERO for the fee of a token, and then pays', async () => {
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT, SERO_UNIT], ONLY_SHAPE_A);
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
    const { chain, wallet } = await chainWithNotes(
      Array.from({ length: 6 }, () => SERO_UNIT),
      ONLY_SHAPE_A,
    );
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
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT], ONLY_SHAPE_A);
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
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT, 1n, 1n], ONLY_SHAPE_A);
    await issueToken(chain, wallet, ALICE, [5n]);
    const refused = [payment(TOKEN, 6n), payment(SERO_ASSET, 3n * SERO_UNIT)];
    for (const due of refused) await assert.rejects(planStep(wallet, due), refusal('insufficient-funds'));
  });

  it('waits for the chain', async () => {
    const wallet = await openOn(testChain(), ALICE, { blocks: [] });
    await assert.rejects(planStep(wallet, payment(SERO_ASSET, 1n)), refusal('no-anchor'));
  });
});

/** Notes of SERO of one unit each. */
const units = (count: number): bigint[] => Array.from({ length: count }, () => SERO_UNIT);
const circuitOf = (text: string): number => readPlan(text).tx.circuit;

describe('planStep on a network that has keys for all shapes', () => {
  it('keeps to shape A where two notes pay, and takes B for up to eight', async () => {
    const { wallet } = await chainWithNotes(units(8));
    for (const [notes, circuit] of [
      [2n, 1],
      [3n, 2],
      [8n, 2],
    ] as const) {
      const step = await planStep(wallet, payment(SERO_ASSET, notes * SERO_UNIT - SERO_UNIT / 10n));
      assert.deepEqual([circuitOf(step.plan), step.transactions, step.rest], [circuit, 1, undefined]);
      assert.equal(step.fees, readPlan(step.plan).fee);
      assert.equal(readPlan(step.plan).spends.length, Number(notes));
    }
  });

  it('merges eight notes at once until eight cover amount and fee, and says how many transactions that takes', async () => {
    const { chain, wallet } = await chainWithNotes(units(17));
    const amount = 17n * SERO_UNIT - SERO_UNIT / 10n;
    const first = await planStep(wallet, payment(SERO_ASSET, amount));
    assert.deepEqual([circuitOf(first.plan), readPlan(first.plan).spends.length], [2, 8]);
    assert.deepEqual([first.paid, first.transactions], [0n, 3]);
    const before = wallet.balances()[0]!.total;
    assert.deepEqual(await payAll(chain, wallet, payment(SERO_ASSET, amount)), [0n, 0n, amount]);
    // The base fee falls meanwhile: what was said is the most that it takes.
    const fees = before - wallet.balances()[0]!.total - amount;
    assert.ok(fees <= first.fees && fees > (9n * first.fees) / 10n);
  });

  it('pays a token that lies in up to seven notes at once, and merges it where it lies in more', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    await issueToken(chain, wallet, ALICE, [5n, 30n, 7n, 2n, 4n, 6n, 8n, 9n, 1n]);
    const few = await planStep(wallet, payment(TOKEN, 66n));
    assert.deepEqual([circuitOf(few.plan), few.transactions], [2, 1]);
    assert.deepEqual(await payAll(chain, wallet, payment(TOKEN, 72n)), [0n, 72n]);
    assert.deepEqual(
      wallet.balances().find(({ asset }) => asset === TOKEN),
      undefined,
    );
  });

  it('merges SERO first where the fee of a token lies in too many notes', async () => {
    const { chain, wallet } = await chainWithNotes([3n * SERO_UNIT, ...units(13)]);
    await issueToken(chain, wallet, ALICE, [5n, 6n]);
    const fee = (await planStep(wallet, payment(TOKEN, 11n))).fees;
    const poor = (value: bigint): Wallet => ({
      ...wallet,
      spendableNotes: () =>
        wallet.spendableNotes().map((note) => (note.asset === TOKEN ? note : { ...note, value })),
    });
    // Two notes of the token leave six inputs: the fee in six notes is paid, in more it has to be gathered.
    const together = await planStep(poor(fee / 6n + 1n), payment(TOKEN, 11n));
    assert.deepEqual([together.transactions, readPlan(together.plan).spends.length], [1, 8]);
    const apart = await planStep(poor(fee / 5n), payment(TOKEN, 5n));
    assert.equal(apart.transactions, 1);
    await assert.rejects(planStep(poor(fee / 20n), payment(TOKEN, 11n)), refusal('insufficient-funds'));
    const gathered = await planStep(poor(fee / 6n), payment(TOKEN, 11n));
    assert.deepEqual([gathered.paid, gathered.rest], [0n, payment(TOKEN, 11n)]);
  });

  it('takes no first step where the account cannot pay the fees of the last', async () => {
    const { chain, wallet } = await chainWithNotes(units(10));
    const before = wallet.balances();
    const probe = await planStep(wallet, payment(SERO_ASSET, 9n * SERO_UNIT));
    assert.equal(probe.transactions, 2);
    const most = 10n * SERO_UNIT - probe.fees;
    await assert.rejects(planStep(wallet, payment(SERO_ASSET, most + 1n)), refusal('insufficient-funds'));
    assert.deepEqual(wallet.balances(), before);
    assert.deepEqual(await payAll(chain, wallet, payment(SERO_ASSET, most)), [0n, most]);
    assert.deepEqual(wallet.balances(), []);
  });

  it('over random notes: what is paid sums to the amount, or the account has too little for amount and fees', async () => {
    const values = fc.array(fc.bigInt({ min: 1n, max: 20n }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(values, fc.bigInt({ min: 1n, max: 120n }), async (tenths, amount) => {
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
});

describe('planMany', () => {
  const many = (count: number, asset: bigint, amount: bigint): Payout[] =>
    Array.from({ length: count }, () => ({ to: BOBS_ADDRESS, asset, amount }));

  /** Takes steps until nothing remains; returns how many each paid under which circuit. */
  async function payOut(chain: TestChain, wallet: Wallet, due: readonly Payout[], memo?: string) {
    const steps: [circuit: number, paid: number][] = [];
    for (let rest = due; rest.length > 0; ) {
      const said = memo === undefined ? {} : { memo };
      const step = await planMany(wallet, { type: 'payMany', payments: rest, ...said });
      const toBob = readPlan(step.plan).outputs.filter(({ to }) =>
        equalBytes(to, encodeAddress(BOBS_ADDRESS)),
      );
      assert.deepEqual(
        toBob.map(({ asset, value, readsMemo }) => `${asset}/${value}/${readsMemo}`).toSorted(),
        step.paid.map(({ asset, amount }) => `${asset}/${amount}/${memo !== undefined}`).toSorted(),
      );
      await wallet.addBlock(chain.add([(await ready(step.plan, ALICE)).bytes]));
      steps.push([circuitOf(step.plan), step.paid.length]);
      rest = step.rest;
    }
    return steps;
  }

  it('pays fifteen in SERO in one transaction of shape C, thirty-two in three of C and A', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    assert.deepEqual(await payOut(chain, wallet, many(15, SERO_ASSET, 5n), 'wages'), [[3, 15]]);
    assert.deepEqual(await payOut(chain, wallet, many(31, SERO_ASSET, 5n)), [
      [3, 15],
      [3, 15],
      [1, 1],
    ]);
  });

  it('pays fourteen in a token at once, asset by asset', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    await issueToken(chain, wallet, ALICE, [100n]);
    const due = [...many(8, TOKEN, 1n), ...many(3, SERO_ASSET, 7n), ...many(7, TOKEN, 2n)];
    assert.deepEqual(await payOut(chain, wallet, due), [
      [3, 14],
      [1, 1],
      [3, 3],
    ]);
    assert.equal(wallet.balances().find(({ asset }) => asset === TOKEN)!.total, 78n);
  });

  it('merges what lies in more notes than shape C spends', async () => {
    const { chain, wallet } = await chainWithNotes(units(6));
    assert.deepEqual(await payOut(chain, wallet, many(5, SERO_ASSET, SERO_UNIT)), [
      [2, 0],
      [3, 5],
    ]);
  });

  it('pays one by one where the network has shape A alone, a token note by note', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT], ONLY_SHAPE_A);
    await issueToken(chain, wallet, ALICE, [3n, 4n]);
    const due = [...many(1, TOKEN, 6n), ...many(2, SERO_ASSET, 5n)];
    assert.deepEqual(await payOut(chain, wallet, due), [
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it('pays nobody where it cannot pay all, and says when the newest notes are all that is missing', async () => {
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT]);
    const pay = (payments: readonly Payout[]) => planMany(wallet, { type: 'payMany', payments });
    await assert.rejects(pay(many(20, SERO_ASSET, SERO_UNIT / 10n)), refusal('insufficient-funds'));
    await assert.rejects(pay([...many(2, SERO_ASSET, 1n), ...many(1, 99n, 1n)]), refusal('asset-unknown'));
    await assert.rejects(pay([]), refusal('request-invalid'));
    const anchor = wallet.anchor()!;
    const early: Wallet = { ...wallet, anchor: () => ({ ...anchor, size: 0n }) };
    await assert.rejects(
      planMany(early, { type: 'payMany', payments: many(2, SERO_ASSET, 1n) }),
      refusal('notes-too-new'),
    );
    assert.equal(chain.blocks.length, 1);
  });
});
