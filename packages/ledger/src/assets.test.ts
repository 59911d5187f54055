import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import { alias, assetId, name32, type Receipt, ticketName32 } from '@sero/protocol';
import {
  ALICE,
  BOB,
  commitDraft,
  type Draft,
  failureOf,
  filler,
  issueDraft,
  MALLORY,
  refusalOfTransaction,
  registered,
  startChain,
  type TestChain,
  TOTAL,
  tampered,
} from './test-support.ts';

const PRICE = 10n ** 18n;

function token(chain: TestChain, name: string): bigint {
  return assetId(chain.genesis.chainId, 1, name32(name));
}

function category(chain: TestChain, name: string): bigint {
  return assetId(chain.genesis.chainId, 2, name32(name));
}

function ticket(chain: TestChain, name: string, id: Uint8Array): bigint {
  return assetId(chain.genesis.chainId, 2, ticketName32(name, id));
}

async function receiptOf(chain: TestChain, draft: Draft): Promise<Receipt> {
  return (await chain.mine(chain.make(draft))).receipts[0]!;
}

async function resultOf(chain: TestChain, draft: Draft): Promise<string> {
  const receipt = await receiptOf(chain, draft);
  return receipt.status === 1 ? 'issued' : failureOf(receipt);
}

test('a committed name is issued: the supply becomes one public output to the issuer, the price joins the pool', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')));
  await chain.mineEmpty(1);
  const pool = chain.ledger.rewardPool();
  const draft = issueDraft(chain, 'HEPTANE');
  const receipt = await receiptOf(chain, draft);
  const asset = token(chain, 'HEPTANE');
  assert.equal(receipt.status, 1);
  assert.deepEqual(receipt.publicOutputs, [{ asset: fieldToBytes(asset), value: 1_000n, pkr: ALICE }]);
  assert.deepEqual(chain.ledger.asset(asset), {
    kind: 1,
    name32: name32('HEPTANE'),
    issuer: alias(ALICE),
    supply: 1_000n,
    height: 3n,
  });
  assert.equal(chain.ledger.pooled(asset), 1_000n);
  assert.equal(chain.ledger.rewardPool() - pool, receipt.gasUsed * chain.ledger.head().baseFee + PRICE);
});

test('a name that nobody committed to is not issued: the fee is kept, the price comes back, nothing is registered', async () => {
  const chain = startChain();
  const receipt = await receiptOf(chain, issueDraft(chain, 'HEPTANE'));
  assert.equal(failureOf(receipt), 'commitment-missing');
  assert.equal(receipt.status, 0);
  assert.deepEqual(receipt.publicOutputs, [{ asset: fieldToBytes(1n), value: PRICE, pkr: ALICE }]);
  const fee = receipt.gasUsed * chain.ledger.head().baseFee;
  assert.ok(fee > 0n);
  assert.equal(chain.ledger.rewardPool(), fee);
  assert.equal(chain.ledger.pooled(1n), TOTAL - fee);
  assert.equal(chain.ledger.asset(token(chain, 'HEPTANE')), undefined);
  assert.equal(chain.ledger.pooled(token(chain, 'HEPTANE')), 0n);
  assert.equal(chain.state().name(name32('HEPTANE')).get(), undefined);
});

test('a commitment is too young in its own block and in the next, and of age in the one after', async () => {
  const chain = startChain();
  const commit = chain.make(commitDraft('HEPTANE'));
  const { receipts } = await chain.mine(commit, chain.make(issueDraft(chain, 'HEPTANE')));
  assert.deepEqual(receipts.map(failureOf), ['', 'commitment-too-young']);
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE')), 'commitment-too-young');
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE')), 'issued');
});

test('a commitment serves until it is 1,000 blocks old and is forgotten after', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')), chain.make(commitDraft('OCTANE')));
  await chain.mineEmpty(999);
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE')), 'issued');
  assert.equal(await resultOf(chain, issueDraft(chain, 'OCTANE')), 'commitment-missing');
  const { receipts } = await chain.mine(chain.make(commitDraft('OCTANE')));
  assert.equal(receipts[0]?.status, 1, 'a forgotten commitment may be made again');
});

test('forgetting an old commitment leaves a later one to the same hash alone', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')));
  await chain.mineEmpty(1);
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE')), 'issued');
  // The commitment was used up; the same one is made again and has its own thousand blocks.
  assert.equal((await receiptOf(chain, commitDraft('HEPTANE'))).status, 1);
  await chain.mineEmpty(999);
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE')), 'name-taken');
});

test('a commitment serves once', async () => {
  const chain = startChain();
  await registered(chain, 'HEPTANE');
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE')), 'commitment-missing');
});

test('a second commitment to one hash fails and does not make the first one young', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')));
  const second = await receiptOf(chain, { ...commitDraft('HEPTANE'), from: MALLORY });
  assert.equal(failureOf(second), 'commitment-exists');
  assert.deepEqual(second.publicOutputs, []);
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE')), 'issued');
});

test('who sees an issue on its way cannot be first: a commitment is bound to its issuer', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')));
  await chain.mineEmpty(1);
  const honest = chain.make(issueDraft(chain, 'HEPTANE'));
  const stolen = chain.make(issueDraft(chain, 'HEPTANE', { from: MALLORY }));
  const late = chain.make(commitDraft('HEPTANE', MALLORY));
  const { receipts } = await chain.mine(stolen, late, honest);
  assert.deepEqual(receipts.map(failureOf), ['commitment-missing', '', '']);
  await chain.mineEmpty(1);
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE', { from: MALLORY })), 'name-taken');
  assert.deepEqual(chain.ledger.asset(token(chain, 'HEPTANE'))?.issuer, alias(ALICE));
});

test('another salt is another commitment', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')));
  await chain.mineEmpty(1);
  const draft = issueDraft(chain, 'HEPTANE', { salt: filler(77, 32) });
  assert.equal(await resultOf(chain, draft), 'commitment-missing');
});

test('a name is taken for good, for tokens and categories alike', async () => {
  const chain = startChain();
  await registered(chain, 'HEPTANE');
  await registered(chain, 'OCTANES', { kind: 2, supply: 0n });
  await chain.mine(
    chain.make(commitDraft('HEPTANE', BOB)),
    chain.make(commitDraft('OCTANES', BOB)),
    chain.make(commitDraft('HEPTANE')),
  );
  await chain.mineEmpty(1);
  const again = [
    issueDraft(chain, 'HEPTANE', { from: BOB }),
    issueDraft(chain, 'HEPTANE', { from: BOB, kind: 2, supply: 0n }),
    issueDraft(chain, 'OCTANES', { from: BOB }),
    issueDraft(chain, 'HEPTANE'),
  ];
  const { receipts } = await chain.mine(...again.map((draft) => chain.make(draft)));
  assert.deepEqual(
    receipts.map(failureOf),
    again.map(() => 'name-taken'),
  );
  assert.equal(chain.ledger.pooled(token(chain, 'HEPTANE')), 1_000n);
  assert.equal(chain.ledger.pooled(token(chain, 'OCTANES')), 0n);
});

test('two issuers race for one name in one block: the first in it wins, the other has his price back', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')), chain.make(commitDraft('HEPTANE', BOB)));
  await chain.mineEmpty(1);
  const { receipts } = await chain.mine(
    chain.make(issueDraft(chain, 'HEPTANE', { from: BOB, supply: 5n })),
    chain.make(issueDraft(chain, 'HEPTANE')),
  );
  assert.deepEqual(receipts.map(failureOf), ['', 'name-taken']);
  assert.deepEqual(receipts[1]?.publicOutputs, [{ asset: fieldToBytes(1n), value: PRICE, pkr: ALICE }]);
  assert.equal(chain.ledger.pooled(token(chain, 'HEPTANE')), 5n);
});

test('a category has no supply; its issuer makes tickets of it, each id once, without commitment or price', async () => {
  const chain = startChain();
  const made = await registered(chain, 'CONCERT', { kind: 2, supply: 0n });
  assert.deepEqual([made.status, made.publicOutputs], [1, []]);
  assert.equal(chain.ledger.asset(category(chain, 'CONCERT'))?.supply, 0n);
  const [seat1, seat2] = [filler(61, 32), filler(62, 32)];
  const seat = (salt: Uint8Array, from = ALICE): Draft =>
    issueDraft(chain, 'CONCERT', { kind: 2, supply: 1n, salt, from });
  const first = await receiptOf(chain, seat(seat1));
  const asset = ticket(chain, 'CONCERT', seat1);
  assert.equal(first.status, 1);
  assert.deepEqual(first.publicOutputs, [{ asset: fieldToBytes(asset), value: 1n, pkr: ALICE }]);
  assert.equal(chain.ledger.pooled(asset), 1n);

  assert.equal(await resultOf(chain, seat(seat1)), 'ticket-exists');
  assert.equal(chain.ledger.pooled(asset), 1n);
  assert.equal(await resultOf(chain, seat(seat2, MALLORY)), 'not-the-issuer');
  assert.equal(chain.ledger.asset(ticket(chain, 'CONCERT', seat2)), undefined);
  const { receipts } = await chain.mine(chain.make(seat(seat2)), chain.make(seat(seat2)));
  assert.deepEqual(receipts.map(failureOf), ['', 'ticket-exists']);
});

test('tickets are made of categories only: not of nothing, of a token, nor of a ticket', async () => {
  const chain = startChain();
  const one = { kind: 2, supply: 1n } as const;
  assert.equal(await resultOf(chain, issueDraft(chain, 'NOTHING', one)), 'category-unknown');
  await registered(chain, 'HEPTANE');
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANE', one)), 'category-unknown');
  await registered(chain, 'UNITARY', { supply: 1n });
  assert.equal(await resultOf(chain, issueDraft(chain, 'UNITARY', one)), 'category-unknown');
});

test('what a category is follows from its record: neither a token without supply nor a ticket stands in for one', async () => {
  const chain = startChain();
  const draft = issueDraft(chain, 'HEPTANE', { kind: 2, supply: 1n });
  const record = { name32: name32('HEPTANE'), issuer: alias(ALICE), height: 0n };
  tampered(chain, (state) => {
    state.name(name32('HEPTANE')).set(7n);
    state.asset(7n).set({ ...record, kind: 1, supply: 0n });
  });
  assert.equal(await resultOf(chain, draft), 'category-unknown');
  tampered(chain, (state) => state.asset(7n).set({ ...record, kind: 2, supply: 1n }));
  assert.equal(await resultOf(chain, draft), 'category-unknown');
  tampered(chain, (state) => state.asset(7n).set({ ...record, kind: 2, supply: 0n }));
  assert.equal(await resultOf(chain, draft), 'issued');
});

test('names and kinds that nobody may have are refused before anything is paid', async () => {
  const chain = startChain();
  const code = (name: string, change: Parameters<typeof issueDraft>[2] = {}): Promise<string> =>
    refusalOfTransaction(chain, chain.make(issueDraft(chain, name, change)));
  assert.equal(await code('SERO'), 'asset-name-reserved');
  assert.equal(await code('SERO', { kind: 2, supply: 0n }), 'asset-name-reserved');
  assert.equal(await code('heptane'), 'asset-name');
  assert.equal(await code('HEPTANE', { kind: 3 }), 'asset-offline-refused');
  assert.equal(await code('HEPTANE', { kind: 0 }), 'asset-kind');
  assert.equal(await code('HEPTANE', { supply: 0n }), 'asset-supply');
  assert.equal(await code('HEPTANE', { kind: 2, supply: 2n }), 'asset-supply');
});

test('a name costs what its length says, and an issue that holds less is refused', async () => {
  const chain = startChain();
  for (const [name, price] of [
    ['A', 1_000_000n],
    ['AB', 100_000n],
    ['ABC', 10_000n],
    ['ABCD', 1_000n],
    ['ABCDE', 100n],
    ['ABCDEF', 10n],
    ['ABCDEFG', 1n],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1n],
  ] as const) {
    const draft = { ...issueDraft(chain, name), price: price * PRICE };
    assert.equal(await refusalOfTransaction(chain, chain.make(draft)), 'accepted', name);
  }
  const cheap = { ...issueDraft(chain, 'A'), price: PRICE };
  assert.equal(await refusalOfTransaction(chain, chain.make(cheap)), 'public-amount-mismatch');
});

test('a commitment to one name does not open another', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')));
  await chain.mineEmpty(1);
  assert.equal(await resultOf(chain, issueDraft(chain, 'HEPTANES')), 'commitment-missing');
});
