import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { equalBytes, toHex } from '@sero/crypto';
import {
  decodeEnvelope,
  decodeExecutedBlock,
  encodeAddress,
  encodeOneTimeAddress,
  SERO_ASSET,
  SERO_UNIT,
  viewingKeyToText,
} from '@sero/protocol';
import { planStep, type Request, readPlan, type Wallet, WalletError } from '@sero/wallet';
import {
  auditorOf,
  choices,
  foundTown,
  issueToken,
  openView,
  type Person,
  send,
  type Town,
} from './people.ts';

const PEOPLE = 5;
const TRANSACTIONS = 200;
const MEMOS = ['rent', 'n5', '', 'für Brot und Salz'];

type Payment = Extract<Request, { type: 'pay' }>;

/** One payment as the test itself remembers it. */
interface Remembered {
  readonly txid: string;
  readonly from: number;
  readonly to: number;
  readonly asset: bigint;
  readonly value: bigint;
  readonly fee: bigint;
  readonly memo: string | undefined;
}

/** Printed, and taken back from the environment to play a run again. */
const seed = Number(process.env['SERO_SEED'] ?? randomInt(2 ** 31));

describe(`a random walk of ${TRANSACTIONS} transactions among ${PEOPLE} people with two tokens (seed ${seed})`, () => {
  const pick = choices(seed);
  const memory: Remembered[] = [];
  /** Plain arithmetic: what each person has of each asset. */
  const accounts: Map<bigint, bigint>[] = Array.from({ length: PEOPLE }, () => new Map());
  let town: Town;

  const add = (person: number, asset: bigint, amount: bigint): void => {
    accounts[person]!.set(asset, (accounts[person]!.get(asset) ?? 0n) + amount);
  };
  const held = (wallet: Wallet): [bigint, bigint][] =>
    wallet.balances().map(({ asset, total }) => [asset, total]);
  const expected = (person: number): [bigint, bigint][] =>
    [...accounts[person]!].filter(([, total]) => total > 0n).toSorted(([a], [b]) => (a < b ? -1 : 1));

  /** A payment that somebody wants to make: often small, sometimes everything that he has, sometimes to himself. */
  const wish = (from: number): { to: number; payment: Payment } | undefined => {
    const { wallet } = town.people[from]!;
    const balances = wallet.balances().filter(({ spendable }) => spendable > 0n);
    const balance = balances[pick(balances.length)];
    if (balance === undefined) return undefined;
    const { asset, spendable } = balance;
    const fees = asset === SERO_ASSET ? SERO_UNIT / 100n : 0n;
    const share = BigInt(1 + pick(pick(4) === 0 ? 100 : 20));
    const amount = ((spendable - fees) * share) / 100n;
    if (amount <= 0n) return undefined;
    const to = pick(PEOPLE);
    const memo = pick(2) === 0 ? undefined : MEMOS[pick(MEMOS.length)];
    const payment = { type: 'pay', to: town.people[to]!.key.proof.viewing.address, asset, amount } as const;
    return { to, payment: memo === undefined ? payment : { ...payment, memo } };
  };

  /** Sends one transaction towards somebody's wish; false where he has too little for it. */
  const act = async (from: number): Promise<boolean> => {
    const wanted = wish(from);
    if (wanted === undefined) return false;
    const { to, payment } = wanted;
    const person = town.people[from]!;
    let step: Awaited<ReturnType<typeof planStep>>;
    try {
      step = await planStep(person.wallet, payment);
    } catch (error) {
      if (!(error instanceof WalletError && error.code === 'insufficient-funds')) throw error;
      return false;
    }
    const { txid } = await send(town, person, step.plan);
    const { fee } = readPlan(step.plan);
    add(from, SERO_ASSET, -fee);
    add(from, payment.asset, -step.paid);
    add(to, payment.asset, step.paid);
    const { asset, memo } = payment;
    const said = step.paid === 0n ? undefined : memo;
    memory.push({ txid: toHex(txid), from, to, asset, value: step.paid, fee, memo: said });
    return true;
  };

  before(async () => {
    town = await foundTown([1_000n, 500n, 20n, 5n, 0n].map((amount) => amount * SERO_UNIT));
    await issueToken(town, town.people[0]!, 'HEPTANE', 1_000_000n);
    await issueToken(town, town.people[1]!, 'OCTANES', 77n);
    for (const [n, { wallet }] of town.people.entries())
      for (const [asset, total] of held(wallet)) add(n, asset, total);

    while (memory.length < TRANSACTIONS) {
      // Different people send in one block, each at most once: what is spent is known before the block.
      const senders = new Set(Array.from({ length: 1 + pick(4) }, () => pick(PEOPLE)));
      for (const sender of senders) await act(sender);
      const receipts = await town.mine();
      assert.ok(receipts.every(({ status }) => status === 1));
      for (const [n, { wallet }] of town.people.entries()) assert.deepEqual(held(wallet), expected(n));
    }
  });

  it('ends with the balances of plain arithmetic, spendable to the last unit', () => {
    for (const [n, { wallet }] of town.people.entries()) {
      assert.deepEqual(held(wallet), expected(n));
      assert.ok(wallet.balances().every(({ pending }) => pending === 0n));
    }
  });

  it('was planned and submitted with a `from` of its own in every transaction but a name’s two', () => {
    const all = town.blocks.flatMap((block) => decodeExecutedBlock(block.slice()).block.transactions);
    const froms = all.map((bytes) => toHex(decodeEnvelope(bytes).private!.tx.from));
    assert.equal(new Set(froms).size, froms.length - 2);
  });

  it('shows each wallet its own transactions and nobody else’s: history, memos, payees, notes', () => {
    const addresses = town.people.map(({ key }) => encodeAddress(key.proof.viewing.address));
    const claimed = new Map<bigint, number>();
    for (const [n, { wallet }] of town.people.entries()) {
      const mine = memory.filter(({ from, to, value }) => from === n || (to === n && value > 0n));
      const entries = wallet.history().filter(({ kind }) => kind === 'pay');
      assert.deepEqual(
        entries.map(({ txid }) => toHex(txid)).toSorted(),
        mine.map(({ txid }) => txid).toSorted(),
      );
      for (const entry of entries) {
        const { from, to, asset, value, fee, memo } = mine.find(({ txid }) => txid === toHex(entry.txid))!;
        assert.deepEqual([entry.own, entry.memo, entry.fee], [from === n, memo, from === n ? fee : 0n]);
        const paidToOther = from === n && to !== n && value > 0n;
        assert.deepEqual(
          entry.payments.map((payment) => [
            addresses.findIndex((pk) => equalBytes(pk, payment.to)),
            payment.asset,
            payment.value,
          ]),
          paidToOther ? [[to, asset, value]] : [],
        );
      }
      for (const { position, value } of wallet.notes()) {
        assert.ok(value > 0n);
        assert.ok(!claimed.has(position), 'a note has one owner');
        claimed.set(position, n);
      }
      assert.deepEqual(wallet.undisclosed(), []);
    }
  });

  const viewOf = (wallet: Wallet) => ({
    balances: wallet.balances(),
    notes: wallet.notes(),
    history: wallet.history(),
    undisclosed: wallet.undisclosed(),
  });

  it('is told in full by TK alone: an auditor with its text has every balance, note and line of each account', async () => {
    for (const person of town.people) {
      const auditor = await auditorOf(town, person);
      assert.deepEqual(viewOf(auditor), viewOf(person.wallet));
      assert.deepEqual(auditor.undisclosed(), []);
    }
  });

  it('is there again in a wallet that is restored from its keys', async () => {
    const { key, wallet }: Person = town.people[0]!;
    const text = viewingKeyToText(key.proof.viewing, 'development');
    const restored = await openView(town.network, town.hasher, text, false);
    for (const block of town.blocks) await restored.addBlock(block.slice());
    assert.deepEqual(viewOf(restored), viewOf(wallet));
    const used = town.blocks
      .flatMap((block) => decodeExecutedBlock(block.slice()).block.transactions)
      .map((bytes) => toHex(decodeEnvelope(bytes).private!.tx.from));
    for (const use of ['once', 'owner'] as const) {
      const { address } = await restored.freshAddress(use);
      assert.ok(!used.includes(toHex(encodeOneTimeAddress(address))));
    }
  });

  it('created and lost nothing: wallets and reward pool sum to what was allocated and issued', () => {
    const { ledger } = town.network;
    for (const asset of new Set(accounts.flatMap((account) => [...account.keys()]))) {
      const total = accounts.reduce((sum, account) => sum + (account.get(asset) ?? 0n), 0n);
      assert.equal(total, ledger.pooled(asset));
      if (asset === SERO_ASSET) assert.equal(total + ledger.rewardPool(), 1_525n * SERO_UNIT);
      else assert.equal(total, ledger.asset(asset)!.supply);
    }
  });
});
