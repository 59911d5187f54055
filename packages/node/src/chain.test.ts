import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ledger, LedgerError, type LedgerErrorCode } from '@sero/ledger';
import type { Block } from '@sero/protocol';
import { createChain } from './chain.ts';
import type { Mempool } from './mempool/mempool.ts';

/** What a proposal of four waiting transactions comes to, where the ledger refuses some by these codes. */
async function proposal(codes: readonly (LedgerErrorCode | undefined)[], times = 1) {
  const waiting = codes.map((_, i) => Uint8Array.of(i));
  const discarded: number[] = [];
  const dropped: string[] = [];
  const ledger = {
    propose: async (transactions: readonly Uint8Array[]) => ({
      block: { transactions: transactions.filter((_, i) => codes[i] === undefined) } as Block,
      rejected: codes.flatMap((code, index) =>
        code === undefined ? [] : [{ index, error: new LedgerError(code, 'refused') }],
      ),
    }),
  } as unknown as Ledger;
  const mempool = {
    select: () => waiting,
    discard: ([number]: Uint8Array) => discarded.push(number!),
  } as unknown as Mempool;
  const nothing = (): void => undefined;
  const events = {
    committed: nothing,
    dropped: (code: string) => dropped.push(code),
    listenerFailed: nothing,
    failed: nothing,
  };
  const chain = createChain(ledger, mempool, events, () => 0);
  let block = await chain.propose(1n);
  for (let time = 1; time < times; time++) block = await chain.propose(1n);
  return { sealed: block.transactions.map(([number]) => number!), discarded, dropped };
}

test('what a proposal refuses for good leaves the mempool, the others are sealed', async () => {
  const { sealed, discarded, dropped } = await proposal([undefined, 'expired', undefined, 'turnstile']);
  assert.deepEqual(sealed, [0, 2]);
  assert.deepEqual(discarded, [1, 3]);
  assert.deepEqual(dropped, ['expired', 'turnstile']);
});

test('what only this block has no room for, or is too dear for, waits for a later one', async () => {
  const codes: LedgerErrorCode[] = [
    'block-gas-limit',
    'block-too-large',
    'block-registrations',
    'gas-price-below-base-fee',
  ];
  assert.deepEqual(await proposal(codes), { sealed: [], discarded: [], dropped: [] });
});

test('what the verifier fails over stays in the mempool twice, and is dropped the third time', async () => {
  const codes = [undefined, 'proof-unchecked'] as const;
  assert.deepEqual((await proposal(codes, 2)).discarded, []);
  assert.deepEqual(await proposal(codes, 3), { sealed: [0], discarded: [1], dropped: ['proof-unchecked'] });
});
