import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intrinsicGas } from '@sero/protocol';
import {
  callDraft,
  refusalOf,
  refusalOfTransaction,
  startChain,
  type TestChain,
  TOTAL,
} from './test-support.ts';

/** Gas of one payment of shape A without memo. */
const PAYMENT = intrinsicGas(startChain().genesis.gas, startChain().draft());

/** A chain whose blocks hold four payments and aim at two. */
function smallBlocks(): TestChain {
  const { fees } = startChain().genesis;
  return startChain({ genesis: { fees: { ...fees, gasLimit: 4n * PAYMENT, gasTarget: 2n * PAYMENT } } });
}

const payments = (chain: TestChain, count: number): Uint8Array[] =>
  Array.from({ length: count }, () => chain.make());

test('the base fee rises by an eighth after a full block, stays at the target, falls by an eighth after an empty one', async () => {
  const chain = smallBlocks();
  const start = chain.genesis.fees.baseFeeStart;
  const baseFee = async (count: number): Promise<bigint> =>
    (await chain.mine(...payments(chain, count))).block.header.baseFee;
  // A block's own base fee follows from its parent; the empty genesis block counts as one.
  const first = await baseFee(4);
  assert.equal(first, start - start / 8n);
  const second = await baseFee(2);
  assert.equal(second, first + first / 8n);
  const third = await baseFee(3);
  assert.equal(third, second);
  const fourth = await baseFee(0);
  assert.equal(fourth, third + third / 16n);
  assert.equal(await baseFee(0), fourth - fourth / 8n);
});

test('the base fee never falls below its floor', async () => {
  const chain = smallBlocks();
  await chain.mineEmpty(40);
  assert.equal(chain.ledger.head().baseFee, chain.genesis.fees.baseFeeFloor);
  const cheap = chain.make({ gasPrice: chain.genesis.fees.baseFeeFloor - 1n });
  assert.equal(await refusalOfTransaction(chain, cheap), 'gas-price-below-base-fee');
});

test('a block that is over its gas limit is refused, by its transactions’ own limits before they are applied', async () => {
  const chain = smallBlocks();
  assert.equal(await refusalOf(chain, () => chain.block(...payments(chain, 4))), 'accepted');
  assert.equal(await refusalOf(chain, () => chain.block(...payments(chain, 5))), 'block-gas-limit');
  const call = callDraft(chain);
  const used = intrinsicGas(chain.genesis.gas, chain.draft(call));
  const whole = chain.make({ ...call, gasLimit: 4n * PAYMENT });
  assert.equal(await refusalOf(chain, () => chain.block(chain.make(), whole)), 'block-gas-limit');
  // What the call did not use is room for the next.
  assert.ok(used <= 2n * PAYMENT);
  const { receipts } = await chain.mine(whole, ...payments(chain, 2));
  assert.equal(receipts[0]?.gasUsed, used);
  assert.equal(chain.ledger.head().gasUsed, used + 2n * PAYMENT);
});

test('one transaction whose limit is above a block’s is refused', async () => {
  const chain = smallBlocks();
  const call = callDraft(chain, {}, { gasLimit: 4n * PAYMENT + 1n });
  assert.equal(await refusalOfTransaction(chain, chain.make(call)), 'gas-limit');
});

test('a payment’s gas limit is its exact intrinsic gas', async () => {
  const chain = startChain();
  assert.equal(await refusalOfTransaction(chain, chain.make({ gasLimit: PAYMENT })), 'accepted');
  assert.equal(await refusalOfTransaction(chain, chain.make({ gasLimit: PAYMENT + 1n })), 'gas-limit');
  assert.equal(await refusalOfTransaction(chain, chain.make({ gasLimit: PAYMENT - 1n })), 'gas-limit');
  const call = callDraft(chain);
  const used = intrinsicGas(chain.genesis.gas, chain.draft(call));
  assert.equal(await refusalOfTransaction(chain, chain.make({ ...call, gasLimit: used - 1n })), 'gas-limit');
});

test('base and priority fees join the reward pool, and what left the pool of notes is there', async () => {
  const chain = startChain();
  const dear = 7n * chain.genesis.fees.baseFeeStart;
  const { receipts } = await chain.mine(chain.make(), chain.make({ gasPrice: dear }));
  assert.deepEqual(
    receipts.map(({ gasUsed }) => gasUsed),
    [PAYMENT, PAYMENT],
  );
  const fees = PAYMENT * (chain.ledger.head().baseFee + dear);
  assert.equal(chain.ledger.rewardPool(), fees);
  assert.equal(chain.ledger.pooled(1n), TOTAL - fees);
});
