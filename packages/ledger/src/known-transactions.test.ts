import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNING_RANDOMNESS, sign } from '@sero/crypto';
import {
  type CheckedTransaction,
  decodeEnvelope,
  encodeBlock,
  encodeEnvelope,
  type ProtocolError,
  transactionHash,
  witnessTransactionId,
} from '@sero/protocol';
import { createReferenceKeyPointChecker, createReferenceSignatureVerifier } from '@sero/prover';
import { knownTransactions } from './known-transactions.ts';
import {
  callDraft,
  commitDraft,
  contents,
  filler,
  flipped,
  issueDraft,
  RSK,
  refusalOf,
  startChain,
  type TestChain,
} from './test-support.ts';

const POINTS = createReferenceKeyPointChecker();

const contextOf = ({ genesis, ledger }: TestChain) => ({ genesis, genesisHash: ledger.genesisHash });

test('a transaction that is kept is not decoded again, one that is not kept is', () => {
  const chain = startChain();
  const known = knownTransactions(contextOf(chain), POINTS);
  const [kept, other] = [chain.make(), chain.make()];
  const checked = known.decode(kept);
  assert.equal(known.isSigned(checked), false);
  assert.notEqual(known.decode(kept), checked);
  known.keep(checked);
  assert.equal(known.decode(kept.slice()), checked);
  assert.equal(known.isSigned(checked), true);
  assert.equal(known.isSigned(known.decode(other)), false);
  known.forget(checked);
  assert.equal(known.isSigned(known.decode(kept)), false);
});

test('every byte counts: a kept transaction vouches for no other form of itself', () => {
  const chain = startChain();
  const known = knownTransactions(contextOf(chain), POINTS);
  const bytes = chain.make();
  known.keep(known.decode(bytes));
  for (let at = bytes.length - 256; at < bytes.length; at += 17) {
    const changed = flipped(bytes, at);
    // The last 256 bytes are proof and signature: still one transaction, another witness.
    const other = known.decode(changed);
    assert.deepEqual(other.wtxid, witnessTransactionId(changed));
    assert.equal(known.isSigned(other), false);
  }
});

test('however it is decoded, a transaction is named by its very bytes, before it is kept and after', async () => {
  const chain = startChain();
  const known = knownTransactions(contextOf(chain), POINTS);
  const all = [chain.make(), chain.make()];
  const decoded = async () => [
    ...all.map((bytes) => known.decode(bytes)),
    ...(await Promise.all(all.map((bytes) => known.decodeShared(bytes)))),
    ...(await known.decodeAll(all)),
  ];
  const names = [...all, ...all, ...all].map((bytes) => witnessTransactionId(bytes));
  const wtxidOf = (one: CheckedTransaction | ProtocolError) => ('wtxid' in one ? one.wtxid : one);
  assert.deepEqual((await decoded()).map(wtxidOf), names);
  for (const bytes of all) known.keep(known.decode(bytes));
  assert.deepEqual((await decoded()).map(wtxidOf), names);
});

test('the bytes that are remembered are bounded, and what was not used the longest goes first', () => {
  const chain = startChain();
  const all = Array.from({ length: 6 }, () => chain.make());
  const size = all[0]!.length;
  const known = knownTransactions(contextOf(chain), POINTS, 3 * size + 1);
  const isKept = (bytes: Uint8Array): boolean => known.isSigned(known.decode(bytes));
  for (const bytes of all.slice(0, 3)) known.keep(known.decode(bytes));
  known.keep(known.decode(all[0]!));
  known.keep(known.decode(all[3]!));
  assert.deepEqual(all.map(isKept), [true, false, true, true, false, false]);
  known.forget(known.decode(all[2]!));
  known.keep(known.decode(all[4]!));
  assert.deepEqual(all.map(isKept), [true, false, false, true, true, false]);
});

test('what was refused is not remembered: rubbish drives nothing out and is refused again', async () => {
  const chain = startChain();
  const good = chain.make();
  await chain.ledger.check(good);
  const { tx, authorization } = decodeEnvelope(good).private!;
  const unsigned = encodeEnvelope({
    tx,
    authorization: { ...authorization, signature: flipped(authorization.signature, 40) },
  });
  for (let i = 0; i < 2; i++) {
    assert.equal(await refusalOf(chain, () => chain.ledger.check(unsigned)), 'signature-invalid');
  }
  const block = await chain.block(good);
  const swapped = encodeBlock({ ...block, transactions: [unsigned] });
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(swapped)), 'signature-invalid');
});

test('a signature is verified once where the proof holds, and again where it does not: only what holds is kept', async () => {
  let batches = 0;
  const { verifyBatch } = createReferenceSignatureVerifier();
  const chain = startChain({
    signatures: {
      verifyBatch: (items) => {
        batches++;
        return verifyBatch(items);
      },
    },
  });
  const good = chain.make();
  const bad = chain.authorize(chain.draft(), filler(1, 192));
  for (const expected of [1, 1]) {
    await chain.ledger.check(good);
    assert.equal(batches, expected);
  }
  for (const expected of [2, 3]) {
    assert.equal(await refusalOf(chain, () => chain.ledger.check(bad)), 'proof-invalid');
    assert.equal(batches, expected);
  }
  await chain.mine(good);
  assert.equal(batches, 3, 'neither proposing nor applying verifies it again');
});

test('a transaction that was checked before is checked against the state again in its block', async () => {
  const chain = startChain();
  const [first, second] = [
    chain.make({ nullifiers: [filler(1, 31), filler(2, 31)].map(element) }),
    chain.make({ nullifiers: [filler(1, 31), filler(3, 31)].map(element) }),
  ];
  await chain.ledger.check(first);
  await chain.ledger.check(second);
  await chain.mine(first);
  assert.equal(await refusalOf(chain, () => chain.ledger.check(second)), 'nullifier-spent');
  assert.equal(await refusalOf(chain, () => chain.block(second)), 'nullifier-spent');
  const block = await chain.block();
  const stale = encodeBlock({ ...block, transactions: [second] });
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(stale)), 'nullifier-spent');
});

const element = (bytes: Uint8Array): Uint8Array => Uint8Array.from([...bytes, 0]);

/** Spoils whatever can be reached and changed. Curve points are frozen; what is shared with others must be. */
function spoil(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Uint8Array) {
    value.fill(7);
    return;
  }
  for (const part of Object.values(value)) spoil(part, seen);
  if (Object.isFrozen(value)) return;
  for (const name of Object.keys(value)) Reflect.set(value, name, 3n);
}

test('what `check` gives away is a copy: whatever of it is changed, no later verdict is', async () => {
  const kinds: ((chain: TestChain) => Uint8Array)[] = [
    (chain) => chain.make(),
    (chain) => chain.make(callDraft(chain, { value: 5n })),
    (chain) => chain.make(commitDraft('OCTANES')),
    (chain) => chain.make(issueDraft(chain, 'HEPTANE')),
  ];
  for (const make of kinds) {
    const [chain, clean] = [startChain(), startChain()];
    for (const each of [chain, clean]) {
      await each.mine(each.make(commitDraft('HEPTANE')));
      await each.mineEmpty(2);
    }
    const bytes = make(chain);
    spoil(await chain.ledger.check(bytes));
    await chain.ledger.check(bytes);
    const expected = await clean.mine(bytes);
    const { receipts, block } = await chain.mine(bytes);
    assert.deepEqual(receipts, expected.receipts);
    assert.deepEqual(block.header, expected.block.header);
    // What belongs to all transactions is as it was.
    assert.equal(await refusalOf(chain, () => chain.ledger.check(chain.make())), 'accepted');
  }
});

test('bytes that their sender changes after the check change no later verdict', async () => {
  const [chain, clean] = [startChain(), startChain()];
  const bytes = chain.make(callDraft(chain, { value: 5n }));
  const given = bytes.slice();
  await chain.ledger.check(given);
  given.fill(7);
  assert.deepEqual(await chain.mine(bytes), await clean.mine(bytes));
});

test('what `propose` gives away is a copy: another block than the proposed one is checked in full', async () => {
  const chain = startChain();
  const { block } = await chain.ledger.propose([chain.make()], chain.ledger.head().time + 9n);
  const honest = encodeBlock(block);
  block.header.stateRoot.fill(1);
  block.header.time += 1n;
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(encodeBlock(block))), 'header-stateRoot');
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(honest)), 'accepted');
  assert.deepEqual(chain.ledger.head().stateRoot, chain.ledger.stateRoot());
});

test('a proposed block that was overtaken by another is refused', async () => {
  const chain = startChain();
  const proposed = encodeBlock(await chain.block(chain.make()));
  await chain.mine();
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(proposed)), 'header-height');
});

test('applying the proposed block and applying the same block elsewhere leave the same', async () => {
  const chain = startChain();
  const other = startChain();
  const good = [chain.make(), chain.make(), chain.make()];
  const { block, rejected } = await chain.ledger.propose(
    [good[0]!, filler(1, 50), good[1]!, good[0]!, good[2]!],
    chain.ledger.head().time + 9n,
  );
  assert.deepEqual(
    rejected.map(({ index, error }) => [index, error.code]),
    [
      [1, 'unknown-kind'],
      [3, 'nullifier-spent'],
    ],
  );
  const bytes = encodeBlock(block);
  const mine = await chain.ledger.apply(bytes);
  const theirs = await other.ledger.apply(bytes);
  assert.deepEqual(mine, theirs);
  assert.deepEqual(chain.blocks.get(1), other.blocks.get(1));
  assert.deepEqual(contents(chain.store), contents(other.store));
});

test('a signature that another check made good is no excuse for a second transaction of the same hash', async () => {
  const chain = startChain();
  const bytes = chain.make();
  await chain.ledger.check(bytes);
  const { tx, authorization } = decodeEnvelope(bytes).private!;
  const hashE = transactionHash(tx, chain.ledger.genesisHash);
  const stranger = sign(RSK + 1n, hashE, filler(1, SIGNING_RANDOMNESS));
  const forged = encodeEnvelope({ tx, authorization: { ...authorization, signature: stranger } });
  assert.equal(await refusalOf(chain, () => chain.ledger.check(forged)), 'signature-invalid');
});

test('a check that was called off asks no verifier', async () => {
  const chain = startChain();
  const called = AbortSignal.abort(new Error('never mind'));
  await assert.rejects(chain.ledger.check(chain.make(), called), /never mind/);
  assert.equal(chain.verifier.seen(), 0);
});
