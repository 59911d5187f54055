import assert from 'node:assert/strict';
import { SERO_UNIT } from '@sero/protocol';
import type { DevelopmentTools } from '../../tools/demo/network.ts';
import { runScenario, type StepReport } from '../../tools/demo/run.ts';
import { parseScenario } from '../../tools/demo/scenario.ts';
import { choices } from '../wallet/people.ts';

export const PAYMENTS = 20;
const NAMES = ['ann', 'ben', 'cid', 'dot', 'eve'];
const TOKEN = 'HEPTANE';
const SUPPLY = 1_000_000n;
/** More than any transaction here costs, its merges included. */
const MARGIN = SERO_UNIT / 50n;

/** Balances by wallet and asset. */
type Books = Map<string, bigint>;

const at = (wallet: string, asset: string): string => `${wallet}/${asset}`;
const book = (books: Books, wallet: string, asset: string, amount: bigint): unknown =>
  books.set(at(wallet, asset), (books.get(at(wallet, asset)) ?? 0n) + amount);

/** A random story: five wallets, a token, twenty payments that their payers can afford. The same seed, the same story. */
export function randomStory(seed: number): string {
  const pick = choices(seed);
  const books: Books = new Map();
  const allocations = NAMES.slice(0, 3).map((wallet) => {
    const amount = BigInt(10 + pick(990)) * SERO_UNIT;
    book(books, wallet, 'SERO', amount);
    return { wallet, amount: amount.toString() };
  });
  const issuer = NAMES[pick(3)]!;
  book(books, issuer, 'SERO', -2n * SERO_UNIT);
  book(books, issuer, TOKEN, SUPPLY);
  const steps: object[] = [
    { do: 'commit', wallet: issuer, name: TOKEN },
    { do: 'wait', blocks: 1 + pick(2) },
    { do: 'issue', wallet: issuer, name: TOKEN, supply: SUPPLY.toString() },
  ];
  let payments = 0;
  while (payments < PAYMENTS) {
    const [from, to] = [NAMES[pick(5)]!, NAMES[pick(5)]!];
    const asset = pick(2) === 0 ? 'SERO' : TOKEN;
    const coins = (books.get(at(from, 'SERO')) ?? 0n) - MARGIN;
    const most = asset === 'SERO' ? coins : (books.get(at(from, asset)) ?? 0n);
    const amount = (most * BigInt(1 + pick(100))) / 100n;
    if (coins < 0n || amount <= 0n) continue;
    const memo = pick(3) === 0 ? { memo: `payment ${payments}` } : {};
    steps.push({ do: 'pay', from, to, asset, amount: amount.toString(), ...memo });
    book(books, from, 'SERO', -MARGIN);
    book(books, from, asset, -amount);
    book(books, to, asset, amount);
    payments++;
  }
  steps.push({ do: 'audit', wallet: NAMES[pick(5)]! });
  const wallets = NAMES.map((name) => ({ name, words: 'new' }));
  return JSON.stringify({ title: `seed ${seed}`, wallets, allocations, steps }, null, 1);
}

/** Plays a story and compares every final balance with plain arithmetic over what the story and the reported fees say. */
export async function playAndCompare(story: string, tools: DevelopmentTools): Promise<StepReport[]> {
  const scenario = parseScenario(story);
  const reports: StepReport[] = [];
  const { ok, balances } = await runScenario(scenario, tools, (report) => reports.push(report));
  const bad = reports.filter((report) => !report.ok);
  assert.deepEqual(bad, [], scenario.title);
  assert.equal(ok, true);

  const books: Books = new Map();
  for (const { name } of scenario.wallets) book(books, name, 'SERO', 0n);
  for (const { wallet, amount } of scenario.allocations) book(books, wallet, 'SERO', amount);
  let fees = 0n;
  const lines = reports.values();
  const next = (step: string): StepReport => {
    const report = lines.next().value!;
    assert.equal(report.step, step);
    return report;
  };
  const charge = (wallet: string, { fee }: StepReport): void => {
    book(books, wallet, 'SERO', -BigInt(String(fee)));
    fees += BigInt(String(fee));
  };
  next('genesis');
  for (const step of scenario.steps) {
    if (step.do === 'pay') {
      let paid = 0n;
      while (paid < step.amount) {
        const line = next('pay');
        charge(step.from, line);
        paid += BigInt(String(line.amount));
      }
      assert.equal(paid, step.amount);
      book(books, step.from, step.asset, -step.amount);
      book(books, step.to, step.asset, step.amount);
      continue;
    }
    const line = next(step.do);
    if (step.do === 'commit' || step.do === 'issue') charge(step.wallet, line);
    if (step.do === 'issue') book(books, step.wallet, step.name, step.supply);
  }
  assert.equal(next('conservation').fees, fees.toString());
  assert.equal(lines.next().done, true);

  const expected = [...books]
    .filter(([name, units]) => units > 0n || name.endsWith('/SERO'))
    .map(([name, units]) => `${name} ${units}`);
  const found = balances.map(({ wallet, asset, balance }) => `${at(wallet, asset)} ${balance}`);
  assert.deepEqual(found.toSorted(), expected.toSorted(), scenario.title);
  return reports;
}
