import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fieldFromBytes, fieldToBytes } from '@sero/crypto';
import {
  addNullifiers,
  allocationNote,
  appendHeader,
  appendLeaves,
  decodeEnvelope,
  EMPTY_FRONTIER,
  EMPTY_HISTORY,
  EMPTY_NULLIFIER_SET,
  encodeBlock,
  frontierRoot,
  hashNodes,
  headerHash,
  noteCommitment,
  nullifierSetLeaf,
  publicOutputNote,
  receiptsRoot,
  transactionsRoot,
  witnessTransactionId,
} from '@sero/protocol';
import { createPortableNoteHasher } from '@sero/prover';
import { memoryStore, overlay, updateStateTree } from '@sero/store';
import { TREE } from './state.ts';
import {
  ALICE,
  BOB,
  blockAt,
  callDraft,
  commitDraft,
  contents,
  flipped,
  issueDraft,
  startChain,
  type TestChain,
} from './test-support.ts';

/** A chain of six blocks with something of everything in them. */
async function livedIn(options: Parameters<typeof startChain>[0] = {}): Promise<TestChain> {
  const chain = startChain(options);
  await chain.mine(chain.make(commitDraft('HEPTANE')), chain.make());
  await chain.mine(chain.make(callDraft(chain, { value: 9n }, { from: BOB })));
  await chain.mine(chain.make(issueDraft(chain, 'HEPTANE')), chain.make(issueDraft(chain, 'OCTANE')));
  await chain.mine();
  await chain.mine(chain.make({ anchor: 2n }), chain.make(callDraft(chain)), chain.make());
  await chain.mine(chain.make({ from: BOB }));
  return chain;
}

function allBlocks({ ledger }: TestChain) {
  return Array.from({ length: Number(ledger.head().height) + 1 }, (_, h) => blockAt(ledger, BigInt(h)));
}

test('a second ledger that is fed the same blocks holds the same state, byte for byte', async () => {
  const chain = await livedIn();
  const second = startChain();
  assert.deepEqual(second.ledger.genesisHash, chain.ledger.genesisHash);
  for (const { block } of allBlocks(chain).slice(1)) {
    await second.ledger.apply(encodeBlock(block));
    assert.deepEqual(second.ledger.stateRoot(), block.header.stateRoot);
  }
  assert.deepEqual(contents(second.store), contents(chain.store));
});

test('a ledger with a native SHAKE256 holds the same state, and the hash that it was given is the one it uses', async () => {
  const chain = await livedIn();
  let asked = 0;
  const second = startChain({
    shake256: (message, length) => {
      asked++;
      return createHash('shake256', { outputLength: length }).update(message).digest();
    },
  });
  for (const { block } of allBlocks(chain).slice(1)) await second.ledger.apply(encodeBlock(block));
  assert.deepEqual(contents(second.store), contents(chain.store));
  assert.ok(asked > 0);
});

test('a ledger opened again on its store goes on as if it had never stopped', async () => {
  const chain = await livedIn();
  const before = contents(chain.store);
  const again = startChain({ store: chain.store, blocks: chain.blocks });
  assert.deepEqual(contents(chain.store), before, 'opening writes nothing');
  assert.deepEqual(again.ledger.head(), chain.ledger.head());
  const next = encodeBlock(await chain.block(chain.make(), chain.make(callDraft(chain))));
  assert.deepEqual(encodeBlock((await again.ledger.apply(next)).block), next);
  const untouched = startChain();
  for (const { block } of allBlocks(again).slice(1)) await untouched.ledger.apply(encodeBlock(block));
  assert.deepEqual(contents(untouched.store), contents(chain.store));
});

test('the note that a chain spent before it was closed stays spent', async () => {
  const chain = await livedIn();
  const spent = decodeEnvelope(blockAt(chain.ledger, 6n).block.transactions[0]!).private!.tx;
  const again = startChain({ store: chain.store, blocks: chain.blocks });
  await assert.rejects(again.ledger.check(again.make({ nullifiers: spent.shielded.nullifiers })), {
    code: 'nullifier-spent',
  });
});

test('a store that holds the chain of another genesis is refused and left alone', async () => {
  const chain = await livedIn();
  const before = contents(chain.store);
  for (const genesis of [
    { time: 5n },
    { chainId: 77n },
    { allocations: [] },
    { derivation: new Uint8Array(0) },
  ]) {
    assert.throws(() => startChain({ store: chain.store, blocks: chain.blocks, genesis }), {
      name: 'LedgerError',
      code: 'store-of-another-genesis',
    });
  }
  assert.deepEqual(contents(chain.store), before);
});

test('the state root is the root over everything in the tree, and changes with any of it', async () => {
  const chain = await livedIn();
  const entries = [...chain.store.entries(TREE)].map(([key, value]) => ({ key, value }));
  const rootOf = (changes: readonly { key: Uint8Array; value: Uint8Array }[]): Uint8Array =>
    updateStateTree(overlay(memoryStore()), changes);
  assert.deepEqual(rootOf(entries.toReversed()), chain.ledger.stateRoot());
  for (const [i, { key, value }] of entries.entries()) {
    const altered = entries.with(i, { key, value: flipped(value) });
    assert.notDeepEqual(rootOf(altered), chain.ledger.stateRoot());
  }
});

test('the tree’s leaf for the nullifiers is the hash of the flat set beside it', async () => {
  const chain = await livedIn();
  const keys = [...chain.store.entries(Uint8Array.of(0x6e))].map(([key]) => key.slice(1));
  const spent = allBlocks(chain).flatMap(({ block }) =>
    block.transactions.flatMap((bytes) => decodeEnvelope(bytes).private!.tx.shielded.nullifiers),
  );
  assert.equal(keys.length, spent.length);
  const leaf = nullifierSetLeaf(addNullifiers(EMPTY_NULLIFIER_SET, keys));
  const inTree = [...chain.store.entries(Uint8Array.of(TREE[0]!, 3))].map(([, value]) => value);
  assert.deepEqual(inTree, [leaf]);
  assert.deepEqual(leaf, nullifierSetLeaf(addNullifiers(EMPTY_NULLIFIER_SET, spent)));
});

test('the notes root is the tree’s over the allocations and every output in order, public ones after the shielded', async () => {
  const allocations = [ALICE, BOB, ALICE].map((pkr, i) => ({
    pkr,
    asset: fieldToBytes(1n),
    value: 10n ** 24n + BigInt(i),
  }));
  const chain = await livedIn({ genesis: { allocations }, hasher: createPortableNoteHasher() });
  const { genesisHash } = chain.ledger;
  let { frontier } = appendLeaves(
    EMPTY_FRONTIER,
    allocations.map((allocation, n) => noteCommitment(allocationNote(allocation, genesisHash, n))),
  );
  for (const { block, receipts } of allBlocks(chain)) {
    const leaves = block.transactions.flatMap((bytes, i) => {
      const { outputs } = decodeEnvelope(bytes).private!.tx.shielded;
      const { txid, publicOutputs } = receipts[i]!;
      const made = publicOutputs.map((output, index) =>
        publicOutputNote(output, fieldFromBytes(txid), index),
      );
      return [...outputs.map(({ cm }) => fieldFromBytes(cm)), ...made.map(noteCommitment)];
    });
    ({ frontier } = appendLeaves(frontier, leaves));
    assert.deepEqual(block.header.notesRoot, fieldToBytes(frontierRoot(frontier, hashNodes)));
  }
  assert.equal(frontier.size, 3n + 9n * 3n + 5n);
});

test('a header binds its parent, its transactions’ very bytes and its receipts; the state binds every header', async () => {
  const chain = await livedIn();
  let history = EMPTY_HISTORY;
  let parent = new Uint8Array(32);
  for (const { block, receipts } of allBlocks(chain)) {
    const { header, transactions } = block;
    assert.deepEqual(header.parent, parent);
    assert.deepEqual(header.transactionsRoot, transactionsRoot(transactions.map(witnessTransactionId)));
    assert.deepEqual(header.receiptsRoot, receiptsRoot(receipts));
    assert.equal(
      header.gasUsed,
      receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    );
    if (header.height < chain.ledger.head().height) history = appendHeader(history, headerHash(header));
    parent = headerHash(header) as Uint8Array<ArrayBuffer>;
  }
  assert.deepEqual(chain.state().history.get(), history);
});
