import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import { alias, assetId, checkTransaction, decodeEnvelope, name32, nextBaseFee } from '@sero/protocol';
import { LedgerError } from './errors.ts';
import {
  ALICE,
  BOB,
  blockAt,
  callDraft,
  MALLORY,
  refusalOf,
  refusalOfTransaction,
  registered,
  startChain,
  type TestChain,
  TOTAL,
  takingOut,
  tampered,
} from './test-support.ts';
import { checkAgainstState } from './transaction.ts';

const WINDOW = 8n;
const EXPIRY = 6n;

/** A chain whose anchors are forgotten after 8 blocks. */
function shortWindow(): TestChain {
  return startChain({ genesis: { anchor: { window: WINDOW, step: 1n, expiry: EXPIRY } } });
}

test('an honest transaction passes, and its block changes the root', async () => {
  const chain = startChain();
  const before = chain.ledger.stateRoot();
  assert.equal(await refusalOfTransaction(chain, chain.make()), 'accepted');
  const { receipts } = await chain.mine(chain.make());
  assert.equal(receipts[0]?.status, 1);
  assert.notDeepEqual(chain.ledger.stateRoot(), before);
});

test('a transaction enters up to the height of its expiry and not one block later', async () => {
  const chain = startChain();
  const last = chain.make({ expiry: 3n });
  await chain.mineEmpty(2);
  assert.equal(await refusalOfTransaction(chain, last), 'accepted');
  await chain.mineEmpty(1);
  assert.equal(await refusalOfTransaction(chain, last), 'expired');
});

test('a transaction anchored to the block that it is in, or to a later one, is refused', async () => {
  const chain = startChain();
  await chain.mineEmpty(2);
  assert.equal(await refusalOfTransaction(chain, chain.make({ anchor: 2n })), 'accepted');
  assert.equal(await refusalOfTransaction(chain, chain.make({ anchor: 3n })), 'anchor-in-future');
  assert.equal(await refusalOfTransaction(chain, chain.make({ anchor: 4n })), 'anchor-in-future');
  const last = (1n << 64n) - 1n;
  assert.equal(
    await refusalOfTransaction(chain, chain.make({ anchor: last, expiry: last })),
    'anchor-in-future',
  );
});

test('an anchor serves for W blocks, over places of the ring that were written before', async () => {
  const chain = shortWindow();
  const early = chain.make({ anchor: 0n, expiry: WINDOW });
  await chain.mineEmpty(Number(WINDOW) - 1);
  assert.equal(await refusalOfTransaction(chain, early), 'accepted');
  await chain.mineEmpty(1);
  assert.equal(await refusalOfTransaction(chain, early), 'expired');
  await chain.mineEmpty(11);
  const { height } = chain.ledger.head();
  for (let age = 0n; age < WINDOW; age++) {
    const anchor = height - age;
    const code = await refusalOfTransaction(chain, chain.make({ anchor, expiry: anchor + WINDOW }));
    assert.equal(code, 'accepted', `anchor ${age} blocks below the head`);
  }
});

test('an anchor that has left the window is stale, whatever the expiry says, and its place in the ring is never taken for it', async () => {
  const chain = shortWindow();
  await chain.mineEmpty(Number(WINDOW) + 2);
  const { genesis, ledger } = chain;
  const context = { genesis, genesisHash: ledger.genesisHash };
  const block = {
    genesis,
    height: ledger.head().height + 1n,
    baseFee: genesis.fees.baseFeeFloor,
    time: ledger.head().time + 1n,
    othersStand: () => true,
    seenBefore: () => undefined,
  };
  const bytes = chain.make({ anchor: ledger.head().height });
  const checked = checkTransaction(decodeEnvelope(bytes), bytes, context);
  const withAnchor = (anchor: bigint): typeof checked => ({
    ...checked,
    tx: { ...checked.tx, expiry: 1_000n, shielded: { ...checked.tx.shielded, anchor } },
  });
  const root = checkAgainstState(chain.state(), withAnchor(block.height - WINDOW), block);
  assert.deepEqual(fieldToBytes(root), blockAt(ledger, block.height - WINDOW).block.header.notesRoot);
  for (const anchor of [block.height - WINDOW - 1n, block.height - 2n * WINDOW + 5n, 0n]) {
    assert.throws(() => checkAgainstState(chain.state(), withAnchor(anchor), block), {
      code: 'anchor-stale',
    });
  }
  // Without the window's arithmetic the ring's own height still refuses the place's earlier tenant.
  const wide = { ...block, genesis: { ...genesis, anchor: { ...genesis.anchor, window: 1_000n } } };
  assert.throws(
    () => checkAgainstState(chain.state(), withAnchor(block.height - WINDOW - 1n), wide),
    (error) => error instanceof LedgerError && error.code === 'anchor-stale',
  );
});

test('a note that an earlier block spent is not spent again, in either place and however the rest looks', async () => {
  const chain = startChain();
  const [mine, other, third] = [nullifier(1n), nullifier(2n), nullifier(3n)];
  await chain.mine(chain.make({ nullifiers: [mine, other] }));
  assert.equal(
    await refusalOfTransaction(chain, chain.make({ nullifiers: [mine, third] })),
    'nullifier-spent',
  );
  assert.equal(
    await refusalOfTransaction(chain, chain.make({ nullifiers: [third, mine] })),
    'nullifier-spent',
  );
  assert.equal(
    await refusalOfTransaction(chain, chain.make({ nullifiers: [third, other], from: MALLORY })),
    'nullifier-spent',
  );
  await chain.mineEmpty(3);
  assert.equal(
    await refusalOfTransaction(chain, chain.make({ nullifiers: [mine, third] })),
    'nullifier-spent',
  );
});

test('a note is not spent twice in one block', async () => {
  const chain = startChain();
  const [shared, a, b] = [nullifier(1n), nullifier(2n), nullifier(3n)];
  const first = chain.make({ nullifiers: [shared, a] });
  const second = chain.make({ nullifiers: [b, shared] });
  assert.equal(await refusalOf(chain, () => chain.block(first, second)), 'nullifier-spent');
  assert.equal(await refusalOf(chain, () => chain.block(first, first)), 'nullifier-spent');
});

test('a note is not spent twice in one transaction', async () => {
  const chain = startChain();
  const twice = chain.make({ nullifiers: [nullifier(1n), nullifier(1n)] });
  assert.equal(await refusalOfTransaction(chain, twice), 'duplicate-nullifier');
});

test('a transaction pays at least the base fee of the block that it enters', async () => {
  const chain = startChain();
  const baseFee = nextBaseFee(chain.genesis.fees, chain.ledger.head());
  assert.equal(await refusalOfTransaction(chain, chain.make({ gasPrice: baseFee })), 'accepted');
  assert.equal(
    await refusalOfTransaction(chain, chain.make({ gasPrice: baseFee - 1n })),
    'gas-price-below-base-fee',
  );
  assert.equal(await refusalOfTransaction(chain, chain.make({ gasPrice: 0n })), 'gas-price-below-base-fee');
});

test('only a registered asset leaves the pool in the open', async () => {
  const chain = startChain();
  const token = assetId(chain.genesis.chainId, 1, name32('HEPTANE'));
  assert.equal(await refusalOfTransaction(chain, takingOut(chain, token, 10n)), 'public-asset-unknown');
  await registered(chain, 'HEPTANE');
  assert.equal(await refusalOfTransaction(chain, takingOut(chain, token, 10n)), 'accepted');
});

test('no more SERO leaves the pool than entered it, even with a proof that holds', async () => {
  const chain = startChain();
  const fee = chain.draft(callDraft(chain, { value: 1n })).pub.pubOut[0]! - 1n;
  const forged = (value: bigint): Uint8Array => chain.make(callDraft(chain, { value }));
  assert.equal(await refusalOfTransaction(chain, forged(TOTAL - fee)), 'accepted');
  assert.equal(await refusalOfTransaction(chain, forged(TOTAL - fee + 1n)), 'turnstile');
  assert.equal(await refusalOfTransaction(chain, forged((1n << 128n) - 1n - fee)), 'turnstile');
});

test('no more of a token leaves the pool than entered it, even with a proof that holds', async () => {
  const chain = startChain();
  await registered(chain, 'HEPTANE', { supply: 1_000n });
  const token = assetId(chain.genesis.chainId, 1, name32('HEPTANE'));
  assert.equal(chain.ledger.pooled(token), 1_000n);
  assert.equal(await refusalOfTransaction(chain, takingOut(chain, token, 1_000n)), 'accepted');
  assert.equal(await refusalOfTransaction(chain, takingOut(chain, token, 1_001n)), 'turnstile');
  // SERO that is there does not stand in for a token that is not.
  assert.equal(await refusalOfTransaction(chain, takingOut(chain, token, (1n << 128n) - 1n)), 'turnstile');
});

test('the turnstile counts transaction by transaction within a block', async () => {
  const fee = startChain().draft().pub.pubOut[0]!;
  const allocations = [{ pkr: ALICE, asset: fieldToBytes(1n), value: 2n * fee - 1n }];
  const chain = startChain({ genesis: { allocations } });
  assert.equal(await refusalOfTransaction(chain, chain.make()), 'accepted');
  assert.equal(await refusalOf(chain, () => chain.block(chain.make(), chain.make())), 'turnstile');
});

test('the turnstile holds against a pool that lost money behind its back', async () => {
  const chain = startChain();
  const fee = chain.draft().pub.pubOut[0]!;
  const poorer = tampered(chain, (state) => state.turnstile(1n).set(fee - 1n));
  assert.equal(await refusalOfTransaction(poorer, poorer.make()), 'turnstile');
  const enough = tampered(chain, (state) => state.turnstile(1n).set(fee));
  assert.equal(await refusalOfTransaction(enough, enough.make()), 'accepted');
});

test('a transaction from an alias that belongs to another address is refused', async () => {
  const chain = tampered(startChain(), (state) => state.alias(alias(ALICE)).set(BOB));
  assert.equal(await refusalOfTransaction(chain, chain.make({ from: ALICE })), 'from-alias');
  assert.equal(await refusalOfTransaction(chain, chain.make({ from: BOB })), 'accepted');
  const own = tampered(chain, (state) => state.alias(alias(ALICE)).set(ALICE));
  assert.equal(await refusalOfTransaction(own, own.make({ from: ALICE })), 'accepted');
});

function nullifier(n: bigint): Uint8Array {
  return fieldToBytes((1n << 200n) + n);
}
