import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { SHAPES } from '@sero/circuits';
import { decodeEnvelope, decodeExecutedBlock, SERO_ASSET, SERO_UNIT, viewingKeyToText } from '@sero/protocol';
import { type Payout, type Plan, planMany, planStep, readPlan, type Wallet, WalletError } from '@sero/wallet';
import { auditorOf, choices, foundTown, issueToken, openView, send, type Town } from './people.ts';

const PEOPLE = 3;
/** At least; until every shape was used. */
const TRANSACTIONS = 20;

/** Printed, and taken back from the environment to play a run again. */
const seed = Number(process.env['SERO_SEED'] ?? randomInt(2 ** 31));

/** Like walk.test.ts, on a network with all three circuits: payrolls and payments out of many notes. */
describe(`${TRANSACTIONS} transactions of all shapes among ${PEOPLE} people (seed ${seed})`, () => {
  const pick = choices(seed);
  const accounts: Map<bigint, bigint>[] = Array.from({ length: PEOPLE }, () => new Map());
  const circuits: number[] = [0, 0, 0, 0];
  let town: Town;

  const add = (person: number, asset: bigint, amount: bigint): void => {
    accounts[person]!.set(asset, (accounts[person]!.get(asset) ?? 0n) + amount);
  };
  const held = (wallet: Wallet): [bigint, bigint][] =>
    wallet.balances().map(({ asset, total }) => [asset, total]);
  const expected = (person: number): [bigint, bigint][] =>
    [...accounts[person]!].filter(([, total]) => total > 0n).toSorted(([a], [b]) => (a < b ? -1 : 1));

  /** What somebody wants to pay, to whom: a part of an asset to one, or small parts to many. */
  function wishes(from: number): { readonly to: number; readonly payout: Payout }[] {
    const balances = town.people[from]!.wallet.balances().filter(({ spendable }) => spendable > 100n);
    const balance = balances[pick(balances.length)];
    if (balance === undefined) return [];
    const { asset, spendable } = balance;
    const whole =
      ((spendable - (asset === SERO_ASSET ? SERO_UNIT / 100n : 0n)) * BigInt(40 + pick(61))) / 100n;
    if (whole <= 0n) return [];
    const count = pick(2) === 0 ? 1 : 2 + pick(12);
    return Array.from({ length: count }, () => {
      const to = pick(PEOPLE);
      const address = town.people[to]!.key.proof.viewing.address;
      return { to, payout: { to: address, asset, amount: whole / BigInt(count) } };
    }).filter(({ payout }) => payout.amount > 0n);
  }

  /** Sends the next transaction towards a wish; nothing where the money is not there. */
  async function act(from: number): Promise<void> {
    const wanted = wishes(from);
    if (wanted.length === 0) return;
    const person = town.people[from]!;
    const payments = wanted.map(({ payout }) => payout);
    let planned: Plan;
    let paid: readonly { readonly to: number; readonly asset: bigint; readonly amount: bigint }[];
    try {
      if (payments.length === 1) {
        const step = await planStep(person.wallet, { type: 'pay', ...payments[0]! });
        planned = step.plan;
        paid = [{ to: wanted[0]!.to, asset: payments[0]!.asset, amount: step.paid }];
      } else {
        const step = await planMany(person.wallet, { type: 'payMany', payments, memo: 'wages' });
        planned = step.plan;
        paid = step.paid.map((payout) => ({
          to: wanted.find((wish) => wish.payout === payout || wish.payout.to === payout.to)!.to,
          asset: payout.asset,
          amount: payout.amount,
        }));
      }
    } catch (error) {
      if (!(error instanceof WalletError && error.code === 'insufficient-funds')) throw error;
      return;
    }
    await send(town, person, planned);
    const { fee, tx } = readPlan(planned);
    circuits[tx.circuit]!++;
    add(from, SERO_ASSET, -fee);
    for (const { to, asset, amount } of paid) {
      add(from, asset, -amount);
      add(to, asset, amount);
    }
  }

  before(async () => {
    town = await foundTown(
      [600n, 400n, 200n].map((amount) => amount * SERO_UNIT),
      SHAPES,
    );
    await issueToken(town, town.people[0]!, 'HEPTANE', 1_000_000n);
    for (const [n, { wallet }] of town.people.entries())
      for (const [asset, total] of held(wallet)) add(n, asset, total);
    const few = (): boolean => circuits.reduce((sum, count) => sum + count, 0) < TRANSACTIONS;
    while (few() || circuits.slice(1).includes(0)) {
      for (let from = 0; from < PEOPLE; from++) await act(from);
      const receipts = await town.mine();
      assert.ok(receipts.every(({ status }) => status === 1));
      for (const [n, { wallet }] of town.people.entries()) assert.deepEqual(held(wallet), expected(n));
    }
  });

  it('used every shape, and the ledger took them all', (t) => {
    t.diagnostic(`A ${circuits[1]}, B ${circuits[2]}, C ${circuits[3]}`);
    assert.ok(
      circuits.slice(1).every((count) => count > 0),
      circuits.join(),
    );
    const all = town.blocks.flatMap((block) => decodeExecutedBlock(block.slice()).block.transactions);
    for (const bytes of all) {
      const { circuit, shielded } = decodeEnvelope(bytes).private!.tx;
      const { inputs, outputs } = SHAPES[circuit - 1]!;
      assert.deepEqual([shielded.nullifiers.length, shielded.outputs.length], [inputs, outputs]);
    }
  });

  it('created and lost nothing', () => {
    const { ledger } = town.network;
    for (const asset of new Set(accounts.flatMap((account) => [...account.keys()]))) {
      const total = accounts.reduce((sum, account) => sum + (account.get(asset) ?? 0n), 0n);
      assert.equal(total, ledger.pooled(asset));
      if (asset === SERO_ASSET) assert.equal(total + ledger.rewardPool(), 1_200n * SERO_UNIT);
      else assert.equal(total, ledger.asset(asset)!.supply);
    }
  });

  it('is told in full by TK, and by a wallet restored from its keys: every note and line, each payee of a payroll', async () => {
    const viewOf = (wallet: Wallet) => ({
      balances: wallet.balances(),
      notes: wallet.notes(),
      history: wallet.history(),
      undisclosed: wallet.undisclosed(),
    });
    for (const person of town.people) {
      assert.deepEqual(viewOf(await auditorOf(town, person)), viewOf(person.wallet));
      assert.deepEqual(person.wallet.undisclosed(), []);
    }
    const [{ key, wallet }] = town.people as [Town['people'][number]];
    const text = viewingKeyToText(key.proof.viewing, 'development');
    const restored = await openView(town.network, town.hasher, text, false);
    for (const block of town.blocks) await restored.addBlock(block.slice());
    assert.deepEqual(viewOf(restored), viewOf(wallet));
    const payrolls = town.people.flatMap(({ wallet }) =>
      wallet.history().filter(({ own, memo }) => own && memo === 'wages'),
    );
    assert.equal(payrolls.length, circuits[3]);
  });
});
