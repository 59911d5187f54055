import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appendHeader,
  EMPTY_HISTORY,
  type Header,
  HeaderType,
  type HistoryPeaks,
  headerHash,
  isInHistory,
} from '@sero/protocol';
import { memoryStore, overlay } from '@sero/store';
import { historyNodeCount, indexHistory, pathOfHeader } from './history-nodes.ts';
import { FLAT, stateOf } from './state.ts';
import { codeOf, startChain } from './test-support.ts';

const BASE = startChain().ledger.head();

/** A store with the index of so many headers, each of which names the one before. */
function indexed(size: number) {
  const store = memoryStore();
  const view = overlay(store);
  const state = stateOf(view, 1n);
  const headers: Header[] = [];
  let history: HistoryPeaks = EMPTY_HISTORY;
  let parent: Uint8Array = new Uint8Array(32);
  for (let height = 0n; height < size; height++) {
    const header = { ...BASE, height, parent };
    headers.push(header);
    parent = headerHash(header);
    history = appendHeader(history, parent);
    state.header(height).set(HeaderType.serialize(header));
    indexHistory(state, header);
  }
  store.write(view.changes());
  return { store, headers, history };
}

test('every header is proved from the nodes that were kept, whatever the number of headers', () => {
  for (const size of [1, 2, 3, 7, 8, 21]) {
    const { store, headers, history } = indexed(size);
    const state = stateOf(overlay(store), 1n);
    for (const header of headers) {
      const path = pathOfHeader(state, BigInt(size), header.height);
      assert.ok(isInHistory(history, header.height, headerHash(header), path));
    }
    const kept = [...store.entries(Uint8Array.of(FLAT.historyNode))].length;
    assert.equal(BigInt(kept), historyNodeCount(BigInt(size)));
  }
});

test('a proof reads one record for each level of the tree, not one for each header', () => {
  const { store, history } = indexed(1_500);
  let reads = 0;
  const counted = {
    ...store,
    get: (key: Uint8Array) => {
      reads++;
      return store.get(key);
    },
  };
  // The highest peak is over 1,024 headers.
  for (const height of [0n, 511n, 1_023n]) {
    reads = 0;
    assert.equal(pathOfHeader(stateOf(overlay(counted), 1n), history.size, height).length, 10);
    assert.equal(reads, 10);
  }
});

test('a gap in the index is damage, and no proof', () => {
  const { store } = indexed(8);
  const view = overlay(store);
  const state = stateOf(view, 1n);
  state.historyNode(1, 1n).clear();
  assert.equal(
    codeOf(() => pathOfHeader(state, 8n, 0n)),
    'store-damaged',
  );
  assert.equal(
    codeOf(() => pathOfHeader(state, 8n, 4n)),
    'fine',
  );
  state.header(5n).clear();
  assert.equal(
    codeOf(() => pathOfHeader(state, 8n, 4n)),
    'store-damaged',
  );
});

test('a ledger proves its headers, those of a rebuilt index too', async () => {
  const chain = startChain();
  for (let i = 0; i < 6; i++) await chain.mine(chain.make());
  const tables: (number | undefined)[] = [FLAT.header, FLAT.historyNode, FLAT.transaction, FLAT.indexed];
  const rest = [...chain.store.entries(new Uint8Array(0))].filter(([key]) => !tables.includes(key[0]));
  const store = memoryStore();
  store.write(rest.map(([key, value]) => ({ key, value })));
  const rebuilt = startChain({ store, blocks: chain.blocks });
  let history: HistoryPeaks = EMPTY_HISTORY;
  for (let height = 0n; height <= 6n; height++) {
    history = appendHeader(history, chain.ledger.blockHash(height)!);
  }
  for (const { ledger } of [chain, rebuilt]) {
    for (let height = 0n; height <= 6n; height++) {
      const { header, path } = ledger.proveHeader(height)!;
      assert.ok(isInHistory(history, height, headerHash(header), path), `${height}`);
    }
  }
});
