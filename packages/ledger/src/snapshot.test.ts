import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, compareBytes, concat, fieldToBytes, le64, leBytes, toHex } from '@sero/crypto';
import {
  addNullifiers,
  appendLeaves,
  EMPTY_FRONTIER,
  EMPTY_NULLIFIER_SET,
  encodeBlock,
  frontierRoot,
  type Header,
  hashNodesWith,
  headerHash,
} from '@sero/protocol';
import {
  cutSnapshot,
  type Entry,
  type KeyValueStore,
  memoryStore,
  overlay,
  SNAPSHOT_VERSION,
  StoreError,
  updateStateTree,
} from '@sero/store';
import { checkLedger } from './check-ledger.ts';
import { testHasher } from './doubles-test-support.ts';
import { LedgerError } from './errors.ts';
import { loadSnapshot } from './snapshot-load.ts';
import { snapshotSource } from './snapshot-source.ts';
import { FLAT, stateOf, TREE } from './state.ts';
import {
  blockAt,
  callDraft,
  commitDraft,
  contents,
  filler,
  flipped,
  issueDraft,
  startChain,
  type TestChain,
} from './test-support.ts';

async function livedIn(): Promise<TestChain> {
  const chain = startChain();
  await chain.mine(chain.make(), chain.make(commitDraft('HEPTANE')));
  await chain.mine(chain.make(callDraft(chain, { value: 5n })));
  await chain.mine(chain.make(issueDraft(chain, 'HEPTANE')), chain.make());
  return chain;
}

/** A snapshot of any entries, cut every so many; its manifest is true whatever they are. */
function cut(entries: readonly Entry[], header: Header, size = 7) {
  const parts = Array.from({ length: Math.ceil(entries.length / size) }, (_, i) =>
    entries.slice(i * size, (i + 1) * size),
  );
  const bytes = parts.map((part) =>
    concat(
      ...part.flatMap(([key, value]) => [
        Uint8Array.of(key.length & 255, key.length >> 8),
        leBytes(BigInt(value.length), 4),
        key,
        value,
      ]),
    ),
  );
  const chunks = parts.map((part, i) => ({
    hash: blake2b256('SERO_SNAPCHUNK', bytes[i]!),
    count: part.length,
    firstKey: part[0]![0],
  }));
  const { height } = header;
  const manifest = { version: SNAPSHOT_VERSION, height, headerHash: headerHash(header), chunks };
  return { manifest, chunks: bytes };
}

/** Loads entries into a store; the code of the refusal, after which nothing may be left, or "loaded". */
async function load(chain: TestChain, entries: readonly Entry[], header: Header): Promise<string> {
  const store = memoryStore();
  try {
    await loadSnapshot({ ...toolsOf(chain), store, header, ...cut(entries, header) });
    return 'loaded';
  } catch (error) {
    assert.ok(error instanceof LedgerError || error instanceof StoreError, String(error));
    assert.deepEqual(contents(store), [], 'a refused snapshot leaves nothing');
    return error.code;
  }
}

/** Entries as one short text: a comparison that fails prints no thousands of lines. */
const digestOf = (entries: readonly Entry[]): string =>
  toHex(blake2b256('', ...entries.flatMap(([key, value]) => [le64(BigInt(key.length)), key, value])));

const toolsOf = ({ genesis }: TestChain) => ({ genesis, hasher: testHasher });

test('a store made of a snapshot equals the one that lived through the blocks, records of the tree included', async () => {
  const chain = await livedIn();
  const snapshot = chain.ledger.snapshot();
  assert.deepEqual(snapshot.header, chain.ledger.head());
  const entries = [...snapshot.entries];
  for (const size of [1, 5, 10_000]) {
    const store = memoryStore();
    const { header } = snapshot;
    await loadSnapshot({ ...toolsOf(chain), store, header, ...cut(entries, header, size) });
    const again = startChain({ store, blocks: chain.blocks });
    assert.deepEqual(contents(store), contents(chain.store));
    checkLedger({ ...toolsOf(chain), store, blocks: chain.blocks });
    assert.equal(again.ledger.head().height, 3n);
  }
});

test('a snapshot of an older block and the log lead to the head', async () => {
  const chain = await livedIn();
  const snapshot = chain.ledger.snapshot();
  const entries = [...snapshot.entries];
  await chain.mine(chain.make(), chain.make());
  await chain.mine(chain.make(callDraft(chain)));
  const store = memoryStore();
  const { blocks } = chain;
  await loadSnapshot({ ...toolsOf(chain), store, header: snapshot.header, ...cut(entries, snapshot.header) });
  const replayed: bigint[] = [];
  const again = startChain({ store, blocks, events: { replaying: (height) => replayed.push(height) } });
  assert.deepEqual(replayed, [4n, 5n]);
  assert.deepEqual(contents(again.store), contents(chain.store));
});

test('a snapshot shows the state of its block however many blocks come while it is read', async () => {
  const chain = await livedIn();
  const before = [...chain.ledger.snapshot().entries];
  for (const pause of [0, 1, 4, 9]) {
    const lived = startChain();
    for (const height of [1n, 2n, 3n]) {
      await lived.ledger.apply(encodeBlock(blockAt(chain.ledger, height).block));
    }
    const twin = startChain({ store: lived.store, blocks: lived.blocks });
    const read: Entry[] = [];
    const iterator = twin.ledger.snapshot().entries[Symbol.iterator]();
    for (let i = 0; ; i++) {
      // Blocks add nullifiers and aliases, overwrite rings and totals, delete commitments.
      if (i === pause || i === pause + 3) await twin.mine(twin.make(), twin.make(callDraft(twin)));
      const step = iterator.next();
      if (step.done === true) break;
      read.push(step.value);
    }
    assert.equal(digestOf(read), digestOf(before), `blocks after ${pause} entries`);
  }
});

test('what is added, overwritten and deleted in any table while it is read does not show', async () => {
  const chain = startChain();
  const nullifiers = Array.from({ length: 2_000 }, (_, i) =>
    concat(Uint8Array.of(i >> 3, i & 7), filler(i, 30)),
  );
  const view = overlay(chain.store);
  stateOf(view, 5n).addNullifiers(nullifiers);
  for (const nullifier of nullifiers) view.put(concat(TREE, Uint8Array.of(200), nullifier), nullifier);
  chain.store.write(view.changes());
  for (const seed of [1, 2, 3]) {
    const store = memoryStore();
    store.write([...chain.store.entries(new Uint8Array(0))].map(([key, value]) => ({ key, value })));
    const source = snapshotSource(store);
    const expected = [...source.take(chain.ledger.head()).entries];
    const keys = expected.map(([key]) => key);
    const { entries } = source.take(chain.ledger.head());
    const read: Entry[] = [];
    let drawn = seed;
    const draw = (below: number): number => {
      drawn = (drawn * 48_271) % 2_147_483_647;
      return drawn % below;
    };
    for (const entry of entries) {
      read.push(entry);
      if (draw(20) > 0) continue;
      const changes = Array.from({ length: 9 }, () => {
        const key = keys[draw(keys.length)]!;
        const kind = draw(3);
        if (kind === 0) return { key, value: undefined };
        return { key: kind === 1 ? key : concat(key, Uint8Array.of(draw(256))), value: filler(draw(99), 5) };
      });
      source.beforeWrite(changes);
      store.write(changes);
    }
    assert.equal(digestOf(read), digestOf(expected));
  }
});

test('a snapshot that is closed early, or was read, keeps nothing any more', async () => {
  const chain = await livedIn();
  let asked = 0;
  const store: KeyValueStore = {
    ...chain.store,
    get: (key) => {
      asked++;
      return chain.store.get(key);
    },
  };
  const source = snapshotSource(store);
  const changes = [{ key: Uint8Array.of(FLAT.nullifier, 255), value: new Uint8Array(0) }];
  const read = source.take(chain.ledger.head());
  for (const _ of read.entries);
  const left = source.take(chain.ledger.head());
  for (const _ of left.entries) break;
  const closed = source.take(chain.ledger.head());
  closed.close();
  source.beforeWrite(changes);
  assert.equal(asked, 0);
  source.take(chain.ledger.head());
  source.beforeWrite(changes);
  assert.equal(asked, 1);
});

test('a snapshot is refused where any entry was changed, is missing, stands twice or elsewhere, or was added', async () => {
  const chain = await livedIn();
  const header = chain.ledger.head();
  const entries = [...chain.ledger.snapshot().entries];
  assert.equal(await load(chain, entries, header), 'loaded');
  for (const [i, [key, value]] of entries.entries()) {
    const where = `entry ${i}`;
    const name = nameOf(key);
    const changed: Entry = [key, value.length === 0 ? Uint8Array.of(1) : flipped(value, value.length - 1)];
    const expected = {
      tree: 'snapshot-state-root',
      lanes: 'snapshot-nullifiers',
      nullifier: 'snapshot-key',
    }[name];
    assert.equal(await load(chain, entries.with(i, changed), header), expected, where);
    const missing = name === 'tree' ? 'snapshot-state-root' : 'snapshot-nullifiers';
    assert.equal(await load(chain, entries.toSpliced(i, 1), header), missing, where);
    assert.equal(await load(chain, entries.toSpliced(i, 0, [key, value]), header), 'snapshot-damaged', where);
    const next = entries[i + 1];
    if (next !== undefined) {
      assert.equal(
        await load(chain, entries.toSpliced(i, 2, next, [key, value]), header),
        'snapshot-damaged',
        where,
      );
      const values = entries.with(i, [key, next[1]]).with(i + 1, [next[0], value]);
      if (compareBytes(value, next[1]) !== 0)
        assert.notEqual(await load(chain, values, header), 'loaded', where);
    }
    const added: Entry = [flipped(key, key.length - 1), value];
    if (key.length > 1 && !entries.some(([other]) => compareBytes(other, added[0]) === 0)) {
      const sorted = [...entries, added].sort((a, b) => compareBytes(a[0], b[0]));
      assert.equal(await load(chain, sorted, header), missing, where);
    }
  }
});

function nameOf(key: Uint8Array): 'tree' | 'lanes' | 'nullifier' {
  if (key[0] === TREE[0]) return 'tree';
  return key[0] === FLAT.nullifierLanes ? 'lanes' : 'nullifier';
}

test('keys of no table, and of tables that a snapshot does not have, are refused', async () => {
  const chain = await livedIn();
  const header = chain.ledger.head();
  const entries = [...chain.ledger.snapshot().entries];
  const rest = [...chain.store.entries(new Uint8Array(0))].filter(
    ([key]) => !entries.some(([other]) => compareBytes(other, key) === 0),
  );
  assert.ok(rest.some(([key]) => key[0] === FLAT.head));
  const foreign: Entry[] = [
    ...rest,
    [new Uint8Array(0), new Uint8Array(0)],
    [Uint8Array.of(0), new Uint8Array(0)],
    [Uint8Array.of(255), new Uint8Array(0)],
    [Uint8Array.of(FLAT.nullifierLanes, 0), new Uint8Array(0)],
    [concat(Uint8Array.of(FLAT.nullifier), filler(1, 31)), new Uint8Array(0)],
    [concat(Uint8Array.of(FLAT.nullifier), filler(1, 33)), new Uint8Array(0)],
  ];
  for (const entry of foreign) {
    const sorted = [...entries, entry].sort((a, b) => compareBytes(a[0], b[0]));
    assert.equal(await load(chain, sorted, header), 'snapshot-key');
  }
});

test('a snapshot is held against the header that is trusted, not against one that fits it', async () => {
  const chain = await livedIn();
  const entries = [...chain.ledger.snapshot().entries];
  const header = chain.ledger.head();
  assert.equal(await load(chain, entries, blockAt(chain.ledger, 2n).block.header), 'snapshot-state-root');
  assert.equal(await load(chain, entries, { ...header, notesRoot: filler(1, 32) }), 'snapshot-notes-root');
  const foreign = { ...header, genesisHash: filler(1, 32) };
  assert.equal(await load(chain, entries, foreign), 'snapshot-of-another-block');
  assert.equal(await load(chain, [], header), 'snapshot-state-root');
  const other = cut(entries, blockAt(chain.ledger, 2n).block.header);
  const loading = loadSnapshot({ ...toolsOf(chain), store: memoryStore(), header, ...other });
  await assert.rejects(loading, { code: 'snapshot-of-another-block' });
});

test('chunks that are missing, come in another order, or are not the manifest’s, are refused', async () => {
  const chain = await livedIn();
  const header = chain.ledger.head();
  const { manifest, chunks } = cut([...chain.ledger.snapshot().entries], header);
  const codes: string[] = [];
  for (const wrong of [
    chunks.slice(1),
    chunks.toReversed(),
    chunks.with(1, flipped(chunks[1]!)),
    [...chunks, chunks[0]!],
    chunks.slice(0, -1),
  ]) {
    const store = memoryStore();
    await assert.rejects(
      loadSnapshot({ ...toolsOf(chain), store, header, manifest, chunks: wrong }),
      (error) => {
        assert.ok(error instanceof LedgerError || error instanceof StoreError);
        codes.push(error.code);
        return true;
      },
    );
    assert.deepEqual(contents(store), []);
  }
  assert.deepEqual(codes, [
    'snapshot-damaged',
    'snapshot-damaged',
    'snapshot-damaged',
    'out-of-range',
    'snapshot-state-root',
  ]);
});

test('the chunks that the store’s own functions cut load', async () => {
  const chain = await livedIn();
  const { header, entries } = chain.ledger.snapshot();
  const parts = [...cutSnapshot(entries)];
  const manifest = { ...cut([], header).manifest, chunks: parts.map(({ chunk }) => chunk) };
  const store = memoryStore();
  await loadSnapshot({ ...toolsOf(chain), store, header, manifest, chunks: parts.map(({ bytes }) => bytes) });
  startChain({ store, blocks: chain.blocks });
  assert.deepEqual(contents(store), contents(chain.store));
});

test('a false header is found when the log is opened on what was loaded', async () => {
  const chain = await livedIn();
  const store = memoryStore();
  const { blocks } = chain;
  const header = { ...chain.ledger.head(), time: 5n };
  const entries = [...chain.ledger.snapshot().entries];
  await loadSnapshot({ ...toolsOf(chain), store, header, ...cut(entries, header) });
  assert.throws(() => startChain({ store, blocks }), { code: 'block-log-mismatch' });
});

test('a store that holds a chain is not overwritten, one in which a load broke off is', async () => {
  const chain = await livedIn();
  const entries = [...chain.ledger.snapshot().entries];
  const header = chain.ledger.head();
  const before = contents(chain.store);
  await assert.rejects(
    loadSnapshot({ ...toolsOf(chain), store: chain.store, header, ...cut(entries, header) }),
    { code: 'store-not-empty' },
  );
  assert.deepEqual(contents(chain.store), before);
  const store = memoryStore();
  store.write([{ key: concat(TREE, filler(3, 8)), value: filler(1, 4) }]);
  await loadSnapshot({ ...toolsOf(chain), store, header, ...cut(entries, header) });
  startChain({ store, blocks: chain.blocks });
  assert.deepEqual(contents(store), contents(chain.store));
});

test('chunks may come one after another from a disk or a network', async () => {
  const chain = await livedIn();
  const store = memoryStore();
  const entries = [...chain.ledger.snapshot().entries];
  const header = chain.ledger.head();
  const whole = cut(entries, header);
  async function* chunks() {
    yield* whole.chunks;
  }
  await loadSnapshot({ ...toolsOf(chain), store, header, manifest: whole.manifest, chunks: chunks() });
  startChain({ store, blocks: chain.blocks });
  assert.deepEqual(contents(store), contents(chain.store));
});

/** A made-up state with complete shards, and the header that binds it. */
function withShards(count: number): { chain: TestChain; entries: Entry[]; header: Header } {
  const chain = startChain();
  const store = memoryStore();
  const view = overlay(store);
  const state = stateOf(view, chain.genesis.anchor.window);
  const hasher = hashNodesWith(testHasher);
  const roots = Array.from({ length: count }, (_, i) => BigInt(1_000 + i));
  // Shards in place of leaves, ten levels below the root: what the upper levels make of them.
  const upper = appendLeaves(EMPTY_FRONTIER, roots, hasher).frontier;
  const levels = EMPTY_FRONTIER.levels.map((_, level) => (level < 8 ? [] : (upper.levels[level - 8] ?? [])));
  const frontier = { size: BigInt(count) << 16n, levels };
  for (const [i, root] of roots.entries()) state.shardRoot(BigInt(i)).set(root);
  state.frontier.set(frontier);
  const spent = Array.from({ length: 5 }, (_, i) => filler(i, 32));
  state.addNullifiers(spent);
  state.setNullifierSet(addNullifiers(EMPTY_NULLIFIER_SET, spent));
  const stateRoot = updateStateTree(
    view,
    view.changes().filter(({ key }) => key[0] === TREE[0]),
  );
  const entries = view
    .changes()
    .filter(({ key }) =>
      ([FLAT.nullifier, FLAT.nullifierLanes, FLAT.shardRoot, TREE[0]] as (number | undefined)[]).includes(
        key[0],
      ),
    )
    .map(({ key, value }) => [key, value!] as const);
  const notesRoot = fieldToBytes(frontierRoot(frontier, hasher));
  return { chain, entries, header: { ...chain.ledger.head(), stateRoot, notesRoot } };
}

test('roots of shards that do not hash up to the frontier are refused', async () => {
  for (const count of [1, 3, 4, 22]) {
    const { chain, entries, header } = withShards(count);
    assert.equal(await load(chain, entries, header), 'loaded');
    const places = entries.flatMap(([key], i) => (key[0] === FLAT.shardRoot ? [i] : []));
    assert.equal(places.length, count);
    for (const [n, i] of places.entries()) {
      const [key, value] = entries[i]!;
      assert.equal(await load(chain, entries.with(i, [key, flipped(value)]), header), 'snapshot-shards');
      assert.equal(await load(chain, entries.toSpliced(i, 1), header), 'snapshot-shards');
      const noElement = new Uint8Array(32).fill(255);
      assert.equal(await load(chain, entries.with(i, [key, noElement]), header), 'snapshot-shards');
      const other = entries[places[n + 1] ?? -1];
      if (other === undefined) continue;
      const swapped = entries.with(i, [key, other[1]]).with(i + 1, [other[0], value]);
      assert.equal(await load(chain, swapped, header), 'snapshot-shards');
    }
    const last = places.at(-1)!;
    const more: Entry = [
      concat(Uint8Array.of(FLAT.shardRoot), le64(BigInt(count)).reverse()),
      fieldToBytes(5n),
    ];
    assert.equal(await load(chain, entries.toSpliced(last + 1, 0, more), header), 'snapshot-shards');
  }
});

test('a running hash with the right count and other lanes is refused', async () => {
  const { chain, entries, header } = withShards(1);
  const at = entries.findIndex(([key]) => key[0] === FLAT.nullifierLanes);
  const [key, value] = entries[at]!;
  for (const place of [0, 8, value.length - 1]) {
    const wrong = entries.with(at, [key, flipped(value, place)]);
    assert.equal(await load(chain, wrong, header), 'snapshot-nullifiers');
  }
});

test('a nullifier left out, or slipped in, is refused though count and running hash were made to fit', async () => {
  const { chain, entries, header } = withShards(1);
  const all = entries.flatMap(([key]) => (key[0] === FLAT.nullifier ? [key.slice(1)] : []));
  const rest = entries.filter(([key]) => key[0] !== FLAT.nullifier && key[0] !== FLAT.nullifierLanes);
  for (const set of [all, all.slice(1), [...all, filler(77, 32)], []]) {
    const view = overlay(memoryStore());
    stateOf(view, 1n).addNullifiers(set);
    const { count, lanes } = addNullifiers(EMPTY_NULLIFIER_SET, set);
    view.put(Uint8Array.of(FLAT.nullifierLanes), concat(le64(count), lanes));
    const forged = [...rest, ...view.changes().map(({ key, value }) => [key, value!] as const)];
    forged.sort((a, b) => compareBytes(a[0], b[0]));
    assert.equal(await load(chain, forged, header), set === all ? 'loaded' : 'snapshot-nullifiers');
  }
});
