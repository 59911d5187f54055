import { concat, equalBytes, fieldToBytes, le64, leBytes } from '@sero/crypto';
import {
  EMPTY_FRONTIER,
  EMPTY_HISTORY,
  EMPTY_NULLIFIER_SET,
  type NullifierSetHash,
  nullifierSetLeaf,
} from '@sero/protocol';
import type { Overlay } from '@sero/store';
import {
  type Agenda,
  agendaCodec,
  assetCodec,
  bytesCodec,
  type Codec,
  fieldCodec,
  frontierCodec,
  hashListCodec,
  historyCodec,
  placeCodec,
  type RingEntry,
  ringCodec,
  u64Codec,
  u128Codec,
} from './codecs.ts';
import { type Position, positionCodec, type StakeRecord, stakeRecordCodec } from './stake-record.ts';

/**
 * Where everything stands. Keys that start with TREE are leaves of the state tree; beside it stand, flat, the set of
 * nullifiers (the tree holds its count and hash), the roots of shards (they hash up to the frontier), the head, and an index of
 * the block log, which can be made anew from it at any time. The tree's own records are the store's (`NODE_PREFIX`).
 */
export const TREE = Uint8Array.of(0x74);

export const FLAT = {
  nullifier: 0x6e,
  nullifierLanes: 0x6c,
  shardRoot: 0x73,
  head: 0x68,
  /** Index of the log. */
  header: 0x62,
  historyNode: 0x72,
  transaction: 0x78,
  indexed: 0x69,
} as const;

const TABLE = {
  frontier: 1,
  history: 2,
  nullifierSet: 3,
  anchor: 4,
  blockHash: 5,
  rewardPool: 6,
  turnstile: 7,
  asset: 8,
  name: 9,
  commitment: 10,
  commitmentsAt: 11,
  alias: 12,
  nonce: 13,
  version: 14,
  stakeRecord: 15,
  position: 16,
  keyUser: 17,
  staked: 18,
  burned: 19,
  issued: 20,
  seed: 40,
  validatorsRoot: 41,
  tableChanges: 42,
  tableChange: 43,
  punished: 44,
  agenda: 45,
  versionNamed: 46,
  versionCount: 47,
  circuitNamed: 48,
  circuitCount: 49,
  disabledUntil: 50,
  proposedBlocks: 51,
  absentWeight: 52,
} as const;

/** Heights whose hashes the state keeps. */
const BLOCK_HASHES = 256n;

/** One named place of the state. */
export interface Cell<T> {
  get(): T | undefined;
  set(value: T): void;
  clear(): void;
}

/** The state by name, over an overlay. */
export interface State {
  readonly frontier: Cell<ReturnType<typeof frontierCodec.decode>>;
  readonly history: Cell<ReturnType<typeof historyCodec.decode>>;
  readonly rewardPool: Cell<bigint>;
  readonly version: Cell<bigint>;
  /** All SERO there ever was: in notes, in the reward pool, staked, or burned. */
  readonly issued: Cell<bigint>;
  /** What records hold: stake that counts or waits, and rewards that nobody has claimed. */
  readonly staked: Cell<bigint>;
  /** What slashing destroyed. */
  readonly burned: Cell<bigint>;
  stakeRecord(id: Uint8Array): Cell<StakeRecord>;
  /** What a PKr has in a record. */
  position(id: Uint8Array, owner: Uint8Array): Cell<Position>;
  /** The record of this owner that uses a VRF key or vote root. */
  keyUser(owner: Uint8Array, key: Uint8Array): Cell<Uint8Array>;
  /** Rings of consensus, by slot (seeds.ts, tables.ts, evidence.ts, versions.ts, absence.ts). */
  seed(slot: bigint): Cell<RingEntry>;
  validatorsRoot(slot: bigint): Cell<RingEntry>;
  /** Number of rows that a block changed in its table. */
  tableChanges(slot: bigint): Cell<bigint>;
  /** Such a row as it was before. */
  tableChange(slot: bigint, index: bigint): Cell<Uint8Array>;
  /** Records that were punished for a round, one id after another. */
  punished(slot: bigint): Cell<RingEntry>;
  readonly agenda: Cell<Agenda>;
  versionNamed(slot: bigint): Cell<Uint8Array>;
  versionCount(ballot: Uint8Array): Cell<bigint>;
  circuitNamed(slot: bigint): Cell<Uint8Array>;
  circuitCount(ballot: Uint8Array): Cell<bigint>;
  /** Last height at which a circuit is disabled. */
  disabledUntil(circuit: number): Cell<bigint>;
  /** Blocks that somebody proposed, this one included. */
  readonly proposedBlocks: Cell<bigint>;
  /** Weight of the records that a block listed as absent, as LE64. */
  absentWeight(slot: bigint): Cell<RingEntry>;
  /** What the pool holds of an asset. */
  turnstile(asset: bigint): Cell<bigint>;
  asset(id: bigint): Cell<ReturnType<typeof assetCodec.decode>>;
  /** Asset number of a taken name. */
  name(name32: Uint8Array): Cell<bigint>;
  /** Height of a name commitment. */
  commitment(hash: Uint8Array): Cell<bigint>;
  /** Name commitments made at a height. */
  commitmentsAt(height: bigint): Cell<readonly Uint8Array[]>;
  /** PKr of a known alias. */
  alias(alias: Uint8Array): Cell<Uint8Array>;
  /** Calls and creates included from an alias. */
  nonce(alias: Uint8Array): Cell<bigint>;
  /** The notes root after the block of this height, while the ring keeps it. */
  anchorRoot(height: bigint): Uint8Array | undefined;
  setAnchorRoot(height: bigint, root: Uint8Array): void;
  /** The hash of the block of this height, one of the last 256. */
  blockHash(height: bigint): Uint8Array | undefined;
  setBlockHash(height: bigint, hash: Uint8Array): void;
  hasNullifier(nullifier: Uint8Array): boolean;
  /** Adds nullifiers to the flat set; the set's hash is to follow before the block ends. */
  addNullifiers(nullifiers: readonly Uint8Array[]): void;
  setNullifierSet(hash: NullifierSetHash): void;
  nullifierSet(): NullifierSetHash;
  /** The state tree's leaf for the set. */
  nullifierLeaf(): Uint8Array | undefined;
  shardRoot(index: bigint): Cell<bigint>;
  /** The head's header, serialised. */
  readonly head: Cell<Uint8Array>;
  /** Index: the header of a block, serialised. */
  header(height: bigint): Cell<Uint8Array>;
  /** Index: a complete subtree of 2^level headers of the range over their hashes, level >= 1; `place` among those of its level. */
  historyNode(level: number, place: bigint): Cell<Uint8Array>;
  /** Index: where a transaction stands, by txid. */
  transaction(txid: Uint8Array): Cell<TransactionPlace>;
  /** Index: number of blocks from 0 on that it covers. */
  readonly indexed: Cell<bigint>;
}

/** Where a transaction is in the chain. */
export interface TransactionPlace {
  readonly height: bigint;
  readonly index: number;
}

const inTree = (table: number, ...parts: Uint8Array[]): Uint8Array =>
  concat(TREE, Uint8Array.of(table), ...parts);
const flat = (table: number, ...parts: Uint8Array[]): Uint8Array => concat(Uint8Array.of(table), ...parts);

/** Highest byte first: keys ascend as the numbers do. */
const bigEndian = (value: bigint, length: number): Uint8Array => leBytes(value, length).reverse();

/** The keys of all assets begin so; then comes the number, highest byte first. */
export const ASSETS = inTree(TABLE.asset);

/** The keys of all stake records begin so; then comes the id. */
export const STAKE_RECORDS = inTree(TABLE.stakeRecord);

/** The keys of all positions begin so; then come the record's id and the owner. */
export const STAKE_POSITIONS = inTree(TABLE.position);

/** Where an asset's record stands. */
export function assetKey(id: bigint): Uint8Array {
  return concat(ASSETS, bigEndian(id, 32));
}

/** Names the places of an overlay. @param anchorWindow W */
export function stateOf(view: Overlay, anchorWindow: bigint): State {
  const cell = <T>(codec: Codec<T>, key: Uint8Array): Cell<T> => ({
    get: () => {
      const bytes = view.get(key);
      return bytes === undefined ? undefined : codec.decode(bytes);
    },
    set: (value) => view.put(key, codec.encode(value)),
    clear: () => view.delete(key),
  });
  const ring = (table: number, height: bigint, length: bigint) =>
    cell(ringCodec, inTree(table, le64(height % length)));
  const lanes = cell(bytesCodec, flat(FLAT.nullifierLanes));
  const nullifierSet = cell(bytesCodec, inTree(TABLE.nullifierSet));
  return {
    frontier: cell(frontierCodec, inTree(TABLE.frontier)),
    history: cell(historyCodec, inTree(TABLE.history)),
    rewardPool: cell(u128Codec, inTree(TABLE.rewardPool)),
    version: cell(u64Codec, inTree(TABLE.version)),
    issued: cell(u128Codec, inTree(TABLE.issued)),
    staked: cell(u128Codec, inTree(TABLE.staked)),
    burned: cell(u128Codec, inTree(TABLE.burned)),
    stakeRecord: (id) => cell(stakeRecordCodec, concat(STAKE_RECORDS, id)),
    position: (id, owner) => cell(positionCodec, inTree(TABLE.position, id, owner)),
    keyUser: (owner, key) => cell(bytesCodec, inTree(TABLE.keyUser, owner, key)),
    seed: (slot) => cell(ringCodec, inTree(TABLE.seed, le64(slot))),
    validatorsRoot: (slot) => cell(ringCodec, inTree(TABLE.validatorsRoot, le64(slot))),
    tableChanges: (slot) => cell(u64Codec, inTree(TABLE.tableChanges, le64(slot))),
    tableChange: (slot, index) => cell(bytesCodec, inTree(TABLE.tableChange, le64(slot), le64(index))),
    punished: (slot) => cell(ringCodec, inTree(TABLE.punished, le64(slot))),
    agenda: cell(agendaCodec, inTree(TABLE.agenda)),
    versionNamed: (slot) => cell(bytesCodec, inTree(TABLE.versionNamed, le64(slot))),
    versionCount: (ballot) => cell(u64Codec, inTree(TABLE.versionCount, ballot)),
    circuitNamed: (slot) => cell(bytesCodec, inTree(TABLE.circuitNamed, le64(slot))),
    circuitCount: (ballot) => cell(u64Codec, inTree(TABLE.circuitCount, ballot)),
    disabledUntil: (circuit) => cell(u64Codec, inTree(TABLE.disabledUntil, Uint8Array.of(circuit))),
    proposedBlocks: cell(u64Codec, inTree(TABLE.proposedBlocks)),
    absentWeight: (slot) => cell(ringCodec, inTree(TABLE.absentWeight, le64(slot))),
    turnstile: (asset) => cell(u128Codec, inTree(TABLE.turnstile, fieldToBytes(asset))),
    asset: (id) => cell(assetCodec, assetKey(id)),
    name: (name32) => cell(fieldCodec, inTree(TABLE.name, name32)),
    commitment: (hash) => cell(u64Codec, inTree(TABLE.commitment, hash)),
    commitmentsAt: (height) => cell(hashListCodec, inTree(TABLE.commitmentsAt, le64(height))),
    alias: (alias) => cell(bytesCodec, inTree(TABLE.alias, alias)),
    nonce: (alias) => cell(u64Codec, inTree(TABLE.nonce, alias)),
    anchorRoot: (height) => {
      const entry = ring(TABLE.anchor, height, anchorWindow).get();
      return entry?.height === height ? entry.value : undefined;
    },
    setAnchorRoot: (height, value) => ring(TABLE.anchor, height, anchorWindow).set({ height, value }),
    blockHash: (height) => {
      const entry = ring(TABLE.blockHash, height, BLOCK_HASHES).get();
      return entry?.height === height ? entry.value : undefined;
    },
    setBlockHash: (height, value) => ring(TABLE.blockHash, height, BLOCK_HASHES).set({ height, value }),
    hasNullifier: (nullifier) => view.get(flat(FLAT.nullifier, nullifier)) !== undefined,
    addNullifiers: (nullifiers) => {
      for (const nullifier of nullifiers) view.put(flat(FLAT.nullifier, nullifier), new Uint8Array(0));
    },
    setNullifierSet: (hash) => {
      lanes.set(concat(le64(hash.count), hash.lanes));
      nullifierSet.set(nullifierSetLeaf(hash));
    },
    nullifierSet: () => {
      const bytes = lanes.get();
      return bytes === undefined
        ? EMPTY_NULLIFIER_SET
        : { count: u64Codec.decode(bytes.subarray(0, 8)), lanes: bytes.slice(8) };
    },
    nullifierLeaf: () => nullifierSet.get(),
    shardRoot: (index) => cell(fieldCodec, flat(FLAT.shardRoot, bigEndian(index, 8))),
    head: cell(bytesCodec, flat(FLAT.head)),
    header: (height) => cell(bytesCodec, flat(FLAT.header, bigEndian(height, 8))),
    historyNode: (level, place) =>
      cell(bytesCodec, flat(FLAT.historyNode, Uint8Array.of(level), bigEndian(place, 8))),
    transaction: (txid) => cell(placeCodec, flat(FLAT.transaction, txid)),
    indexed: cell(u64Codec, flat(FLAT.indexed)),
  };
}

/** The frontier, empty before the first note. */
export function frontierOf(state: State): ReturnType<typeof frontierCodec.decode> {
  return state.frontier.get() ?? EMPTY_FRONTIER;
}

/** The peaks over all header hashes, empty before the first. */
export function historyOf(state: State): ReturnType<typeof historyCodec.decode> {
  return state.history.get() ?? EMPTY_HISTORY;
}

/** Whether the stored hash of the nullifiers and the tree's leaf for them say the same. */
export function nullifierSetAgrees(state: State): boolean {
  const leaf = state.nullifierLeaf();
  return leaf !== undefined && equalBytes(leaf, nullifierSetLeaf(state.nullifierSet()));
}
