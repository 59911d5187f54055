import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBlock } from '@sero/protocol';
import { type AppendLog, memoryLog, memoryStore } from '@sero/store';
import { encodeBlockRecord } from './block-record.ts';
import { checkLedger, checkLedgerInSteps } from './check-ledger.ts';
import { testHasher, testVerifier, verifyingKey } from './doubles-test-support.ts';
import { type LedgerOptions, openLedgerInSteps } from './ledger.ts';
import { offered } from './snapshots-test-support.ts';
import { frontierOf } from './state.ts';
import type { OfferedSnapshot } from './stored-chain.ts';
import {
  blockAt,
  callDraft,
  codeOf,
  commitDraft,
  contents,
  flipped,
  issueDraft,
  startChain,
  type TestChain,
} from './test-support.ts';

/** Seven blocks of every kind, with the snapshots that were taken after some of them. */
async function livedIn(genesis: { time?: bigint } = {}) {
  const chain = startChain({ genesis });
  const snapshots: ReturnType<typeof offered>[] = [];
  await chain.mine(chain.make(), chain.make(commitDraft('HEPTANE')));
  await chain.mine(chain.make(callDraft(chain, { value: 5n })));
  snapshots.push(offered(chain.ledger.snapshot()));
  await chain.mine(chain.make(issueDraft(chain, 'HEPTANE')));
  await chain.mine(chain.make());
  snapshots.push(offered(chain.ledger.snapshot()));
  await chain.mine();
  await chain.mine(chain.make(), chain.make());
  return { chain, older: snapshots[0]!, newer: snapshots[1]! };
}

function copyOf(blocks: AppendLog, change = (record: Uint8Array, _: number) => record): AppendLog {
  const copy = memoryLog();
  for (let h = 0; h < blocks.length; h++) copy.append(change(blocks.get(h), h));
  return copy;
}

/** What an opening with these snapshots does, and the chain that comes of it. */
function opened(blocks: AppendLog, snapshots: readonly OfferedSnapshot[]) {
  const told: string[] = [];
  const chain = startChain({
    blocks,
    snapshots,
    events: {
      replaying: (height) => told.push(`block ${height}`),
      loading: (height) => told.push(`snapshot ${height}`),
      passedOver: (height, error) => told.push(`not ${height}: ${(error as { code?: string }).code}`),
    },
  });
  return { chain, told };
}

function assertEqual({ genesis, store, blocks, ledger }: TestChain, chain: TestChain): void {
  assert.deepEqual(ledger.head(), chain.ledger.head());
  assert.deepEqual(contents(store), contents(chain.store));
  checkLedger({ genesis, store, blocks, hasher: testHasher });
}

test('a lost state begins with the newest snapshot and only what came after is applied: key for key what all blocks come to', async () => {
  const { chain, older, newer } = await livedIn();
  const fromNewest = opened(copyOf(chain.blocks), [newer, older]);
  assert.deepEqual(fromNewest.told, ['snapshot 4', 'block 5', 'block 6']);
  assertEqual(fromNewest.chain, chain);
  assertEqual(opened(copyOf(chain.blocks), [older, newer]).chain, chain);
  assertEqual(opened(copyOf(chain.blocks), []).chain, chain);
});

test('a snapshot with any flipped byte is passed over for the next older one, at last for block 0', async () => {
  const { chain, older, newer } = await livedIn();
  const [chunk] = newer.chunks;
  for (let at = 0; at < chunk!.length; at += 401) {
    const damaged = { ...newer, chunks: [flipped(chunk!, at)] };
    const { chain: again, told } = opened(copyOf(chain.blocks), [damaged, older]);
    assert.deepEqual(told.slice(0, 3), ['snapshot 4', 'not 4: snapshot-damaged', 'snapshot 2'], `byte ${at}`);
    if (at === 0) assertEqual(again, chain);
  }
  const broken = [newer, older].map((snapshot) => ({ ...snapshot, chunks: [] }));
  const { chain: again, told } = opened(copyOf(chain.blocks), broken);
  assert.deepEqual(
    told.filter((line) => !line.startsWith('block')),
    ['snapshot 4', 'not 4: snapshot-state-root', 'snapshot 2', 'not 2: snapshot-state-root'],
  );
  assert.ok(told.includes('block 1'));
  assertEqual(again, chain);
});

test('a snapshot of another genesis, of another history, of a block that the log lacks, or under a false name is not used', async () => {
  const { chain, older, newer } = await livedIn();
  const stranger = await livedIn({ time: 77n });
  const twin = startChain();
  for (let i = 0; i < 9; i++) await twin.mine(twin.make());
  const ahead = offered(twin.ledger.snapshot());
  const named = { ...ahead, manifest: { ...ahead.manifest, height: 4n } };
  const swapped = {
    ...older,
    manifest: { ...older.manifest, ...newer.manifest, chunks: older.manifest.chunks },
  };
  const codes: string[] = [];
  for (const foreign of [stranger.newer, ahead, named, swapped]) {
    const { chain: again, told } = opened(copyOf(chain.blocks), [foreign]);
    codes.push(told.find((line) => line.startsWith('not'))!);
    assert.ok(told.includes('block 1'));
    assertEqual(again, chain);
  }
  assert.deepEqual(codes, [
    'not 4: snapshot-of-another-block',
    'not 9: snapshot-of-another-block',
    'not 4: snapshot-of-another-block',
    'not 4: snapshot-state-root',
  ]);
});

test('a snapshot excuses no block: below it too the log must begin with genesis and each block bind the one before', async () => {
  const { chain, newer } = await livedIn();
  const twin = startChain();
  for (let i = 0; i < 6; i++) await twin.mine(twin.make());
  const frontier = frontierOf(chain.state());
  const forged = [
    copyOf(chain.blocks, (record, h) => (h === 2 ? twin.blocks.get(2) : record)),
    copyOf(chain.blocks, (record, h) => (h === 2 ? chain.blocks.get(1) : record)),
    // A frontier at block 0 that is none of this chain: a wallet would begin with it.
    copyOf(chain.blocks, (record, h) =>
      h === 0 ? encodeBlockRecord(blockAt(chain.ledger, 0n), frontier) : record,
    ),
  ];
  for (const blocks of forged) {
    assert.equal(
      codeOf(() => opened(blocks, [newer])),
      'logged-block-invalid',
    );
  }
});

test('a state that is there is not replaced by a snapshot', async () => {
  const { chain, newer } = await livedIn();
  const { store, blocks } = startChain();
  for (const height of [1, 2, 3, 4, 5, 6]) blocks.append(chain.blocks.get(height));
  const again = startChain({
    store,
    blocks,
    snapshots: [newer],
    events: { loading: () => assert.fail('there is a state') },
  });
  assertEqual(again, chain);
});

/** Opens in steps, and counts the pauses. */
function inSteps(
  change: Pick<LedgerOptions, 'store' | 'blocks'> & Partial<LedgerOptions>,
  signal?: AbortSignal,
) {
  const { genesis } = startChain();
  const state = { pauses: 0 };
  const opening = openLedgerInSteps(
    {
      genesis,
      verifyingKeys: [verifyingKey()],
      verifier: testVerifier(),
      hasher: testHasher,
      ...change,
    },
    {
      signal,
      pause: () => {
        state.pauses++;
        return new Promise((resolve) => setImmediate(resolve));
      },
    },
  );
  return { opening, state };
}

test('between two blocks that are applied again everything else has its turn', async () => {
  const { chain } = await livedIn();
  let turns = 0;
  const seen: number[] = [];
  const store = memoryStore();
  const replaying = (): void => {
    seen.push(turns);
    setImmediate(() => turns++);
  };
  const { opening, state } = inSteps({ store, blocks: copyOf(chain.blocks), events: { replaying } });
  assert.deepEqual((await opening).head(), chain.ledger.head());
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
  assert.ok(state.pauses >= 6);
});

test('broken off while blocks are applied again it stops before the next, and goes on from there when it is opened again', async () => {
  const { chain } = await livedIn();
  for (const stop of [1n, 3n, 6n]) {
    const store = memoryStore();
    const blocks = copyOf(chain.blocks);
    const abort = new AbortController();
    const told: bigint[] = [];
    const replaying = (height: bigint): void => {
      told.push(height);
      if (height === stop) abort.abort(new Error('no more'));
    };
    await assert.rejects(inSteps({ store, blocks, events: { replaying } }, abort.signal).opening, /no more/);
    assert.equal(told.at(-1), stop);
    const later: bigint[] = [];
    const again = startChain({ store, blocks, events: { replaying: (height) => later.push(height) } });
    assert.deepEqual(
      later,
      [1n, 2n, 3n, 4n, 5n, 6n].filter((height) => height > stop),
    );
    assertEqual(again, chain);
  }
});

test('broken off while a snapshot is loaded, or the index made after it, nothing opens as a chain that is none', async () => {
  const { chain, newer } = await livedIn();
  const [whole] = newer.chunks;
  for (const stop of [1, 2, 3, 5, 8]) {
    const store = memoryStore();
    const blocks = copyOf(chain.blocks);
    const abort = new AbortController();
    let steps = 0;
    const { opening } = inSteps({ store, blocks, snapshots: [{ ...newer, chunks: [whole!] }] }, {
      throwIfAborted: () => {
        if (++steps > stop) abort.abort(new Error('no more'));
        abort.signal.throwIfAborted();
      },
    } as AbortSignal);
    await assert.rejects(opening, /no more/);
    assertEqual(startChain({ store, blocks, snapshots: [newer] }), chain);
  }
});

test('the whole check can be broken off, and gives others their turn', async () => {
  const { chain } = await livedIn();
  const { genesis, store, blocks } = chain;
  const options = { genesis, store, blocks, hasher: testHasher };
  let turns = 0;
  const pause = async (): Promise<void> => {
    turns++;
  };
  assert.deepEqual(await checkLedgerInSteps(options, { pause }), checkLedger(options));
  assert.ok(turns > 7);
  const abort = new AbortController();
  const stopping = checkLedgerInSteps(options, {
    signal: abort.signal,
    pause: async () => abort.abort(new Error('no more')),
  });
  await assert.rejects(stopping, /no more/);
});

test('opened in steps or at once, a chain goes on the same', async () => {
  const { chain } = await livedIn();
  const { opening } = inSteps({ store: memoryStore(), blocks: copyOf(chain.blocks) });
  const ledger = await opening;
  const block = encodeBlock(await chain.block(chain.make()));
  assert.deepEqual(await ledger.apply(block), await chain.ledger.apply(block));
  assert.deepEqual(ledger.stateRoot(), chain.ledger.stateRoot());
});
