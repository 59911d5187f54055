import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBlock, HeaderType, MAX_BLOCK_BYTES, MAX_TRANSACTION_BYTES } from '@sero/protocol';
import fc from 'fast-check';
import {
  callDraft,
  contents,
  filler,
  flipped,
  refusalOf,
  refusalOfTransaction,
  startChain,
  type TestChain,
} from './test-support.ts';

const applied = (chain: TestChain, bytes: Uint8Array): Promise<string> =>
  refusalOf(chain, () => chain.ledger.apply(bytes));

test('a block whose transactions are reordered, dropped or added to is refused', async () => {
  const chain = startChain();
  const [a, b, c] = [chain.make(), chain.make(), chain.make()];
  const block = await chain.block(a, b);
  const code = (transactions: Uint8Array[]): Promise<string> =>
    applied(chain, encodeBlock({ ...block, transactions }));
  assert.equal(await code([b, a]), 'header-transactionsRoot');
  assert.equal(await code([a]), 'header-transactionsRoot');
  assert.equal(await code([]), 'header-transactionsRoot');
  assert.equal(await code([a, b, c]), 'header-transactionsRoot');
  assert.equal(await code([a, c]), 'header-transactionsRoot');
  assert.equal(await code([a, b, b]), 'nullifier-spent');
  assert.equal(await code([a, a]), 'nullifier-spent');
  assert.equal(await code([a, b]), 'accepted');
});

test('a block with one altered byte in a transaction is refused, wherever the byte is', async () => {
  const chain = startChain();
  const [a, b] = [chain.make(), chain.make()];
  const block = await chain.block(a, b);
  for (let at = 0; at < b.length; at += 37) {
    const transactions = [a, flipped(b, at)];
    const code = await applied(chain, encodeBlock({ ...block, transactions }));
    assert.notEqual(code, 'accepted', `byte ${at}`);
  }
});

test('a bad transaction in the middle of a good block leaves nothing of the block', async () => {
  const chain = startChain();
  await chain.mine(chain.make());
  const good = [chain.make(), chain.make(callDraft(chain, { value: 5n }))];
  const block = await chain.block(...good);
  const before = contents(chain.store);
  const bad: [string, Uint8Array][] = [
    ['expired', chain.make({ anchor: 0n, expiry: 1n })],
    ['gas-price-below-base-fee', chain.make({ gasPrice: 1n })],
    ['proof-invalid', chain.authorize(chain.draft(), filler(1, 192))],
    ['malformed', filler(1, 4)],
    ['wrong-chain', chain.make({ chainId: 1n })],
  ];
  for (const [code, transaction] of bad) {
    const transactions = [good[0]!, transaction, good[1]!];
    await assert.rejects(chain.ledger.apply(encodeBlock({ ...block, transactions })), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, code);
      assert.match(error.message, /^transaction 1: /);
      return true;
    });
    assert.deepEqual(contents(chain.store), before);
  }
  await chain.ledger.apply(encodeBlock(block));
});

test('bytes that are no block are refused with a typed error', async () => {
  const chain = startChain();
  const block = encodeBlock(await chain.block(chain.make()));
  assert.equal(await applied(chain, new Uint8Array(0)), 'malformed');
  assert.equal(await applied(chain, new Uint8Array(MAX_BLOCK_BYTES + 1)), 'too-large');
  assert.equal(await applied(chain, block.subarray(0, block.length - 1)), 'malformed');
  for (const cut of [1, 4, 8, 100, 600, 1_000]) {
    assert.notEqual(await applied(chain, block.subarray(0, cut)), 'accepted');
  }
  const longer = new Uint8Array(block.length + 1);
  longer.set(block);
  assert.notEqual(await applied(chain, longer), 'accepted');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
      assert.notEqual(await applied(chain, bytes), 'accepted');
    }),
    { numRuns: 50 },
  );
});

test('a block with random bits flipped is refused with a typed error, or is later than it was', async () => {
  const chain = startChain();
  const block = encodeBlock(await chain.block(chain.make()));
  const flips = fc.array(fc.nat({ max: 8 * block.length - 1 }), { minLength: 1, maxLength: 4 });
  const start = timeOffset();
  await fc.assert(
    fc.asyncProperty(flips, async (bits) => {
      const altered = block.slice();
      for (const bit of bits) altered[bit >> 3]! ^= 1 << (bit & 7);
      // The proposer's clock is his own until there is agreement: another time is another valid block.
      altered.set(block.subarray(start, start + 8), start);
      fc.pre(altered.some((byte, i) => byte !== block[i]));
      assert.notEqual(await applied(chain, altered), 'accepted');
    }),
    { numRuns: 80 },
  );
});

test('random and damaged transactions are refused at every door with a typed error', async () => {
  const chain = startChain();
  const honest = chain.make(callDraft(chain));
  const damage = fc.record({
    at: fc.nat({ max: honest.length - 1 }),
    byte: fc.integer({ min: 1, max: 255 }),
  });
  const damaged = fc.array(damage, { minLength: 1, maxLength: 3 }).map((changes) => {
    const bytes = honest.slice();
    for (const { at, byte } of changes) bytes[at] = byte;
    return bytes;
  });
  const cut = fc.nat({ max: honest.length - 1 }).map((length) => honest.slice(0, length));
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, cut, fc.uint8Array({ maxLength: 300 })), async (bytes) => {
      fc.pre(bytes.length !== honest.length || bytes.some((byte, i) => byte !== honest[i]));
      assert.doesNotMatch(await refusalOfTransaction(chain, bytes), /accepted/);
    }),
    { numRuns: 60 },
  );
  const oversized = new Uint8Array(MAX_TRANSACTION_BYTES + 1);
  assert.equal(await refusalOf(chain, () => chain.ledger.check(oversized)), 'too-large');
  assert.equal(await refusalOf(chain, () => chain.block(oversized)), 'too-large');
});

test('a block holds at most 4 MiB, its own encoding included', async () => {
  const { fees } = startChain().genesis;
  const chain = startChain({
    genesis: { fees: { ...fees, gasLimit: 120_000_000n, gasTarget: 60_000_000n } },
  });
  const sized = (size: number): Uint8Array => {
    const empty = chain.make(callDraft(chain, { data: new Uint8Array(0) }));
    return chain.make(callDraft(chain, { data: new Uint8Array(size - empty.length) }));
  };
  const full = Array.from({ length: 31 }, () => sized(MAX_TRANSACTION_BYTES));
  const room = MAX_BLOCK_BYTES - 2_048 - 31 * (MAX_TRANSACTION_BYTES + 4) - 4;
  const block = await chain.block(...full, sized(room));
  const over = sized(room + 1);
  assert.equal(await refusalOf(chain, () => chain.block(...full, over)), 'block-too-large');
  const overflowing = encodeBlock({ ...block, transactions: [...full, over] });
  assert.ok(overflowing.length <= MAX_BLOCK_BYTES, 'the decoder takes it');
  assert.equal(await applied(chain, overflowing), 'block-too-large');
  assert.equal(await applied(chain, encodeBlock(block)), 'accepted');
});

test('of two competing blocks that arrive at once the first is applied and the second refused', async () => {
  const chain = startChain();
  const [one, two] = [await chain.block(chain.make()), await chain.block(chain.make())];
  const results = await Promise.allSettled([one, two].map((block) => chain.ledger.apply(encodeBlock(block))));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.equal((results[1] as PromiseRejectedResult).reason.code, 'header-height');
  assert.deepEqual(HeaderType.serialize(chain.ledger.head()), HeaderType.serialize(one.header));
  // The loser's transactions are not lost: they enter the next block.
  const { block } = await chain.mine(...two.transactions);
  assert.equal(block.transactions.length, 1);
});

test('a refused block does not stop the next one, however they are queued', async () => {
  const chain = startChain();
  const good = encodeBlock(await chain.block(chain.make()));
  const results = await Promise.allSettled(
    [filler(1, 50), good, good].map((bytes) => chain.ledger.apply(bytes)),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'rejected'],
  );
});

test('a proposal leaves the refused out and says which and why', async () => {
  const chain = startChain();
  const [a, b] = [chain.make(), chain.make()];
  const cheap = chain.make({ gasPrice: 1n });
  const { block, rejected } = await chain.ledger.propose(
    [a, cheap, a, filler(1, 9), b],
    chain.ledger.head().time + 1n,
  );
  assert.deepEqual(block.transactions, [a, b]);
  assert.deepEqual(
    rejected.map(({ index, error }) => [index, error.code]),
    [
      [1, 'gas-price-below-base-fee'],
      [2, 'nullifier-spent'],
      [3, 'malformed'],
    ],
  );
  assert.equal(await applied(chain, encodeBlock(block)), 'accepted');
});

test('a proposal made while a block is applied builds on that block', async () => {
  const chain = startChain();
  const first = await chain.block(chain.make());
  const [, proposal] = await Promise.all([
    chain.ledger.apply(encodeBlock(first)),
    chain.ledger.propose([chain.make({ anchor: 0n })], first.header.time + 1n),
  ]);
  assert.equal(await applied(chain, encodeBlock(proposal.block)), 'accepted');
});

test('a block that nobody has applied is unknown', async () => {
  const chain = startChain();
  await chain.mine();
  assert.equal(await refusalOf(chain, async () => chain.ledger.executedBlock(1n)), 'accepted');
  assert.equal(await refusalOf(chain, async () => chain.ledger.executedBlock(2n)), 'block-unknown');
});

/** Where the header's time stands in a block: after two offsets of the block, in the header's fixed part. */
function timeOffset(): number {
  const marked = encodeBlock({
    header: { ...startChain().ledger.head(), time: 0xa1a2a3a4a5a6a7a8n },
    transactions: [],
  });
  return Buffer.from(marked).indexOf(Buffer.from('a8a7a6a5a4a3a2a1', 'hex'));
}
