import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { provingToolsDouble } from '../../../test/wallet/doubles.ts';
import { prove, sign, submit } from './authorize.ts';
import { type Plan, plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Request } from './request.ts';
import { planMany, planStep } from './steps.ts';
import { memoryWalletStore } from './store.ts';
import { resetWallet } from './store-repair.ts';
import {
  ALICE,
  BOB,
  chainWithNotes,
  filler,
  issueToken,
  ONLY_SHAPE_A,
  openOn,
  ready,
  refusal,
  TOKEN,
  testChain,
} from './test-support.ts';
import type { Wallet } from './wallet.ts';

const toBob = (amount: bigint, asset = SERO_ASSET): Extract<Request, { type: 'pay' }> => ({
  type: 'pay',
  to: BOB.proof.viewing.address,
  asset,
  amount,
});

async function parts(planned: Plan) {
  return [sign(planned, ALICE), await prove(planned, ALICE.proof, provingToolsDouble)] as const;
}

/** Submits to a node that says no. */
async function refused(wallet: Wallet, planned: Plan): Promise<void> {
  const no = async (): Promise<Error> => new RangeError('no');
  await assert.rejects(submit(wallet, planned, ...(await parts(planned)), no), RangeError);
}

const spendsOf = (planned: Plan): readonly bigint[] => readPlan(planned).spends;
/** The position of the note of so many SERO. */
const noteOf = (wallet: Wallet, value: bigint): bigint =>
  wallet.notes().find((note) => note.value === value * SERO_UNIT)!.position;

/** A wallet with notes of 5, 20 and 900 SERO, and a payment out of the 900 that was refused. */
async function afterRefusal() {
  const values = [900n, 20n, 5n].map((value) => value * SERO_UNIT);
  const { chain, wallet } = await chainWithNotes(values);
  const first = await plan(wallet, toBob(500n * SERO_UNIT));
  const early = await plan(wallet, toBob(3n * SERO_UNIT));
  await refused(wallet, first);
  return { chain, wallet, first, early };
}

describe('after a refusal', () => {
  it('all is there to spend, and the next plan spends a note of what was refused though another one would do', async () => {
    const { wallet, first } = await afterRefusal();
    assert.deepEqual(spendsOf(first), [noteOf(wallet, 900n)]);
    assert.equal(wallet.balances()[0]!.pending, 0n);
    const next = await plan(wallet, toBob(3n * SERO_UNIT));
    assert.ok(spendsOf(next).includes(noteOf(wallet, 900n)));
  });

  it('a plan that was made before, and spends other notes, is not sent beside it', async () => {
    const { wallet, early } = await afterRefusal();
    assert.deepEqual(spendsOf(early), [noteOf(wallet, 5n)]);
    let sends = 0;
    const send = async (): Promise<void> => {
      sends++;
    };
    await assert.rejects(submit(wallet, early, ...(await parts(early)), send), refusal('refused-may-enter'));
    assert.equal(sends, 0);
  });

  it('the same parts may be sent again, and are reserved as any others then', async () => {
    const { wallet, first } = await afterRefusal();
    await submit(wallet, first, ...(await parts(first)), async () => undefined);
    assert.equal(wallet.balances()[0]!.pending, 900n * SERO_UNIT);
    const next = await plan(wallet, toBob(3n * SERO_UNIT));
    assert.deepEqual(spendsOf(next), [noteOf(wallet, 5n)]);
  });

  it('it holds for each of several: the third plan shuts out the first and the second', async () => {
    const { wallet, first } = await afterRefusal();
    const second = await plan(wallet, toBob(910n * SERO_UNIT));
    await refused(wallet, second);
    const third = spendsOf(await plan(wallet, toBob(1n)));
    for (const earlier of [first, second]) assert.ok(spendsOf(earlier).some((one) => third.includes(one)));
  });

  it('while a newer one holds its notes nothing else can be planned; once that is in a block everything can', async () => {
    const { chain, wallet } = await afterRefusal();
    const retry = await plan(wallet, toBob(500n * SERO_UNIT));
    await submit(wallet, retry, ...(await parts(retry)), async () => undefined);
    for (const request of [toBob(3n * SERO_UNIT), { type: 'merge' } as const]) {
      await assert.rejects(plan(wallet, request), refusal('refused-may-enter'));
    }
    await assert.rejects(planStep(wallet, toBob(3n * SERO_UNIT)), refusal('refused-may-enter'));
    await wallet.addBlock(chain.add([(await ready(retry, ALICE)).bytes]));
    assert.deepEqual([wallet.pending(), wallet.lost()], [[], []]);
    const free = await plan(wallet, toBob(3n * SERO_UNIT));
    assert.deepEqual(spendsOf(free), [noteOf(wallet, 5n)]);
  });

  it('it ends with the expiry, and not a block before', async () => {
    const values = [900n, 5n].map((value) => value * SERO_UNIT);
    const { chain, wallet } = await chainWithNotes(values, {
      anchor: { window: 65_536n, step: 1n, expiry: 3n },
    });
    await refused(wallet, await plan(wallet, toBob(500n * SERO_UNIT)));
    for (let height = 1n; height <= 3n; height++) {
      const next = await plan(wallet, toBob(3n * SERO_UNIT));
      assert.ok(spendsOf(next).includes(noteOf(wallet, 900n)), `at height ${height - 1n} it may still enter`);
      await wallet.addBlock(chain.add());
    }
    assert.deepEqual(spendsOf(await plan(wallet, toBob(3n * SERO_UNIT))), [noteOf(wallet, 5n)]);
  });

  it('a wallet that was opened again remembers it', async () => {
    const store = memoryWalletStore();
    const chain = testChain([
      { key: ALICE, value: 900n * SERO_UNIT },
      { key: ALICE, value: 5n * SERO_UNIT, index: 1n },
    ]);
    const wallet = await openOn(chain, ALICE, { store });
    await refused(wallet, await plan(wallet, toBob(500n * SERO_UNIT)));
    const again = await openOn(chain, ALICE, { store, blocks: [] });
    assert.ok(spendsOf(await plan(again, toBob(3n * SERO_UNIT))).includes(noteOf(wallet, 900n)));
  });

  it('a payment of a token shuts it out with the note for its fee, and so do a merge and a payroll', async () => {
    const chain = testChain([
      { key: ALICE, value: 900n * SERO_UNIT },
      { key: ALICE, value: 800n * SERO_UNIT, index: 1n },
      { key: ALICE, value: 5n * SERO_UNIT, index: 2n },
    ]);
    const wallet = await openOn(chain, ALICE);
    await issueToken(chain, wallet, ALICE, [7n, 8n]);
    await refused(wallet, await plan(wallet, toBob(850n * SERO_UNIT)));
    const [spent] = wallet.pending()[0]!.positions;
    const payments = [1n, 2n].map((amount) => ({ ...toBob(amount, TOKEN) }));
    const plans = [
      await plan(wallet, toBob(6n, TOKEN)),
      await plan(wallet, { type: 'merge' }),
      await plan(wallet, { type: 'merge', asset: TOKEN }),
      await plan(wallet, { type: 'commit', name: 'OCTANE' }),
      (await planStep(wallet, toBob(15n, TOKEN))).plan,
      (await planMany(wallet, { type: 'payMany', payments })).plan,
    ];
    for (const planned of plans) assert.ok(spendsOf(planned).includes(spent!));
  });

  it('the fee that is shown is that of the plan, where the note makes the shape larger', async () => {
    const { wallet } = await afterRefusal();
    await refused(wallet, await plan(wallet, toBob(910n * SERO_UNIT)));
    const { plan: planned, fees, transactions } = await planStep(wallet, toBob(921n * SERO_UNIT));
    assert.equal(transactions, 1);
    assert.equal(readPlan(planned).fee, fees);
  });

  it('on a network without shape B it is shut out by a merge first, where a payment has no room', async () => {
    const values = [3n, 3n, 3n].map((value) => value * SERO_UNIT);
    const { chain, wallet } = await chainWithNotes(values, ONLY_SHAPE_A);
    await refused(wallet, await plan(wallet, toBob(SERO_UNIT)));
    const first = await planStep(wallet, toBob(8n * SERO_UNIT));
    assert.equal(first.paid, 0n);
    assert.ok(spendsOf(first.plan).includes(wallet.pending()[0]!.positions[0]!));
    await submit(wallet, first.plan, ...(await parts(first.plan)), async () => undefined);
    await wallet.addBlock(chain.add([(await ready(first.plan, ALICE)).bytes]));
    assert.equal((await planStep(wallet, first.rest!)).paid, 8n * SERO_UNIT);
  });

  it('what enters all the same holds everything back until somebody says that he knows, also once opened again', async () => {
    const store = memoryWalletStore();
    const chain = testChain([
      { key: ALICE, value: 900n * SERO_UNIT },
      { key: ALICE, value: 5n * SERO_UNIT, index: 1n },
    ]);
    const wallet = await openOn(chain, ALICE, { store });
    const [first, early] = [
      await plan(wallet, toBob(500n * SERO_UNIT)),
      await plan(wallet, toBob(3n * SERO_UNIT)),
    ];
    await refused(wallet, first);
    const sent = await ready(first, ALICE);
    await wallet.addBlock(chain.add([sent.bytes]));
    const again = await openOn(chain, ALICE, { store, blocks: [] });
    for (const now of [wallet, again]) {
      assert.deepEqual(
        now.entered().map(({ txid, height, payments }) => [txid, height, payments[0]?.value]),
        [[sent.txid, 1n, 500n * SERO_UNIT]],
      );
      await assert.rejects(plan(now, toBob(3n * SERO_UNIT)), refusal('refused-entered'));
    }
    // A plan of before it was refused spends none of its notes, so nothing else stops it.
    let sends = 0;
    const send = async (): Promise<void> => {
      sends++;
    };
    await assert.rejects(submit(again, early, ...(await parts(early)), send), refusal('refused-entered'));
    await resetWallet(store);
    const repaired = await openOn(chain, ALICE, { store });
    await assert.rejects(plan(repaired, toBob(3n * SERO_UNIT)), refusal('refused-entered'));
    assert.equal(sends, 0);
    await repaired.acknowledge(sent.txid);
    const known = await openOn(chain, ALICE, { store, blocks: [] });
    await submit(known, early, ...(await parts(early)), send);
    assert.equal(sends, 1);
    assert.equal(known.entered()[0]?.acknowledged, true);
  });

  it('more of them at once than one transaction can shut out: says when there are few enough, and that trying again is no help', async () => {
    const values = [900n, 800n, 700n].map((value) => value * SERO_UNIT);
    const { chain, wallet } = await chainWithNotes(values, {
      ...ONLY_SHAPE_A,
      anchor: { window: 65_536n, step: 1n, expiry: 10n },
    });
    const no: ((answer: Error) => void)[] = [];
    const outcomes: Promise<unknown>[] = [];
    for (const amount of [650n, 750n, 850n]) {
      const planned = await plan(wallet, toBob(amount * SERO_UNIT));
      const [signed, proved] = await parts(planned);
      await new Promise<void>((onItsWay) => {
        const send = (): Promise<unknown> => {
          onItsWay();
          return new Promise((resolve) => no.push(resolve));
        };
        outcomes.push(assert.rejects(submit(wallet, planned, signed, proved, send), RangeError));
      });
      await wallet.addBlock(chain.add());
    }
    for (const answer of no) answer(new RangeError('no'));
    await Promise.all(outcomes);
    const tooMany = {
      ...refusal('refused-may-enter'),
      message: /refused 3 .* until block 10 \(without trying/,
    };
    await assert.rejects(plan(wallet, toBob(3n * SERO_UNIT)), tooMany);
    await assert.rejects(plan(wallet, toBob(2_000n * SERO_UNIT)), tooMany);
    await assert.rejects(plan(wallet, { type: 'merge' }), tooMany);
    await assert.rejects(planStep(wallet, toBob(3n * SERO_UNIT)), tooMany);
    while (wallet.tip()!.header.height < 10n) await wallet.addBlock(chain.add());
    const both = [900n, 800n].map((value) => noteOf(wallet, value));
    assert.deepEqual(new Set(spendsOf(await plan(wallet, toBob(3n * SERO_UNIT)))), new Set(both));
  });

  it('of a transaction that nobody submitted nothing is remembered', async () => {
    const { wallet } = await chainWithNotes([SERO_UNIT]);
    await wallet.refuse(filler(1, 32));
    assert.deepEqual(wallet.pending(), []);
  });
});
