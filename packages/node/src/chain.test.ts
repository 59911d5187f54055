import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ComingVersion, type Ledger, LedgerError, type LedgerErrorCode } from '@sero/ledger';
import type { Block } from '@sero/protocol';
import { createChain } from './chain.ts';
import type { Mempool } from './mempool/mempool.ts';

/** What a proposal of four waiting transactions comes to, where the ledger refuses some by these codes. */
async function proposal(codes: readonly (LedgerErrorCode | undefined)[], times = 1) {
  const waiting = codes.map((_, i) => Uint8Array.of(i));
  const discarded: number[] = [];
  const dropped: string[] = [];
  const ledger = {
    versionStatus: () => ({ coming: undefined }),
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
    versionMissing: nothing,
    listenerFailed: nothing,
    failed: nothing,
  };
  const chain = createChain(ledger, mempool, events, () => 0);
  let block = await chain.propose({ time: 1n });
  for (let time = 1; time < times; time++) block = await chain.propose({ time: 1n });
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

/** A chain whose ledger says that these versions come, one after each block. */
function warnings(statuses: readonly (ComingVersion | undefined)[]) {
  let at = 0;
  const heard: (readonly [block: number, start: bigint])[] = [];
  const ledger = {
    versionStatus: () => ({ coming: statuses[at] }),
    apply: async () => at++,
    head: () => undefined,
  } as unknown as Ledger;
  const mempool = { onBlock: () => undefined } as unknown as Mempool;
  const nothing = (): void => undefined;
  const versionMissing = ({ start }: ComingVersion) => heard.push([at, start]);
  const events = { committed: nothing, dropped: nothing, versionMissing, listenerFailed: nothing };
  const chain = createChain(ledger, mempool, { ...events, failed: nothing }, () => 0);
  return { chain, heard };
}

const BLOCK = new Uint8Array(0);

test('that a version was approved which this software lacks is told once, with the height of the switch', async () => {
  const coming = { hash: new Uint8Array(32), start: 70n };
  const lacking = { ...coming, known: false };
  const late = warnings([undefined, undefined, lacking, lacking, lacking]);
  for (let block = 0; block < 4; block++) await late.chain.committed(BLOCK);
  assert.deepEqual(late.heard, [[2, 70n]], 'from the block of the approval on');
  const found = warnings([lacking, lacking]);
  await found.chain.committed(BLOCK);
  assert.deepEqual(found.heard, [[0, 70n]], 'at the start, where the chain had approved it');
  const having = warnings([{ ...coming, known: true }, undefined]);
  await having.chain.committed(BLOCK);
  assert.deepEqual(having.heard, []);
});
