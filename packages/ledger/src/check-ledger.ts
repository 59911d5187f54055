import { equalBytes, fieldToBytes } from '@sero/crypto';
import {
  appendHeader,
  CHECKPOINT_EVERY,
  checkGenesis,
  decodeFrontier,
  type ExecutedBlock,
  frontierRoot,
  type Genesis,
  genesisHash,
  type HashNodes,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  ProtocolError,
  type Shake256,
} from '@sero/protocol';
import type { NoteHasher } from '@sero/prover';
import {
  type AppendLog,
  type Change,
  type KeyValueStore,
  memoryStore,
  overlay,
  updateStateTree,
} from '@sero/store';
import { bindsItsParts, decodeLogged, readBlockRecord, readFoundation } from './block-record.ts';
import { historyCodec } from './codecs.ts';
import { ensure, LedgerError } from './errors.ts';
import { indexAgrees, indexedNodeCount, nodesCompletedBy } from './history-nodes.ts';
import { FLAT, historyOf, type State, stateOf, TREE } from './state.ts';
import { stateAudit } from './state-audit.ts';
import { atOnce, type Pace, paced, type Steps, slicesOf } from './steps.ts';
import { openTables } from './tables.ts';

/** What `checkLedger` looks at. */
export interface CheckOptions {
  readonly genesis: Genesis;
  readonly store: KeyValueStore;
  readonly blocks: AppendLog;
  readonly hasher: NoteHasher;
  /** Default: the portable SHAKE256, at some 50 microseconds a nullifier. */
  readonly shake256?: Shake256;
}

/** What was found in order. */
export interface LedgerReport {
  readonly height: bigint;
  readonly transactions: bigint;
  /** Leaves of the state tree. */
  readonly leaves: bigint;
  readonly nullifiers: bigint;
}

/**
 * Checks everything that is stored against everything else, as opening does not: every record's checksum, the chain of headers and
 * what they bind, every leaf and record of the state tree, the set of nullifiers by recomputing its hash, shards, frontier,
 * index. Reads all of it and holds the state tree's leaves and records in memory; whether blocks follow the rules shows when
 * they are applied again (an empty store and this log, opened).
 *
 * @throws LedgerError `store-damaged`, `block-log-short`, `block-log-mismatch`, `logged-block-invalid`,
 *   `store-of-another-genesis`; StoreError `record-damaged`
 */
export function checkLedger(options: CheckOptions): LedgerReport {
  return atOnce(checking(options));
}

/** As `checkLedger`, in steps of a block or some thousands of entries. @throws as `checkLedger`; the signal's reason */
export function checkLedgerInSteps(options: CheckOptions, pace: Pace): Promise<LedgerReport> {
  return paced(checking(options), pace);
}

function* checking(options: CheckOptions): Steps<LedgerReport> {
  const { genesis, store, blocks, hasher } = options;
  checkGenesis(genesis);
  const state = stateOf(overlay(store), genesis.anchor.window);
  const stored = state.head.get();
  ensure(
    stored !== undefined,
    'store-damaged',
    'the store has no head: open it, the block log will rebuild it',
  );
  const head = HeaderType.deserialize(stored.slice());
  ensure(
    equalBytes(head.genesisHash, genesisHash(genesis)),
    'store-of-another-genesis',
    'what is stored is the chain of another genesis file',
  );
  const hashNodes = hashNodesWith(hasher);
  const transactions = yield* checkBlocks(blocks, state, head, hashNodes);
  const found = yield* checkState(options, state, head, transactions, hashNodes);
  checkTable(options, state, head);
  return { height: head.height, transactions, ...found };
}

/** The header binds the table that the stake records make; the records themselves are bound by its state root. */
function checkTable({ genesis, store }: CheckOptions, state: State, head: Header): void {
  const tables = openTables(genesis, store, head.height);
  const table = tables.at(state, head.height + genesis.stake.balanceLookback);
  ensure(
    table === undefined || equalBytes(table.root(), head.validatorsRoot),
    'store-damaged',
    'the stored stake records do not make the table that the last header binds',
  );
}

/** Every block of the log: that it links, that its parts are those that its header binds, that the index leads to it. */
function* checkBlocks(blocks: AppendLog, state: State, head: Header, hasher: HashNodes): Steps<bigint> {
  ensure(
    BigInt(blocks.length) > head.height && BigInt(blocks.first) <= head.height,
    'block-log-short',
    `the state is that of block ${head.height}, but the block log does not hold it`,
  );
  const first = BigInt(blocks.first);
  let parent: Uint8Array = new Uint8Array(32);
  let history = readFoundation(blocks);
  let transactions = 0n;
  for (let height = first; height <= head.height; height++) {
    const record = readBlockRecord(blocks, height);
    const executed = decodeLogged(height, record);
    const { header } = executed.block;
    // Of a chain that begins later nobody has the parent of the first block.
    const follows = height === first && first > 0n ? true : equalBytes(header.parent, parent);
    ensure(
      header.height === height && follows && bindsItsParts(executed),
      'logged-block-invalid',
      `block ${height} of the block log is not the one that its header and the next one bind`,
    );
    ensure(
      bindsFrontier(header, record.frontier, hasher),
      'logged-block-invalid',
      `the record of block ${height} has not the frontier that the header binds`,
    );
    checkIndex(state, executed);
    parent = headerHash(header);
    if (height < head.height) history = appendHeader(history, parent);
    transactions += BigInt(executed.receipts.length);
    yield;
  }
  ensure(
    equalBytes(parent, headerHash(head)),
    'block-log-mismatch',
    `block ${head.height} of the block log is not the block of the stored state`,
  );
  ensure(
    equalBytes(historyCodec.encode(history), historyCodec.encode(historyOf(state))),
    'logged-block-invalid',
    'the headers of the block log are not those that the state binds',
  );
  return transactions;
}

function bindsFrontier(header: Header, frontier: Uint8Array | undefined, hasher: HashNodes): boolean {
  if (frontier === undefined) return header.height % CHECKPOINT_EVERY !== 0n;
  try {
    return equalBytes(fieldToBytes(frontierRoot(decodeFrontier(frontier), hasher)), header.notesRoot);
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

function checkIndex(state: State, { block, receipts }: ExecutedBlock): void {
  const { height } = block.header;
  const header = state.header(height).get();
  const placed = receipts.every(({ txid }, index) => {
    const place = state.transaction(txid).get();
    return place?.height === height && place.index === index;
  });
  const same = header !== undefined && equalBytes(header, HeaderType.serialize(block.header));
  const noded = nodesCompletedBy(state, block.header).every(({ height: level, place, hash }) =>
    equalBytes(state.historyNode(level, place).get() ?? new Uint8Array(0), hash),
  );
  ensure(same && placed && noded, 'store-damaged', `the index does not lead to block ${height}`);
}

/** Every entry of the store: nothing is missing, nothing too many. */
function* checkState(
  { store, blocks, shake256 }: CheckOptions,
  state: State,
  head: Header,
  transactions: bigint,
  hasher: HashNodes,
): Steps<{ leaves: bigint; nullifiers: bigint }> {
  const damaged = (message: string): never => {
    throw new LedgerError(
      'store-damaged',
      `${message}; delete the state and open again, the block log will rebuild it`,
    );
  };
  const first = BigInt(blocks.first);
  const audit = stateAudit((_, message) => damaged(message), shake256);
  const rebuilt = overlay(memoryStore());
  let root: Uint8Array = new Uint8Array(32);
  const records: Change[] = [];
  let [headers, nodes, places, leaves] = [0n, 0n, 0n, 0n];
  for (const slice of slicesOf(store)) {
    const added: Change[] = [];
    for (const [key, value] of slice) {
      if (key[0] === TREE[0]) added.push({ key, value });
      if (key[0] === FLAT.header) headers++;
      else if (key[0] === FLAT.historyNode) nodes++;
      else if (key[0] === FLAT.transaction) places++;
      else if (key[0] === FLAT.head || key[0] === FLAT.indexed) {
        if (key.length !== 1) damaged('a key that no state has');
      } else if (isOfState(key)) audit.add(key, value);
      else records.push({ key, value });
    }
    leaves += BigInt(added.length);
    if (added.length > 0) root = updateStateTree(rebuilt, added);
    yield;
  }
  const isWhole =
    headers === head.height + 1n - first &&
    nodes === indexedNodeCount(first, head.height + 1n) &&
    indexAgrees(state) &&
    places === transactions &&
    state.indexed.get() === head.height + 1n;
  if (!isWhole) {
    damaged('the index holds what no block does');
  }
  const { nullifiers } = audit.finish(state, root, head, hasher);
  const expected = rebuilt.changes();
  const same = (a: Change, b: Change | undefined): boolean =>
    b !== undefined && equalBytes(a.key, b.key) && equalBytes(a.value!, b.value!);
  if (expected.length !== records.length || !expected.every((record, i) => same(record, records[i]))) {
    damaged('the records of the state tree are not those of its leaves');
  }
  return { leaves, nullifiers };
}

function isOfState(key: Uint8Array): boolean {
  return (
    key[0] === TREE[0] ||
    key[0] === FLAT.nullifier ||
    key[0] === FLAT.nullifierLanes ||
    key[0] === FLAT.shardRoot
  );
}
