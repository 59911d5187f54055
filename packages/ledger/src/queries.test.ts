import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import {
  appendLeaves,
  assetId,
  decodeFrontier,
  EMPTY_FRONTIER,
  encodeBlock,
  encodeFrontier,
  frontierRoot,
  hashNodesWith,
  headerHash,
  name32,
} from '@sero/protocol';
import { memoryStore, overlay, stateValueHash, verifyStateProof } from '@sero/store';
import { testHasher } from './doubles-test-support.ts';
import { assetKey, FLAT, stateOf, TREE } from './state.ts';
import {
  blockAt,
  callDraft,
  contents,
  filler,
  flipped,
  registered,
  startChain,
  TOTAL,
  tampered,
} from './test-support.ts';

test('headers and hashes are those of the blocks; there are none below 0 and above the head', async () => {
  const chain = startChain();
  await chain.mine(chain.make());
  await chain.mine();
  for (let height = 0n; height <= 2n; height++) {
    const { header } = blockAt(chain.ledger, height).block;
    assert.deepEqual(chain.ledger.header(height), header);
    assert.deepEqual(chain.ledger.blockHash(height), headerHash(header));
  }
  for (const height of [-1n, 3n, 1n << 70n]) {
    assert.equal(chain.ledger.header(height), undefined);
    assert.equal(chain.ledger.blockHash(height), undefined);
    assert.throws(() => chain.ledger.executedBlock(height), { code: 'block-unknown' });
  }
  chain.ledger.header(1n)!.stateRoot.fill(9);
  assert.deepEqual(chain.ledger.header(1n), blockAt(chain.ledger, 1n).block.header);
});

test('a transaction is found by its txid at its height and place, also one that failed, and no other', async () => {
  const chain = startChain();
  const first = await chain.mine(chain.make(), chain.make(callDraft(chain)));
  const second = await chain.mine(chain.make());
  const places = [...first.receipts, ...second.receipts].map(({ txid }) =>
    chain.ledger.findTransaction(txid),
  );
  assert.deepEqual(places, [
    { height: 1n, index: 0 },
    { height: 1n, index: 1 },
    { height: 2n, index: 0 },
  ]);
  assert.equal(chain.ledger.findTransaction(flipped(first.receipts[0]!.txid)), undefined);
  assert.equal(chain.ledger.findTransaction(new Uint8Array(0)), undefined);
});

test('the tree state of a height is the frontier of the checkpoint at or below it, which the header binds', async () => {
  const chain = startChain();
  await chain.mine(chain.make());
  await chain.mineEmpty(255);
  await chain.mine(chain.make());
  const at0 = chain.ledger.treeState(0n)!;
  for (const height of [1n, 255n]) assert.deepEqual(chain.ledger.treeState(height), at0);
  const at256 = chain.ledger.treeState(256n)!;
  for (const height of [257n, 258n, 10_000n]) assert.deepEqual(chain.ledger.treeState(height), at256);
  assert.equal(chain.ledger.treeState(-1n), undefined);
  assert.deepEqual([at0.height, at256.height], [0n, 256n]);
  for (const { height, header, frontier } of [at0, at256]) {
    assert.deepEqual(header, chain.ledger.header(height));
    const root = frontierRoot(decodeFrontier(frontier), hashNodesWith(testHasher));
    assert.deepEqual(fieldToBytes(root), header.notesRoot);
  }
  // One allocation and three outputs.
  assert.equal(decodeFrontier(at256.frontier).size, 4n);
  const { commitments } = await startChain().ledger.check(blockAt(chain.ledger, 1n).block.transactions[0]!);
  const grown = appendLeaves(decodeFrontier(at0.frontier), commitments, hashNodesWith(testHasher)).frontier;
  assert.deepEqual(encodeFrontier(grown), at256.frontier);
  assert.notDeepEqual(grown, EMPTY_FRONTIER);
});

test('assets are listed by number, from any number on, with what the pool holds', async () => {
  const chain = startChain();
  await registered(chain, 'HEPTANE', { supply: 7n });
  await registered(chain, 'OCTANES', { supply: 8n, salt: filler(9, 32) });
  await registered(chain, 'NONANES', { supply: 9n, salt: filler(10, 32) });
  const listed = [...chain.ledger.assets()];
  const ids = ['HEPTANE', 'OCTANES', 'NONANES'].map((name) =>
    assetId(chain.genesis.chainId, 1, name32(name)),
  );
  ids.sort((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(
    listed.map(({ asset }) => asset),
    ids,
  );
  for (const { asset, pooled, ...record } of listed) {
    assert.deepEqual(record, chain.ledger.asset(asset));
    assert.equal(pooled, record.supply);
  }
  const from = (id: bigint) => [...chain.ledger.assets(id)].map(({ asset }) => asset);
  assert.deepEqual(from(ids[1]!), ids.slice(1));
  assert.deepEqual(from(ids[1]! + 1n), ids.slice(2));
  assert.deepEqual(from(ids[2]! + 1n), []);
  assert.deepEqual(from(1n << 256n), []);
});

test('numbers that differ in any byte are listed in the order of numbers', () => {
  const chain = startChain();
  const record = { kind: 1, name32: filler(1, 32), issuer: filler(2, 20), supply: 1n, height: 1n };
  const numbers = [1n << 250n, 2n, 256n, 255n, 1n << 8n, (1n << 248n) + 1n, 3n << 128n];
  tampered(chain, (state) => {
    for (const id of numbers) state.asset(id).set(record);
  });
  assert.deepEqual(
    [...chain.ledger.assets()].map(({ asset }) => asset),
    [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1)),
  );
});

test('what the state holds, and that it holds nothing, is proved against the head’s state root', async () => {
  const chain = startChain();
  const receipt = await registered(chain, 'HEPTANE');
  assert.equal(receipt.status, 1);
  const id = assetId(chain.genesis.chainId, 1, name32('HEPTANE'));
  const { stateRoot } = chain.ledger.head();
  for (const [key, value] of chain.store.entries(TREE)) {
    assert.deepEqual(verifyStateProof(stateRoot, key, chain.ledger.prove(key)), stateValueHash(value));
  }
  const absent = assetKey(id + 1n);
  assert.equal(verifyStateProof(stateRoot, absent, chain.ledger.prove(absent)), undefined);
  // The proof of one key says nothing about another, nor under the root of another block.
  const proof = chain.ledger.prove(assetKey(id));
  assert.throws(() => verifyStateProof(stateRoot, absent, proof), { code: 'proof-invalid' });
  const older = chain.ledger.header(1n)!.stateRoot;
  assert.throws(() => verifyStateProof(older, assetKey(id), proof), { code: 'proof-invalid' });
});

test('the index is no part of what two nodes compare: it is made anew where it is missing', async () => {
  const chain = startChain();
  await chain.mine(chain.make(), chain.make());
  await chain.mine(chain.make());
  const tables: (number | undefined)[] = [FLAT.header, FLAT.historyNode, FLAT.transaction, FLAT.indexed];
  const rest = [...chain.store.entries(new Uint8Array(0))].filter(([key]) => !tables.includes(key[0]));
  const store = memoryStore();
  store.write(rest.map(([key, value]) => ({ key, value })));
  const again = startChain({ store, blocks: chain.blocks });
  assert.deepEqual(contents(store), contents(chain.store));
  await again.ledger.apply(encodeBlock(await chain.block(chain.make())));
  assert.equal(stateOf(overlay(store), 1n).indexed.get(), 4n);
  assert.equal(chain.ledger.pooled(1n) + chain.ledger.rewardPool(), TOTAL);
});
