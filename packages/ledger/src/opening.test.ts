import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeExecutedBlock, encodeBlock, encodeExecutedBlock } from '@sero/protocol';
import { type AppendLog, type KeyValueStore, memoryLog, memoryStore, StoreError } from '@sero/store';
import { encodeBlockRecord } from './block-record.ts';
import { checkLedger } from './check-ledger.ts';
import { testHasher } from './doubles-test-support.ts';
import { LedgerError } from './errors.ts';
import { frontierOf } from './state.ts';
import {
  blockAt,
  callDraft,
  codeOf,
  commitDraft,
  contents,
  startChain,
  type TestChain,
} from './test-support.ts';

/** Five blocks with transactions of several kinds. */
async function livedIn(): Promise<TestChain> {
  const chain = startChain();
  await chain.mine(chain.make(), chain.make(commitDraft('HEPTANE')));
  await chain.mine(chain.make(callDraft(chain, { value: 5n })));
  await chain.mine();
  await chain.mine(chain.make(), chain.make());
  await chain.mine(chain.make({ anchor: 2n }));
  return chain;
}

/** The first records of a log, or changed ones. */
function logOf(
  blocks: AppendLog,
  length = blocks.length,
  change = (record: Uint8Array, _: number) => record,
) {
  const copy = memoryLog();
  for (let h = 0; h < length; h++) copy.append(change(blocks.get(h), h));
  return copy;
}

/** The state that a chain had at a height, made by living through the blocks. */
async function stateAt(chain: TestChain, height: number): Promise<KeyValueStore> {
  const other = startChain();
  for (let h = 1; h <= height; h++) {
    await other.ledger.apply(encodeBlock(blockAt(chain.ledger, BigInt(h)).block));
  }
  return other.store;
}

function assertEqual(again: TestChain, chain: TestChain): void {
  assert.deepEqual(again.ledger.head(), chain.ledger.head());
  assert.deepEqual(contents(again.store), contents(chain.store));
  const { genesis, store, blocks } = again;
  checkLedger({ genesis, store, blocks, hasher: testHasher });
}

test('a state that is behind the log, by any number of blocks, is brought up by opening it', async () => {
  const chain = await livedIn();
  for (let height = 0; height <= 5; height++) {
    const store = await stateAt(chain, height);
    assertEqual(startChain({ store, blocks: logOf(chain.blocks) }), chain);
  }
});

test('a state that was lost is rebuilt from the log, and whoever asks is told how far it is', async () => {
  const chain = await livedIn();
  const told: (readonly [bigint, bigint])[] = [];
  const again = startChain({
    blocks: logOf(chain.blocks),
    events: { replaying: (height, last) => told.push([height, last]) },
  });
  assertEqual(again, chain);
  assert.deepEqual(
    told,
    [1n, 2n, 3n, 4n, 5n].map((height) => [height, 5n]),
  );
  assert.equal(
    again.verifier.seen(),
    0,
    'what was verified before it came into the log is not verified again',
  );
});

test('opening a chain that is complete replays and writes nothing', async () => {
  const chain = await livedIn();
  const writes: number[] = [];
  const store = watched(chain.store, (changes) => writes.push(changes.length));
  const again = startChain({
    store,
    blocks: chain.blocks,
    events: { replaying: () => assert.fail('nothing is to be replayed') },
  });
  assert.deepEqual(again.ledger.head(), chain.ledger.head());
  assert.deepEqual(writes, []);
});

test('what an unfinished load left in a store without a head is cleared where the log has the blocks', async () => {
  const chain = await livedIn();
  const store = memoryStore();
  store.write([{ key: Uint8Array.of(0x6e, 1, 2), value: new Uint8Array(0) }]);
  assertEqual(startChain({ store, blocks: logOf(chain.blocks) }), chain);
});

test('a state without a head and without a log is refused and left alone', () => {
  const store = memoryStore();
  store.write([{ key: Uint8Array.of(0x6e, 1, 2), value: new Uint8Array(0) }]);
  assert.equal(
    codeOf(() => startChain({ store })),
    'store-damaged',
  );
  assert.equal(contents(store).length, 1);
});

test('a log that ends before the state does is refused', async () => {
  const chain = await livedIn();
  for (let length = 0; length <= 5; length++) {
    const blocks = logOf(chain.blocks, length);
    assert.equal(
      codeOf(() => startChain({ store: chain.store, blocks })),
      'block-log-short',
    );
    assert.equal(blocks.length, length);
  }
});

test('a log of another chain is refused: of another genesis, and of another history', async () => {
  const chain = await livedIn();
  const stranger = startChain({ genesis: { time: 77n } });
  await stranger.mine();
  for (let i = 0; i < 5; i++) await stranger.mine();
  assert.equal(
    codeOf(() => startChain({ blocks: logOf(stranger.blocks) })),
    'store-of-another-genesis',
  );
  assert.equal(
    codeOf(() => startChain({ store: stranger.store, blocks: logOf(chain.blocks) })),
    'store-of-another-genesis',
  );
  assert.equal(
    codeOf(() => startChain({ store: chain.store, blocks: logOf(stranger.blocks) })),
    'block-log-mismatch',
  );
  const twin = startChain();
  for (let i = 0; i < 6; i++) await twin.mine();
  assert.equal(
    codeOf(() => startChain({ store: chain.store, blocks: logOf(twin.blocks) })),
    'block-log-mismatch',
  );
  const store = await stateAt(chain, 3);
  const spliced = logOf(chain.blocks, 4);
  for (let h = 4; h < twin.blocks.length; h++) spliced.append(twin.blocks.get(h));
  assert.equal(
    codeOf(() => startChain({ store, blocks: spliced })),
    'logged-block-invalid',
  );
});

test('a logged block of which any byte was changed is refused by name', async () => {
  const chain = await livedIn();
  const height = 2;
  const before = await stateAt(chain, height - 1);
  const original = chain.blocks.get(height);
  const copyOf = (store: KeyValueStore): KeyValueStore => {
    const copy = memoryStore();
    copy.write([...store.entries(new Uint8Array(0))].map(([key, value]) => ({ key, value })));
    return copy;
  };
  const step = 199;
  // Proof and signature are not verified again; the header binds their bytes through the wtxid all the same.
  for (let at = 0; at < original.length; at += step) {
    const blocks = logOf(chain.blocks, height + 1, (record, h) =>
      h === height ? record.with(at, record[at]! ^ 1) : record,
    );
    assert.equal(
      codeOf(() => startChain({ store: copyOf(before), blocks })),
      'logged-block-invalid',
      `byte ${at}`,
    );
  }
});

test('receipts and a frontier that are not what the block comes to are refused', async () => {
  const chain = await livedIn();
  const frontier = frontierOf(chain.state());
  const forged = [
    logOf(chain.blocks, 3, (record, h) => {
      if (h !== 2) return record;
      const { block, receipts } = blockAt(chain.ledger, 2n);
      return encodeBlockRecord({ block, receipts: [...receipts, ...receipts] }, frontier);
    }),
    // A frontier at block 0 that is none of this chain: a wallet would begin with it.
    logOf(chain.blocks, 3, (record, h) =>
      h === 0 ? encodeBlockRecord(blockAt(chain.ledger, 0n), frontier) : record,
    ),
  ];
  for (const blocks of forged) {
    assert.equal(
      codeOf(() => startChain({ blocks })),
      'logged-block-invalid',
    );
  }
});

test('the whole check names blocks that do not link, are not bound, or have a false frontier', async () => {
  const chain = await livedIn();
  const { genesis, store } = chain;
  const check = (blocks: AppendLog): string =>
    codeOf(() => checkLedger({ genesis, store, blocks, hasher: testHasher }));
  assert.equal(check(chain.blocks), 'fine');
  assert.equal(check(logOf(chain.blocks, 5)), 'block-log-short');
  const last = chain.blocks.length - 1;
  assert.equal(
    check(logOf(chain.blocks, 6, (record, h) => (h === last ? chain.blocks.get(2) : record))),
    'logged-block-invalid',
  );
  const frontier = frontierOf(chain.state());
  assert.equal(
    check(
      logOf(chain.blocks, 6, (record, h) =>
        h === 0 ? encodeBlockRecord(blockAt(chain.ledger, 0n), frontier) : record,
      ),
    ),
    'logged-block-invalid',
  );
  for (const h of [1, 3, 5]) {
    const record = chain.blocks.get(h);
    for (let at = 0; at < record.length; at += 41) {
      const changed = logOf(chain.blocks, 6, (bytes, height) =>
        height === h ? bytes.with(at, bytes[at]! ^ 1) : bytes,
      );
      assert.notEqual(check(changed), 'fine', `byte ${at} of block ${h}`);
    }
  }
});

/** A store that tells of writes before they happen; who is told may throw. */
function watched(store: KeyValueStore, told: (changes: Parameters<KeyValueStore['write']>[0]) => void) {
  return {
    ...store,
    write(changes: Parameters<KeyValueStore['write']>[0]) {
      told(changes);
      store.write(changes);
    },
  };
}

const diskFull = (): never => {
  throw new StoreError('disk-full', 'no space is left');
};

test('a block that the log does not take changes nothing, and goes in once the log takes it', async () => {
  const log = memoryLog();
  let full = false;
  const blocks = {
    ...log,
    get length() {
      return log.length;
    },
    append: (record: Uint8Array) => (full ? diskFull() : log.append(record)),
  };
  const chain = startChain({ blocks });
  const before = contents(chain.store);
  const block = encodeBlock(await chain.block(chain.make()));
  full = true;
  await assert.rejects(chain.ledger.apply(block), { name: 'StoreError', code: 'disk-full' });
  assert.equal(chain.ledger.head().height, 0n);
  assert.deepEqual(contents(chain.store), before);
  full = false;
  await chain.ledger.apply(block);
  assert.equal(chain.ledger.head().height, 1n);
});

test('a block that is in the log but not in the state stops the ledger, and opening again finishes it', async () => {
  let full = false;
  const kept = memoryStore();
  const store = watched(kept, () => {
    if (full) diskFull();
  });
  const chain = startChain({ store });
  await chain.mine(chain.make());
  const block = encodeBlock(await chain.block(chain.make(), chain.make()));
  const before = contents(kept);
  full = true;
  await assert.rejects(
    chain.ledger.apply(block),
    (error) =>
      error instanceof LedgerError &&
      error.code === 'commit-interrupted' &&
      error.cause instanceof StoreError &&
      error.cause.code === 'disk-full',
  );
  assert.equal(chain.ledger.head().height, 1n);
  assert.deepEqual(contents(kept), before);
  full = false;
  // A ledger that went on would write another block in its place.
  await assert.rejects(chain.ledger.propose([], chain.ledger.head().time + 1n), {
    code: 'commit-interrupted',
  });
  await assert.rejects(chain.ledger.apply(block), { code: 'commit-interrupted' });
  const again = startChain({ store: kept, blocks: chain.blocks });
  assert.equal(again.ledger.head().height, 2n);
  const replayed = startChain({ blocks: logOf(chain.blocks) });
  assertEqual(again, replayed);
  assert.deepEqual(encodeBlock(decodeExecutedBlock(again.ledger.executedBlock(2n)).block), block);
});

test('an interruption while block 0 is written is finished by the next opening', () => {
  const blocks = memoryLog();
  const store = memoryStore();
  assert.equal(
    codeOf(() => startChain({ store: watched(store, diskFull), blocks })),
    'commit-interrupted',
  );
  assert.deepEqual([blocks.length, contents(store).length], [1, 0]);
  assertEqual(startChain({ store, blocks }), startChain());
});

test('a log that somebody else wrote to is noticed before the next block', async () => {
  const chain = startChain();
  const block = encodeBlock(await chain.block());
  chain.blocks.append(chain.blocks.get(0));
  await assert.rejects(chain.ledger.apply(block), { code: 'block-log-mismatch' });
  assert.equal(chain.ledger.head().height, 0n);
});

test('a log record is an executed block with the frontier at checkpoints only', async () => {
  const chain = await livedIn();
  const executed = blockAt(chain.ledger, 3n);
  assert.deepEqual(chain.blocks.get(3), encodeBlockRecord(executed, frontierOf(chain.state())));
  assert.deepEqual(chain.ledger.executedBlock(3n), encodeExecutedBlock(executed));
});
