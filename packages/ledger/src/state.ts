import { concat, fieldToBytes, le64 } from '@sero/crypto';
import {
  EMPTY_FRONTIER,
  EMPTY_HISTORY,
  EMPTY_NULLIFIER_SET,
  type NullifierSetHash,
  nullifierSetLeaf,
} from '@sero/protocol';
import type { Overlay } from '@sero/store';
import {
  assetCodec,
  bytesCodec,
  type Codec,
  fieldCodec,
  frontierCodec,
  hashListCodec,
  historyCodec,
  ringCodec,
  u64Codec,
  u128Codec,
} from './codecs.ts';

/**
 * Where everything stands. Keys that start with TREE are leaves of the state tree; the others are flat beside it: the set of
 * nullifiers (the tree holds its count and hash), blocks and the head.
 */
export const TREE = Uint8Array.of(0x74);

const FLAT = { nullifier: 0x6e, nullifierLanes: 0x6c, block: 0x62, head: 0x68, shardRoot: 0x73 } as const;

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
  setBlockHash(height: bigint, hash: Uint8Array): void;
  hasNullifier(nullifier: Uint8Array): boolean;
  /** Adds nullifiers to the flat set and its hash to the tree. */
  addNullifiers(nullifiers: readonly Uint8Array[], hash: NullifierSetHash): void;
  nullifierSet(): NullifierSetHash;
  /** The state tree's leaf for the set. */
  nullifierLeaf(): Uint8Array | undefined;
  block(height: bigint): Cell<Uint8Array>;
  shardRoot(index: bigint): Cell<bigint>;
  /** The head's header, serialised. */
  readonly head: Cell<Uint8Array>;
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
  const inTree = (table: number, ...parts: Uint8Array[]): Uint8Array =>
    concat(TREE, Uint8Array.of(table), ...parts);
  const flat = (table: number, ...parts: Uint8Array[]): Uint8Array => concat(Uint8Array.of(table), ...parts);
  const ring = (table: number, height: bigint, length: bigint) =>
    cell(ringCodec, inTree(table, le64(height % length)));
  const lanes = cell(bytesCodec, flat(FLAT.nullifierLanes));
  const nullifierSet = cell(bytesCodec, inTree(TABLE.nullifierSet));
  return {
    frontier: cell(frontierCodec, inTree(TABLE.frontier)),
    history: cell(historyCodec, inTree(TABLE.history)),
    rewardPool: cell(u128Codec, inTree(TABLE.rewardPool)),
    version: cell(u64Codec, inTree(TABLE.version)),
    turnstile: (asset) => cell(u128Codec, inTree(TABLE.turnstile, fieldToBytes(asset))),
    asset: (id) => cell(assetCodec, inTree(TABLE.asset, fieldToBytes(id))),
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
    setBlockHash: (height, value) => ring(TABLE.blockHash, height, BLOCK_HASHES).set({ height, value }),
    hasNullifier: (nullifier) => view.get(flat(FLAT.nullifier, nullifier)) !== undefined,
    addNullifiers: (nullifiers, hash) => {
      for (const nullifier of nullifiers) view.put(flat(FLAT.nullifier, nullifier), new Uint8Array(0));
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
    block: (height) => cell(bytesCodec, flat(FLAT.block, le64(height))),
    shardRoot: (index) => cell(fieldCodec, flat(FLAT.shardRoot, le64(index))),
    head: cell(bytesCodec, flat(FLAT.head)),
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
