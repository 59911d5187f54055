import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ending, faultsOf, type History, type Payment, type View } from './history.ts';

const pay = (txid: string, height: number | undefined, change: Partial<Payment> = {}): Payment => ({
  client: 'a',
  txid,
  to: 'b',
  amount: 10n,
  fee: 1n,
  node: 'n0',
  invokedAt: 0,
  answer: 'taken',
  answeredAt: 5,
  ...(height === undefined ? {} : { final: { height, at: 100 * height } }),
  ...change,
});
const block = (...txids: string[]) => ({ txids, nullifiers: txids.map((txid) => `n${txid}`) });

/** Two payments of a to b, of which the second is seen only by the chain. */
const history: History = {
  payments: [
    pay('1', 1),
    pay('2', undefined, { invokedAt: 150 }),
    pay('3', undefined, { answer: 'refused' }),
  ],
  reads: [
    { client: 'a', node: 'n0', height: 1, at: 100 },
    { client: 'b', node: 'n1', height: 0, at: 110 },
    { client: 'b', node: 'n0', height: 2, at: 120 },
  ],
};
const views: View[] = ['n0', 'n1'].map((node) => ({ node, blocks: [block('1'), block(), block('2')] }));
const ending: Ending = {
  allocated: 200n,
  balances: new Map([
    ['a', 78n],
    ['b', 120n],
  ]),
  pooled: new Map([
    ['n0', 198n],
    ['n1', 198n],
  ]),
  received: [
    { client: 'b', txid: '1', amount: 10n },
    { client: 'b', txid: '2', amount: 10n },
  ],
};

describe('a history of payments', () => {
  const fault = (change: {
    payments?: Payment[];
    reads?: History['reads'];
    views?: View[];
    ending?: Partial<Ending>;
  }): string =>
    faultsOf({ ...history, ...change }, change.views ?? views, { ...ending, ...change.ending }).join('\n');

  it('has no fault where everything that was final stayed and no money came or went', () => {
    assert.equal(fault({}), '');
  });

  it('may end with a node that is some blocks behind', () => {
    assert.equal(fault({ views: [views[0]!, { node: 'n1', blocks: views[1]!.blocks.slice(0, 1) }] }), '');
  });

  it('shows two orders of blocks', () => {
    const other = { node: 'n1', blocks: [block('1'), block('2'), block()] };
    assert.match(fault({ views: [views[0]!, other] }), /n1 and n0 have other transactions in block 2/);
  });

  it('shows a payment that was final and is gone, moved, there twice, or that nobody made', () => {
    const of = (...blocks: ReturnType<typeof block>[]): View[] => [{ node: 'n0', blocks }];
    assert.match(
      fault({ views: of(block(), block(), block('2')) }),
      /saw 1 final in block 1, it is in block undefined/,
    );
    assert.match(
      fault({ views: of(block(), block('1'), block('2')) }),
      /saw 1 final in block 1, it is in block 2/,
    );
    assert.match(fault({ views: of(block('1'), block('1'), block('2')) }), /1 stands in blocks 1 and 2/);
    assert.match(fault({ views: of(block('1'), block('9'), block('2')) }), /nobody made transaction 9/);
  });

  it('shows a note that is spent twice, and a refused payment that was kept', () => {
    const twice = { txids: ['2'], nullifiers: ['n1'] };
    assert.match(
      fault({ views: [{ node: 'n0', blocks: [block('1'), twice] }] }),
      /spent twice, the second time in block 2/,
    );
    assert.match(
      fault({ views: [{ node: 'n0', blocks: [block('1'), block('3'), block('2')] }] }),
      /3 was refused and is in block 2/,
    );
  });

  it('shows a payment that stands before one that was final when it began', () => {
    const payments = [pay('1', 3), pay('2', undefined, { invokedAt: 301 })];
    assert.match(
      fault({ payments, views: [{ node: 'n0', blocks: [block(), block('2'), block('1')] }] }),
      /2 in block 2 was begun after 1/,
    );
  });

  it('shows a read that goes back', () => {
    const reads = [...history.reads, { client: 'a', node: 'n0', height: 1, at: 130 }];
    assert.match(fault({ reads }), /a read block 1 of n0 at 130 ms, after block 2/);
  });

  it('shows money that came, went, or did not arrive', () => {
    const balances = (a: bigint, b: bigint) => new Map(Object.entries({ a, b }));
    assert.match(
      fault({ ending: { balances: balances(79n, 120n) } }),
      /200 were allocated; the wallets hold 199, fees took 2/,
    );
    assert.match(fault({ ending: { pooled: new Map([['n1', 197n]]) } }), /n1 says that the pool holds 197/);
    assert.match(
      fault({ ending: { received: ending.received.slice(1) } }),
      /1 pays 10 to b, who got nothing/,
    );
    assert.match(
      fault({ ending: { received: [...ending.received, ending.received[0]!] } }),
      /who got 10 and 10/,
    );
  });
});
