import { equalBytes, fieldToBytes } from '@sero/crypto';
import {
  CHECKPOINT_EVERY,
  checkGenesisKeys,
  type ExecutedBlock,
  encodeExecutedBlock,
  encodeFrontier,
  frontierRoot,
  type Header,
  HeaderType,
  headerHash,
  ProtocolError,
  type Receipt,
} from '@sero/protocol';
import type { NoteHasher } from '@sero/prover';
import {
  type AppendLog,
  type KeyValueStore,
  overlay,
  type SnapshotManifest,
  StoreError,
  storedStateRoot,
} from '@sero/store';
import { beginBlock, runBlock } from './apply-block.ts';
import {
  type BlockRecord,
  decodeLogged,
  encodeBlockRecord,
  invalidRecord,
  readBlockRecord,
  readFoundation,
} from './block-record.ts';
import { ensure, LedgerError } from './errors.ts';
import type { BlockItem } from './evidence.ts';
import { type ChainHead, type ChainView, executeGenesis, type FinishedBlock, hashOfOwn } from './execute.ts';
import { indexAgrees, indexHistory, indexPeaks } from './history-nodes.ts';
import { loadSnapshotInSteps } from './snapshot-load.ts';
import { frontierOf, nullifierSetAgrees, type State, stateOf } from './state.ts';
import { clearStore, type Steps } from './steps.ts';
import { openTables } from './tables.ts';
import { checkRunning, checkVersionAt } from './versions.ts';

/** Entries of the index that are written at a time. */
const BATCH = 16_384;

/** Where a chain is kept: its blocks in a log, its state in a store that can be made anew from the log. */
export interface StoredChain {
  readonly store: KeyValueStore;
  /** Record h is block h; its first is 0, or the block of the snapshot that the chain began with. */
  readonly blocks: AppendLog;
}

/** What opening needs to know of the rules. */
export interface OpeningRules extends ChainView {
  /** The checks of a transaction that need no state. */
  readonly decode: (transaction: Uint8Array) => BlockItem;
  readonly hasherOfNotes: NoteHasher;
  readonly events: OpeningEvents;
  /** Asked for only where there is no state. */
  readonly snapshots: Iterable<OfferedSnapshot>;
}

/** What opening tells of itself. Default: nobody is told. */
export interface OpeningEvents {
  /** A block is applied again; `last` is the one to reach. */
  replaying?(height: bigint, last: bigint): void;
  /** A snapshot is loaded. */
  loading?(height: bigint): void;
  /** It was not what the log says of its block, or damaged: it is not used. */
  passedOver?(height: bigint, reason: Error): void;
}

/** A snapshot that may be one of this chain; nothing of it is trusted. */
export interface OfferedSnapshot {
  readonly manifest: SnapshotManifest;
  /** The bytes of the manifest's chunks, in order; read once. */
  readonly chunks: Iterable<Uint8Array>;
}

/**
 * Opens what is stored, or begins the chain there, and returns the head. A block is committed by being appended to
 * the log and then written to the state; where the process died between the two, or where the state was lost, the
 * log's blocks are applied again. Signatures and proofs are not: no block comes into the log before they were seen to hold,
 * and every record carries a checksum.
 *
 * Of the state it reads the stake records and no more: `checkLedger` is the whole check.
 *
 * @throws LedgerError `store-of-another-genesis`, `store-damaged`, `block-log-short`, `block-log-mismatch`,
 *   `logged-block-invalid`, `state-lost`, `version-unknown`; StoreError where a record is damaged
 */
export function* openChain(rules: OpeningRules, chain: StoredChain): Steps<ChainHead> {
  const { store, blocks } = chain;
  let header = storedHead(rules, chain) ?? (yield* begin(rules, chain));
  checkRunning(stateOf(overlay(store), rules.genesis.anchor.window), rules.versions);
  const tables = openTables(rules.genesis, store, header.height);
  checkTables(rules, chain, { header, tables });
  const last = BigInt(blocks.length) - 1n;
  while (header.height < last) {
    rules.events.replaying?.(header.height + 1n, last);
    header = replay(rules, chain, { header, tables });
    yield;
  }
  yield* indexLog(chain, rules, header);
  return { header, tables };
}

/** The stake records must make the table that the header binds. */
function checkTables({ genesis }: ChainView, { store }: StoredChain, { header, tables }: ChainHead): void {
  const state = stateOf(overlay(store), genesis.anchor.window);
  const table = tables.at(state, header.height + genesis.stake.balanceLookback);
  ensure(
    table === undefined || equalBytes(table.root(), header.validatorsRoot),
    'store-damaged',
    'the stored stake records do not make the table of the last block: delete the state and open again, the block log will rebuild it',
  );
}

function storedHead(rules: OpeningRules, { store, blocks }: StoredChain): Header | undefined {
  const state = stateOf(overlay(store), rules.genesis.anchor.window);
  const stored = state.head.get();
  if (stored === undefined) return undefined;
  // Before anything is decoded that a later version may spell otherwise.
  try {
    checkRunning(state, rules.versions);
  } catch (error) {
    // No release helps where the chain is another one; block 0 is never of a later version.
    const logged = firstRecord(blocks);
    if (logged !== undefined) checkGenesisOf(decodeLogged(BigInt(blocks.first), logged).block.header, rules);
    throw error;
  }
  const head = HeaderType.deserialize(stored.slice());
  checkGenesisOf(head, rules);
  checkRoots(rules, store, state, head);
  ensure(
    BigInt(blocks.length) > head.height,
    'block-log-short',
    `the state is that of block ${head.height}, but the block log ends before it (${blocks.length} blocks): the log was lost or cut; restore it from a backup, or delete the data directory and sync again`,
  );
  const logged =
    head.height < BigInt(blocks.first)
      ? undefined
      : decodeLogged(head.height, readBlockRecord(blocks, head.height));
  ensure(
    logged !== undefined && equalBytes(headerHash(logged.block.header), headerHash(head)),
    'block-log-mismatch',
    `block ${head.height} of the block log is not the block of the stored state: log and state are of two chains; restore both from one backup`,
  );
  return head;
}

/** The record that the log begins with. */
function firstRecord(blocks: AppendLog): BlockRecord | undefined {
  return blocks.length === blocks.first ? undefined : readBlockRecord(blocks, BigInt(blocks.first));
}

function checkGenesisOf(header: Header, { genesisHash }: ChainView): void {
  ensure(
    equalBytes(header.genesisHash, genesisHash),
    'store-of-another-genesis',
    'what is stored is the chain of another genesis file: give this chain a data directory of its own, or delete this one to begin anew',
  );
}

/** What a header says of the state, as far as it shows without reading the state as a whole. */
function checkRoots(
  { hasher }: ChainView,
  store: Pick<KeyValueStore, 'get'>,
  state: State,
  head: Header,
): void {
  ensure(
    equalBytes(storedStateRoot(store), head.stateRoot) &&
      equalBytes(fieldToBytes(frontierRoot(storedFrontier(state), hasher)), head.notesRoot) &&
      nullifierSetAgrees(state),
    'store-damaged',
    'the stored state is not that of its last block: delete the state and open again, the block log will rebuild it',
  );
}

/** The frontier; one that does not decode is damage like any other. */
function storedFrontier(state: State): ReturnType<typeof frontierOf> {
  try {
    return frontierOf(state);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new LedgerError('store-damaged', `the stored frontier does not decode: ${error.message}`, {
      cause: error,
    });
  }
}

/** Block 0, made now or found in the log; or the block of a snapshot, where the log has it: which a log that begins later needs. */
function* begin(rules: OpeningRules, chain: StoredChain): Steps<Header> {
  const { store, blocks } = chain;
  // A block of another chain first: what stands in the store beside it is not ours to clear.
  const logged = firstRecord(blocks);
  if (logged !== undefined) checkGenesisOf(decodeLogged(BigInt(blocks.first), logged).block.header, rules);
  const leftovers = store.entries(new Uint8Array(0))[Symbol.iterator]().next().done !== true;
  ensure(
    logged !== undefined || !leftovers,
    'store-damaged',
    'there is a state without a head and no block log: restore both from a backup, or delete the data directory and sync again',
  );
  // Without a head a state is nothing: a load of a snapshot that did not end, say. The log has it all.
  if (leftovers) yield* clearStore(store);
  if (logged !== undefined && blocks.first > 0) {
    const loaded = yield* fromSnapshot(rules, chain);
    ensure(
      loaded !== undefined,
      'state-lost',
      `the state is gone, the blocks before ${blocks.first} were never here, and there is no snapshot of a later one that holds: restore a backup, or delete the data directory and begin again`,
    );
    return loaded;
  }
  const finished = executeGenesis(rules, overlay(store));
  const executed = { block: { header: finished.header, transactions: [] }, receipts: [] };
  if (logged === undefined) {
    checkGenesisKeys(rules.genesis, rules.evidenceCrypto);
    // What was to begin later, and never got its first block.
    if (blocks.first > 0) blocks.begin(0);
    commitBlock(chain, rules, executed, finished);
  } else {
    checkLogged(logged, executed, finished);
    const loaded = yield* fromSnapshot(rules, chain);
    if (loaded !== undefined) return loaded;
    writeBlock(chain, rules, executed, finished);
  }
  return finished.header;
}

/**
 * The state of the first snapshot that holds. The block at its height in the own log says what it must be, so a snapshot of another
 * chain, or of blocks that the log lacks, is none.
 */
function* fromSnapshot(rules: OpeningRules, { store, blocks }: StoredChain): Steps<Header | undefined> {
  const { genesis, shake256, hasherOfNotes: hasher, events } = rules;
  for (const { manifest, chunks } of rules.snapshots) {
    const { height } = manifest;
    // Damage of the log is not the snapshot's: it is read outside the attempt. What does not decode may be of a later version: applying the blocks tells.
    const isLogged = height >= BigInt(blocks.first) && height < BigInt(blocks.length);
    const logged = isLogged ? readBlockRecord(blocks, height) : undefined;
    try {
      ensure(
        logged !== undefined,
        'snapshot-of-another-block',
        `the block log has no block ${height}: the snapshot is of another chain`,
      );
      const { header } = decodeLogged(height, logged).block;
      events.loading?.(height);
      yield* loadSnapshotInSteps({ genesis, hasher, shake256, store, header, manifest }, chunks);
      return header;
    } catch (error) {
      if (!isOfSnapshot(error)) throw error;
      events.passedOver?.(height, error);
    }
  }
  return undefined;
}

/** What is wrong with a snapshot, and not with the disk that it is written to. */
function isOfSnapshot(error: unknown): error is Error {
  if (error instanceof LedgerError) {
    return error.code.startsWith('snapshot-') || error.code === 'logged-block-invalid';
  }
  return error instanceof StoreError && ['snapshot-damaged', 'out-of-range'].includes(error.code);
}

function replay(rules: OpeningRules, chain: StoredChain, head: ChainHead): Header {
  const height = head.header.height + 1n;
  checkVersionAt(stateOf(overlay(chain.store), rules.genesis.anchor.window), height, rules.versions);
  const record = readBlockRecord(chain.blocks, height);
  const { block } = decodeLogged(height, record);
  try {
    const execution = beginBlock(rules, chain.store, head, block.header);
    const finished = runBlock(execution, block, rules.decode).finish();
    const executed = { block, receipts: [...finished.receipts] };
    checkLogged(record, executed, finished);
    writeBlock(chain, rules, executed, finished);
    return finished.header;
  } catch (error) {
    throw invalidRecord(height, error);
  }
}

/** A record must hold what its block comes to: receipts and frontier are served from there. */
function checkLogged(record: BlockRecord, executed: ExecutedBlock, finished: FinishedBlock): void {
  const { height } = executed.block.header;
  const frontier = height % CHECKPOINT_EVERY === 0n ? encodeFrontier(finished.frontier) : undefined;
  const same =
    equalBytes(record.executed, encodeExecutedBlock(executed)) &&
    equalBytes(record.frontier ?? new Uint8Array(0), frontier ?? new Uint8Array(0));
  ensure(
    same,
    'logged-block-invalid',
    `block ${height} of the block log is not what its transactions come to; restore the log from a backup or sync again`,
  );
}

/**
 * Commits a block: first to the log, then to the state. Once it is in the log it is decided: a failure after that leaves the
 * rest to the next opening.
 *
 * @throws StoreError: nothing was changed; LedgerError `commit-interrupted`: the block is in the log and not in the state
 */
export function commitBlock(
  chain: StoredChain,
  rules: ChainView,
  executed: ExecutedBlock,
  finished: FinishedBlock,
): void {
  const { height } = executed.block.header;
  ensure(
    BigInt(chain.blocks.length) === height,
    'block-log-mismatch',
    `the block log has ${chain.blocks.length} blocks where it should have ${height}: somebody else writes to it; stop the node and open it again`,
  );
  chain.blocks.append(encodeBlockRecord(executed, finished.frontier));
  try {
    writeBlock(chain, rules, executed, finished);
  } catch (error) {
    throw new LedgerError(
      'commit-interrupted',
      `block ${height} is in the block log, but the state could not be written: mend what the cause says and start the node again, which finishes the block`,
      { cause: error },
    );
  }
}

/** One atomic write: what the block changed, its index, the head. Tables follow once it is done. */
function writeBlock(
  { store }: StoredChain,
  { genesis }: ChainView,
  executed: ExecutedBlock,
  { changes, tables, header }: FinishedBlock,
): void {
  const view = overlay(store);
  const state = stateOf(view, genesis.anchor.window);
  const { height } = executed.block.header;
  // After the load of a snapshot the index lacks what is older than it; `indexLog` fills it in order.
  if ((state.indexed.get() ?? 0n) === height)
    indexBlock(state, { header, receipts: executed.receipts }, hashOfOwn);
  state.head.set(HeaderType.serialize(header));
  store.write([...changes, ...view.changes()]);
  tables.commit();
}

/** @param hash of a header; default: worked out anew */
function indexBlock(
  state: State,
  { header, receipts }: { readonly header: Header; readonly receipts: readonly Receipt[] },
  hash?: (header: Header) => Uint8Array,
): void {
  const { height } = header;
  state.header(height).set(HeaderType.serialize(header));
  indexHistory(state, header, hash);
  for (const [index, { txid }] of receipts.entries()) state.transaction(txid).set({ height, index });
  state.indexed.set(height + 1n);
}

/**
 * Brings the index up to the head, where a snapshot was loaded without it. Nobody applied these blocks, so each must be the one that the next binds,
 * up to the block whose state the snapshot was. Where the chain begins later than with block 0, the peaks over the headers before it come first.
 */
function* indexLog({ store, blocks }: StoredChain, { genesis }: ChainView, head: Header): Steps<void> {
  let view = overlay(store);
  let pending = 0;
  const beginning = BigInt(blocks.first);
  const indexed = stateOf(view, genesis.anchor.window).indexed.get();
  const first = indexed ?? beginning;
  if (indexed === undefined) indexPeaks(stateOf(view, genesis.anchor.window), readFoundation(blocks));
  let parent = first > beginning ? hashOf(blocks, first - 1n) : undefined;
  for (let height = first; height <= head.height; height++) {
    const executed = decodeLogged(height, readBlockRecord(blocks, height));
    const { header } = executed.block;
    // Nobody has the block before one that a chain begins with later.
    if (height === 0n) parent = new Uint8Array(32);
    ensure(
      header.height === height && equalBytes(header.parent, parent ?? header.parent),
      'logged-block-invalid',
      `block ${height} of the block log does not follow the one before it; restore the log from a backup or sync again`,
    );
    parent = headerHash(header);
    indexBlock(stateOf(view, genesis.anchor.window), { header, receipts: executed.receipts });
    pending += executed.receipts.length + 3;
    yield;
    if (pending < BATCH) continue;
    store.write(view.changes());
    view = overlay(store);
    pending = 0;
  }
  if (pending > 0) store.write(view.changes());
  const agrees = beginning === 0n || indexAgrees(stateOf(overlay(store), genesis.anchor.window));
  ensure(
    agrees,
    'store-damaged',
    'the index of headers is not what the state binds: delete the state and open again, the block log and the snapshots will rebuild it',
  );
}

function hashOf(blocks: AppendLog, height: bigint): Uint8Array {
  return headerHash(decodeLogged(height, readBlockRecord(blocks, height)).block.header);
}
