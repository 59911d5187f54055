import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import { alias, assetId, intrinsicGas, KIND, name32 } from '@sero/protocol';
import {
  ALICE,
  BOB,
  callDraft,
  failureOf,
  filler,
  refusalOfTransaction,
  registered,
  startChain,
  TOTAL,
  takingOut,
} from './test-support.ts';

test('a call of an address without code fails: used gas is paid, the purse and unused gas come back to the caller', async () => {
  const chain = startChain();
  await registered(chain, 'HEPTANE', { from: BOB });
  const token = assetId(chain.genesis.chainId, 1, name32('HEPTANE'));
  const { rewardPool, pooled } = chain.ledger;
  const [poolBefore, seroBefore] = [rewardPool(), pooled(1n)];
  const { block, receipts } = await chain.mine(takingOut(chain, token, 30n, { value: 70n }));
  const [receipt] = receipts;
  const { gasUsed, gasLimit, baseFee } = block.header;
  assert.equal(receipt?.status, 0);
  assert.equal(failureOf(receipt), 'no-code');
  assert.equal(receipt?.gasUsed, gasUsed);
  assert.ok(gasUsed < gasLimit);
  assert.deepEqual(receipt?.publicOutputs, [
    { asset: fieldToBytes(1n), value: 70n, pkr: ALICE },
    { asset: fieldToBytes(token), value: 30n, pkr: ALICE },
    { asset: fieldToBytes(1n), value: 200_000n * baseFee, pkr: ALICE },
  ]);
  assert.equal(rewardPool() - poolBefore, gasUsed * baseFee);
  assert.equal(seroBefore - pooled(1n), gasUsed * baseFee);
  assert.equal(pooled(token), 1_000n);
});

test('a call uses its intrinsic gas, with what it holds for public outputs, and that is not returned', async () => {
  const chain = startChain();
  const plain = chain.draft(callDraft(chain, { value: 0n }));
  const paying = chain.draft(callDraft(chain, { value: 1n }));
  const used = [plain, paying].map((tx) => intrinsicGas(chain.genesis.gas, tx));
  assert.equal(used[1]! - used[0]!, chain.genesis.gas.returnedOutput);
  const { receipts } = await chain.mine(chain.authorize(plain), chain.authorize(paying));
  assert.deepEqual(
    receipts.map(({ gasUsed }) => gasUsed),
    used,
  );
});

test('amounts of 0 make no public output: not in the purse, and not for gas that was all used', async () => {
  const chain = startChain();
  const draft = callDraft(chain, {}, { gasLimit: 1n });
  const exact = intrinsicGas(chain.genesis.gas, chain.draft(draft));
  const { receipts } = await chain.mine(chain.make({ ...draft, gasLimit: exact }));
  assert.deepEqual(receipts[0]?.publicOutputs, []);
  assert.equal(receipts[0]?.gasUsed, exact);
});

test('a caller is known by its alias from its first included call on, and each call counts', async () => {
  const chain = startChain();
  const nonceOf = (pkr: Uint8Array): bigint | undefined => chain.state().nonce(alias(pkr)).get();
  await chain.mine(chain.make(), chain.make({ from: BOB }));
  assert.equal(chain.state().alias(alias(ALICE)).get(), undefined, 'a payment writes no alias');
  await chain.mine(chain.make(callDraft(chain)), chain.make(callDraft(chain)));
  assert.deepEqual(chain.state().alias(alias(ALICE)).get(), ALICE);
  assert.equal(nonceOf(ALICE), 2n);
  await chain.mine(chain.make(callDraft(chain, {}, { from: BOB })));
  assert.deepEqual([nonceOf(ALICE), nonceOf(BOB)], [2n, 1n]);
});

test('what a call takes out of the pool is exactly what it says that it spends', async () => {
  const chain = startChain();
  const tx = chain.draft(callDraft(chain, { value: 1_000n }));
  const [sero] = tx.pub.pubOut;
  const code = (pub: Partial<typeof tx.pub>): Promise<string> =>
    refusalOfTransaction(chain, chain.authorize({ ...tx, pub: { ...tx.pub, ...pub } }));
  assert.equal(await code({}), 'accepted');
  assert.equal(await code({ pubOut: [sero! - 1n, 0n] }), 'public-amount-mismatch');
  assert.equal(await code({ pubOut: [sero! + 1n, 0n] }), 'public-amount-mismatch');
  assert.equal(await code({ pubOut: [0n, 0n] }), 'public-amount-mismatch');
  assert.equal(await code({ pubOut: [sero!, 1n] }), 'public-amount-mismatch');
  assert.equal(await code({ asset: fieldToBytes(5n) }), 'public-asset-mismatch');
});

test('SERO leaves the pool in its own slot only', async () => {
  const chain = startChain();
  assert.equal(await refusalOfTransaction(chain, takingOut(chain, 1n, 10n)), 'public-asset-mismatch');
  assert.equal(await refusalOfTransaction(chain, takingOut(chain, 0n, 10n)), 'public-asset-mismatch');
});

test('sums at 2^128 and beyond are refused rather than wrapped', async () => {
  const chain = startChain();
  const limit = 1n << 128n;
  const tx = chain.draft(callDraft(chain, { value: limit - 1n }));
  const wrapped = [tx.pub.pubOut[0]! % limit, 0n];
  const overflowing = chain.authorize({ ...tx, pub: { ...tx.pub, pubOut: wrapped } });
  assert.equal(await refusalOfTransaction(chain, overflowing), 'fee-overflow');
  const dear = chain.draft();
  const priced = { ...dear, gasPrice: limit - 1n, pub: { ...dear.pub, pubOut: [5n, 0n] } };
  assert.equal(await refusalOfTransaction(chain, chain.authorize(priced)), 'fee-overflow');
});

test('kinds whose rules are not there yet are refused as a whole', async () => {
  const chain = startChain();
  assert.equal(
    await refusalOfTransaction(chain, chain.make({ kind: KIND.create })),
    'kind-not-active',
    'a create without a call',
  );
  const create = callDraft(chain, { to: [] }, { gasLimit: 10n ** 6n });
  assert.equal(await refusalOfTransaction(chain, chain.make(create)), 'call-missing');
});

test('a payment with a call or recipients in it is refused', async () => {
  const chain = startChain();
  const { call } = callDraft(chain, { value: 1n });
  assert.equal(await refusalOfTransaction(chain, chain.make({ call: call! })), 'call-unexpected');
  const named = chain.make({ recipients: [filler(1, 64)] });
  assert.equal(await refusalOfTransaction(chain, named), 'recipients-unexpected');
  assert.equal(chain.ledger.pooled(1n), TOTAL);
});
