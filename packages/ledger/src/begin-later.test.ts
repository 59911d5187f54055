import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CHECKPOINT_INTERVAL,
  decodeExecutedBlock,
  encodeBlock,
  encodeExecutedBlock,
  encodeFrontier,
  type Header,
  headerHash,
  KIND,
  ONLINE,
  OnlineBodyType,
  StakeBodyType,
  UnlockBodyType,
} from '@sero/protocol';
import { type AppendLog, hookedLog, type KeyValueStore, memoryLog, memoryStore } from '@sero/store';
import { beginLater, type LaterBeginning } from './begin-later.ts';
import { checkLedger } from './check-ledger.ts';
import { testHasher } from './doubles-test-support.ts';
import { LedgerError } from './errors.ts';
import { bytesOf } from './evidence-test-support.ts';
import { encodeFoundation } from './foundation.ts';
import { participant, startNetwork, type TestNetwork } from './participants-test-support.ts';
import { offered } from './snapshots-test-support.ts';
import { frontierOf, historyOf } from './state.ts';
import { atOnce } from './steps.ts';
import {
  ALICE,
  BOB,
  callDraft,
  codeOf,
  commitDraft,
  contents,
  type Draft,
  filler,
  flipped,
  issueDraft,
} from './test-support.ts';

const S = 100n * 10n ** 18n;
const BEGINNING = 256n;

/** What block `height` holds of payments, names and stake: something else in most blocks, and the same for everybody. */
function transactionsOf(chain: TestNetwork, height: bigint): Uint8Array[] {
  const n = Number(height);
  const [record, other, mute] = [0, 1, 4].map((i) => chain.participants[i]!.id) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const name = `NAME-${n >> 5}`;
  const staked = (id: Uint8Array, units: bigint, from: Uint8Array): Draft => ({
    kind: KIND.stake,
    from,
    body: StakeBodyType.serialize({ record: id, units }),
    price: units * S,
  });
  const drafts: (Draft | undefined)[] = [
    n % 7 === 1 ? {} : undefined,
    n % 32 === 8 ? commitDraft(name) : undefined,
    n % 32 === 11 ? issueDraft(chain, name) : undefined,
    n % 19 === 3 ? callDraft(chain, { value: 5n }) : undefined,
    n % 23 === 5 ? staked(record, 3n, BOB) : undefined,
    n % 29 === 6 ? staked(other, 2n, ALICE) : undefined,
    n % 47 === 9
      ? { kind: KIND.unlock, from: BOB, body: UnlockBodyType.serialize({ record, units: 1n }) }
      : undefined,
    n % 61 === 20 || n % 61 === 40
      ? {
          kind: KIND.online,
          from: ALICE,
          body: OnlineBodyType.serialize({
            record: mute,
            online: n % 61 === 40 ? ONLINE.online : ONLINE.offline,
          }),
        }
      : undefined,
  ];
  const made = drafts.filter((draft) => draft !== undefined).map((draft) => chain.make(draft));
  // Of a round whose table is that of a header before the beginning, too.
  // Only who has the older header can show it.
  const culprit = chain.ledger.earliest() === 0n ? { 10: 3, 258: 2 }[n] : undefined;
  const evidence =
    culprit === undefined ? [] : [bytesOf(chain, chain.participants[culprit]!, { round: height - 1n })];
  return [...evidence, ...made];
}

async function live(chain: TestNetwork, to: bigint): Promise<void> {
  for (let height = chain.ledger.head().height + 1n; height <= to; height++) {
    await chain.mine(...transactionsOf(chain, height));
  }
}

/** Of five participants three propose, so that patience has something to count and absentees leave; some ask for a version, too few for it to come. */
function network(options: Parameters<typeof startNetwork>[0] = {}): TestNetwork {
  const participants = [30n, 30n, 30n, 5n, 5n].map((units, n) => participant(n, { units }));
  const votes = { versionVote: { hash: filler(3, 32), delay: 32n }, disableVote: 1 };
  return startNetwork({
    participants,
    // The third is punished in block 258.
    turn: (round) => participants[Number(round % (round < 270n ? 3n : 2n))]!,
    terms: (round) => (round % 5n === 0n ? votes : {}),
    ...options,
  });
}

/** A chain of 256 blocks, what it hands out to somebody who begins there, and 60 blocks more. */
async function livedIn() {
  const chain = network();
  await live(chain, BEGINNING);
  const snapshot = offered(chain.ledger.snapshot());
  await live(chain, BEGINNING + 60n);
  return { chain, snapshot };
}

const lived = livedIn();

interface Beginner {
  readonly store: KeyValueStore;
  readonly blocks: AppendLog;
}

/** Begins in an empty place, with what differs from what an honest node hands out. */
function begin(
  { chain, snapshot }: Awaited<ReturnType<typeof livedIn>>,
  change: Partial<LaterBeginning> = {},
): Beginner {
  const [store, blocks] = [memoryStore(), memoryLog()];
  const { chunks, manifest } = snapshot;
  atOnce(
    beginLater({
      genesis: chain.genesis,
      hasher: testHasher,
      store,
      blocks,
      trusted: { height: BEGINNING, blockHash: chain.ledger.blockHash(BEGINNING)! },
      executed: chain.ledger.executedBlock(BEGINNING),
      manifest,
      chunks,
      ...change,
    }),
  );
  return { store, blocks };
}

function refusal(scene: Awaited<ReturnType<typeof livedIn>>, change: Partial<LaterBeginning>): string {
  const [store, blocks] = [change.store ?? memoryStore(), change.blocks ?? memoryLog()];
  const before = [contents(store), blocks.length];
  const code = codeOf(() => begin(scene, { ...change, store, blocks }));
  assert.deepEqual([contents(store), blocks.length], before, 'a refused beginning leaves nothing');
  return code;
}

/** Blocks of one chain applied to another from its head on. */
async function follow(from: TestNetwork, to: TestNetwork): Promise<void> {
  for (let h = to.ledger.head().height + 1n; h <= from.ledger.head().height; h++) {
    const { block } = decodeExecutedBlock(from.ledger.executedBlock(h));
    const executed = await to.ledger.apply(encodeBlock(block));
    assert.deepEqual(encodeExecutedBlock(executed), from.ledger.executedBlock(h));
  }
}

/** Equal to the last byte, but for what an index says of blocks before the first: headers, nodes over them, their transactions. */
function assertSame(begun: TestNetwork, whole: TestNetwork): void {
  const [mine, theirs] = [new Map(contents(begun.store)), new Map(contents(whole.store))];
  const first = begun.ledger.earliest();
  for (const [key, value] of mine) assert.equal(theirs.get(key), value, `entry ${key}`);
  for (const [key, value] of theirs) {
    if (mine.has(key)) continue;
    const height = (from: number): bigint => BigInt(`0x${key.slice(from, from + 16)}`);
    const isOlder =
      (key.startsWith('62') && height(2) < first) ||
      (key.startsWith('72') && (height(4) + 1n) << BigInt(`0x${key.slice(2, 4)}`) <= first) ||
      (key.startsWith('78') && BigInt(`0x${value.slice(0, 16).match(/../g)!.reverse().join('')}`) < first);
    assert.ok(isOlder, `entry ${key} is missing`);
  }
  assert.deepEqual(begun.ledger.head(), whole.ledger.head());
  const { genesis, store, blocks } = begun;
  checkLedger({ genesis, store, blocks, hasher: testHasher });
}

test('who begins at a snapshot lives on key for key like who has all blocks: tables, seeds, judges of rounds and proofs of headers too', async () => {
  const scene = await lived;
  const whole = scene.chain;
  const begun = network(begin(scene));
  assert.equal(begun.ledger.head().height, BEGINNING);
  assert.equal(begun.ledger.earliest(), BEGINNING);
  assert.equal(whole.ledger.earliest(), 0n);
  await follow(whole, begun);
  assertSame(begun, whole);
  const head = whole.ledger.head().height;
  const { balanceLookback } = whole.genesis.stake;
  for (const round of [head + 1n, head + 2n]) {
    const [mine, theirs] = [begun, whole].map(({ ledger }) => ledger.roundContext(round)!);
    assert.deepEqual(mine!.seed, theirs!.seed);
    assert.deepEqual(mine!.table.rows, theirs!.table.rows);
  }
  for (let round = 1n; round <= head + balanceLookback; round++) {
    const [mine, theirs] = [begun, whole].map(({ ledger }) => ledger.stakeTable(round)?.root());
    assert.deepEqual(mine, theirs, `table of round ${round}`);
  }
  for (let h = BEGINNING; h <= head; h++) {
    assert.deepEqual(begun.ledger.proveHeader(h), whole.ledger.proveHeader(h), `header ${h}`);
    assert.deepEqual(begun.ledger.executedBlock(h), whole.ledger.executedBlock(h));
    assert.deepEqual(begun.ledger.treeState(h), whole.ledger.treeState(h));
  }
});

test('it also makes blocks that who has all blocks takes', async () => {
  const scene = await lived;
  const begun = network(begin(scene));
  const whole = network({ blocks: copyOf(scene.chain.blocks, Number(BEGINNING) + 1) });
  for (let h = BEGINNING + 1n; h < BEGINNING + 20n; h++) {
    await begun.mine(...transactionsOf(begun, h));
    await follow(begun, whole);
  }
  assertSame(begun, whole);
});

function copyOf(blocks: AppendLog, length = blocks.length): AppendLog {
  const copy = memoryLog();
  copy.begin(blocks.first);
  for (let h = blocks.first; h < length; h++) copy.append(blocks.get(h));
  return copy;
}

test('of the blocks before it nothing is told, and nothing is made up', async () => {
  const scene = await lived;
  const { ledger } = network(begin(scene));
  for (const height of [0n, 1n, 255n]) {
    assert.equal(
      codeOf(() => ledger.executedBlock(height)),
      'block-unknown',
    );
    assert.equal(ledger.header(height), undefined);
    assert.equal(ledger.blockHash(height), undefined);
    assert.equal(ledger.proveHeader(height), undefined);
    assert.equal(ledger.treeState(height), undefined);
  }
});

test('it opens again from what it left, and a state that is lost comes back from the snapshot that it began with, or a later one', async () => {
  const scene = await lived;
  const { snapshot } = scene;
  const { store, blocks } = begin(scene);
  const begun = network({ store, blocks });
  const half = BEGINNING + 30n;
  for (let h = BEGINNING + 1n; h <= half; h++) {
    await begun.ledger.apply(encodeBlock(decodeExecutedBlock(scene.chain.ledger.executedBlock(h)).block));
  }
  const later = offered(begun.ledger.snapshot());
  await follow(scene.chain, begun);
  const again = network({ store, blocks: copyOf(blocks) });
  assertSame(again, scene.chain);
  for (const snapshots of [[snapshot], [later], [{ ...later, chunks: [] }, snapshot]]) {
    const rebuilt = network({ blocks: copyOf(blocks), snapshots });
    assert.deepEqual(contents(rebuilt.store), contents(store));
    assertSame(rebuilt, scene.chain);
  }
});

test('without state and snapshot it is lost, and says so: no chain begins in its place', async () => {
  const scene = await lived;
  const { blocks } = begin(scene);
  const stranger = network({ genesis: { time: 77n } });
  await stranger.mineEmpty(3);
  const older = offered(stranger.ledger.snapshot());
  for (const snapshots of [[], [older], [{ ...scene.snapshot, chunks: [] }]]) {
    const store = memoryStore();
    assert.equal(
      codeOf(() => network({ store, blocks, snapshots })),
      'state-lost',
    );
    assert.deepEqual([blocks.first, blocks.length], [256, 257]);
  }
  assert.equal(
    codeOf(() => network({ blocks, genesis: { time: 77n }, snapshots: [scene.snapshot] })),
    'store-of-another-genesis',
  );
});

test('a block that is not the trusted one is refused, whatever else is true of it', async () => {
  const scene = await lived;
  const { ledger } = scene.chain;
  const executed = ledger.executedBlock(BEGINNING);
  const { block, receipts } = decodeExecutedBlock(executed);
  const withReceipt = encodeExecutedBlock({
    block,
    receipts: receipts.length > 0 ? [] : decodeExecutedBlock(ledger.executedBlock(8n)).receipts,
  });
  const withTransaction = encodeExecutedBlock({
    block: { ...block, transactions: [...block.transactions, scene.chain.make()] },
    receipts,
  });
  const withHeader = (change: Partial<Header>): Uint8Array =>
    encodeExecutedBlock({ block: { ...block, header: { ...block.header, ...change } }, receipts });
  const false_: Uint8Array[] = [
    ledger.executedBlock(BEGINNING - 1n),
    ledger.executedBlock(BEGINNING + 1n),
    withReceipt,
    withTransaction,
    withHeader({ stateRoot: filler(1, 32) }),
    withHeader({ genesisHash: filler(1, 32) }),
    executed.slice(0, -1),
    new Uint8Array(0),
  ];
  for (const bytes of false_) assert.equal(refusal(scene, { executed: bytes }), 'begin-block');
});

test('a block of another chain is refused though somebody trusts it, and a height where no wallet could begin', async () => {
  const scene = await lived;
  const stranger = network({ genesis: { time: 77n } });
  await stranger.mineEmpty(Number(BEGINNING));
  const blockHash = stranger.ledger.blockHash(BEGINNING)!;
  const executed = stranger.ledger.executedBlock(BEGINNING);
  const theirs = offered(stranger.ledger.snapshot());
  assert.equal(
    refusal(scene, { trusted: { height: BEGINNING, blockHash }, executed, ...theirs }),
    'begin-block',
  );
  for (const height of [0n, 1n, 255n, 300n]) {
    const trusted = { height, blockHash: scene.chain.ledger.blockHash(height)! };
    assert.equal(
      refusal(scene, { trusted, executed: scene.chain.ledger.executedBlock(height) }),
      'begin-height',
    );
  }
});

test('a snapshot of another block, with a changed or missing record, or cut short, is refused and nothing of it stays', async () => {
  const scene = await lived;
  const { chain, snapshot } = scene;
  const ahead = offered(chain.ledger.snapshot());
  assert.equal(refusal(scene, ahead), 'snapshot-of-another-block');
  const renamed = {
    ...ahead.manifest,
    height: BEGINNING,
    headerHash: headerHash(chain.ledger.header(BEGINNING)!),
  };
  // True to its manifest, and of the wrong state.
  assert.equal(refusal(scene, { chunks: ahead.chunks, manifest: renamed }), 'snapshot-state-root');
  const [chunk] = snapshot.chunks;
  for (const at of [0, 1_000, chunk!.length - 1]) {
    assert.equal(refusal(scene, { chunks: [flipped(chunk!, at)] }), 'snapshot-damaged');
  }
  assert.equal(refusal(scene, { chunks: [chunk!.slice(0, -1)] }), 'snapshot-damaged');
  assert.equal(refusal(scene, { chunks: [] }), 'snapshot-state-root');
  assert.equal(refusal(scene, { chunks: [chunk!, chunk!] }), 'out-of-range');
});

test('a place where a chain is already is not begun in', async () => {
  const scene = await lived;
  const { store, blocks } = network();
  assert.equal(refusal(scene, { blocks }), 'log-not-empty');
  assert.equal(refusal(scene, { store }), 'store-not-empty');
});

test('broken off anywhere, or with a log that fails, nothing opens as a chain, and the next attempt succeeds', async () => {
  const scene = await lived;
  const [store, blocks] = [memoryStore(), memoryLog()];
  const { chunks, manifest } = scene.snapshot;
  const failing = hookedLog(blocks, {
    before: () => {
      throw new Error('the disk is gone');
    },
  });
  assert.throws(() => begin(scene, { blocks: failing }), /the disk is gone/);
  assert.equal(blocks.length - blocks.first, 0);
  const steps = beginLater({
    genesis: scene.chain.genesis,
    hasher: testHasher,
    store,
    blocks,
    trusted: { height: BEGINNING, blockHash: scene.chain.ledger.blockHash(BEGINNING)! },
    executed: scene.chain.ledger.executedBlock(BEGINNING),
    manifest,
    chunks,
  });
  steps.next();
  steps.return();
  assert.equal(blocks.length - blocks.first, 0);
  assertSame(await followed(scene, network(begin(scene, { store, blocks }))), scene.chain);
  // A log that was told where to begin, and nothing more, is one without blocks.
  const empty = memoryLog();
  empty.begin(256);
  const { ledger } = network({ blocks: empty });
  assert.deepEqual([ledger.earliest(), ledger.head().height], [0n, 0n]);
});

async function followed(
  { chain }: Awaited<ReturnType<typeof livedIn>>,
  begun: TestNetwork,
): Promise<TestNetwork> {
  await follow(chain, begun);
  return begun;
}

test('peaks of the first record that are not those that the state binds are found when the index is made, and by the whole check', async () => {
  const scene = await lived;
  const { chain } = scene;
  const { store, blocks } = begin(scene);
  const state = network({ store, blocks: copyOf(blocks) }).state();
  const { size, peaks } = historyOf(state);
  const executed = decodeExecutedBlock(chain.ledger.executedBlock(BEGINNING));
  const forged = (history: Parameters<typeof encodeFoundation>[2]): AppendLog => {
    const log = memoryLog();
    log.begin(256);
    log.append(encodeFoundation(executed, frontierOf(state), history));
    return log;
  };
  const other = { size, peaks: peaks.map((peak) => flipped(peak)) };
  assert.equal(
    codeOf(() => network({ blocks: forged(other), snapshots: [scene.snapshot] })),
    'store-damaged',
  );
  const { genesis } = chain;
  const check = (log: AppendLog): string =>
    codeOf(() => checkLedger({ genesis, store, blocks: log, hasher: testHasher }));
  assert.equal(check(blocks), 'fine');
  assert.equal(check(forged(other)), 'logged-block-invalid');
  assert.equal(check(forged({ size: size - 1n, peaks })), 'logged-block-invalid');
  assert.equal(check(forged({ size, peaks: [] })), 'logged-block-invalid');
  assert.equal(
    codeOf(() => network({ blocks: forged({ size, peaks: [] }), snapshots: [scene.snapshot] })),
    'logged-block-invalid',
  );
});

test('a first record with another frontier is found by the whole check, and one before a block that does not follow when it is opened', async () => {
  const scene = await lived;
  const { chain } = scene;
  const { store, blocks } = begin(scene);
  const state = network({ store, blocks: copyOf(blocks) }).state();
  const executed = decodeExecutedBlock(chain.ledger.executedBlock(BEGINNING));
  const log = memoryLog();
  log.begin(256);
  const empty = network().state();
  assert.notDeepEqual(encodeFrontier(frontierOf(empty)), encodeFrontier(frontierOf(state)));
  log.append(encodeFoundation(executed, frontierOf(empty), historyOf(state)));
  assert.equal(
    codeOf(() => checkLedger({ genesis: chain.genesis, store, blocks: log, hasher: testHasher })),
    'logged-block-invalid',
  );
  const gap = copyOf(blocks);
  gap.append(chain.blocks.get(258));
  assert.equal(
    codeOf(() => network({ blocks: gap, snapshots: [scene.snapshot] })),
    'logged-block-invalid',
  );
});

test('a state that is older than the log, or of another block than its, is not taken for its own', async () => {
  const scene = await lived;
  const older = network();
  await older.mineEmpty(3);
  const { blocks } = begin(scene);
  assert.equal(
    codeOf(() => network({ store: older.store, blocks })),
    'block-log-mismatch',
  );
  assert.throws(
    () => network({ store: older.store, blocks: memoryLog() }),
    (error) => error instanceof LedgerError && error.code === 'block-log-short',
  );
});

test('tables reach back as far as signers of checkpoints need them: from 256 blocks before a checkpoint to as many after', async () => {
  const { chain } = await lived;
  const { balanceLookback } = chain.genesis.stake;
  const head = chain.ledger.head().height;
  const checkpoint = BEGINNING;
  const table = chain.ledger.stakeTable(checkpoint - CHECKPOINT_INTERVAL + balanceLookback)!;
  assert.deepEqual(table.root(), chain.ledger.header(checkpoint - CHECKPOINT_INTERVAL)!.validatorsRoot);
  const next = chain.ledger.stakeTable(checkpoint + balanceLookback)!;
  assert.deepEqual(next.root(), chain.ledger.header(checkpoint)!.validatorsRoot);
  assert.ok(head < checkpoint + CHECKPOINT_INTERVAL);
});
