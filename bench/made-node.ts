import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, concat, fieldToBytes, le32, le64, leBytes } from '@sero/crypto';
import {
  appendHeader,
  CHECKPOINT_EVERY,
  EMPTY_HISTORY,
  EMPTY_NULLIFIER_SET,
  encodeExecutedBlock,
  encodeFrontier,
  encodeGenesis,
  type Frontier,
  frontierRoot,
  type Genesis,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  nextBaseFee,
  nullifierSetLeaf,
  receiptsRoot,
  transactionsRoot,
} from '@sero/protocol';
import { createPortableNoteHasher } from '@sero/prover';
import { type Entry, memoryStore, overlay, updateStateTree } from '@sero/store';
import { openFileLog, openLmdbStore, systemDisk } from '@sero/store/node';
import { merged, sortedKeys } from './sorted-keys.ts';

/**
 * A node's data directory that is written without running its blocks, which would take hours for a million notes. Layout and roots are those of
 * @sero/ledger (state.ts, block-record.ts): a node opens it as its own, and refuses it where that layout has changed.
 */
export interface MadeChain {
  readonly genesis: Genesis;
  /** Executed blocks from block 0 on, serialised, each with its header and the note tree's frontier after it. */
  readonly blocks: Iterable<MadeBlock>;
}

export interface MadeBlock {
  readonly header: Header;
  readonly bytes: Uint8Array;
  readonly frontier: Frontier;
}

/** What stands there beside what the blocks say. */
export interface MadeRest {
  /** Random ones. */
  readonly nullifiers: number;
  /** Entries of the index by txid, random ones. */
  readonly transactions: number;
  /**
   * The directory is left as by a node that was killed: with its mark, and the log's index as far as a running node keeps it. Its log stays
   * open until the process ends.
   */
  readonly killed: boolean;
}

const KEY = {
  header: 0x62,
  head: 0x68,
  indexed: 0x69,
  nullifierLanes: 0x6c,
  nullifier: 0x6e,
  shardRoot: 0x73,
  tree: 0x74,
  transaction: 0x78,
} as const;

const TREE = {
  frontier: 1,
  history: 2,
  nullifierSet: 3,
  anchor: 4,
  blockHash: 5,
  rewardPool: 6,
  version: 14,
} as const;

const BLOCK_HASHES = 256n;
const SHARD_LEAVES = 65_536n;

const flat = (table: number, ...parts: Uint8Array[]): Uint8Array => concat(Uint8Array.of(table), ...parts);
const inTree = (table: number, ...parts: Uint8Array[]): Uint8Array =>
  flat(KEY.tree, Uint8Array.of(table), ...parts);
const bigEndian = (value: bigint): Uint8Array => leBytes(value, 8).reverse();

/** Nobody waits for these records to be durable. */
const unsynced = { ...systemDisk, fdatasyncSync: () => {} };

/** Writes a chain and one more, empty block that binds the state. */
export function writeNodeDirectory(
  directory: string,
  { genesis, blocks }: MadeChain,
  rest: MadeRest = { nullifiers: 0, transactions: 0, killed: false },
): void {
  const hashNodes = hashNodesWith(createPortableNoteHasher());
  const few: Entry[] = [];
  const anchors: Entry[] = [];
  const hashes: Entry[] = [];
  const log = openFileLog(join(directory, 'blocks'), { disk: unsynced });
  let history = EMPTY_HISTORY;
  let last: MadeBlock | undefined;

  const add = (block: MadeBlock): void => {
    const { header, bytes, frontier } = block;
    log.append(logRecord(block));
    few.push([flat(KEY.header, bigEndian(header.height)), HeaderType.serialize(header)]);
    const anchor = concat(le64(header.height), header.notesRoot);
    anchors.push([inTree(TREE.anchor, le64(header.height % genesis.anchor.window)), anchor]);
    last = { header, bytes, frontier };
  };
  for (const block of blocks) {
    add(block);
    const hash = headerHash(block.header);
    history = appendHeader(history, hash);
    const place = inTree(TREE.blockHash, le64(block.header.height % BLOCK_HASHES));
    hashes.push([place, concat(le64(block.header.height), hash)]);
  }
  const { header: before, frontier } = last!;
  const notesRoot = fieldToBytes(frontierRoot(frontier, hashNodes));
  const set = { ...EMPTY_NULLIFIER_SET, count: BigInt(rest.nullifiers) };
  const height = before.height + 1n;
  const leaves: Entry[] = [
    ...latest(anchors),
    ...latest(hashes),
    [inTree(TREE.anchor, le64(height % genesis.anchor.window)), concat(le64(height), notesRoot)],
    [inTree(TREE.frontier), encodeFrontier(frontier)],
    [inTree(TREE.history), historyBytes(history)],
    [inTree(TREE.nullifierSet), nullifierSetLeaf(set)],
    [inTree(TREE.rewardPool), leBytes(0n, 16)],
    [inTree(TREE.version), le64(BigInt(genesis.version))],
  ];
  const tree = overlay(memoryStore());
  const stateRoot = updateStateTree(
    tree,
    leaves.map(([key, value]) => ({ key, value })),
  );
  const header: Header = {
    ...before,
    height,
    parent: headerHash(before),
    time: before.time + 5_000n,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    gasUsed: 0n,
    baseFee: nextBaseFee(genesis.fees, before),
    notesRoot,
    stateRoot,
  };
  add({
    header,
    frontier,
    bytes: encodeExecutedBlock({ block: { header, transactions: [] }, receipts: [] }),
  });
  few.push(
    ...leaves,
    ...tree.changes().map(({ key, value }): Entry => [key, value!]),
    ...Array.from(
      { length: Number(frontier.size / SHARD_LEAVES) },
      (_, i): Entry => [flat(KEY.shardRoot, bigEndian(BigInt(i))), fieldToBytes(BigInt(1 + i))],
    ),
    [flat(KEY.head), HeaderType.serialize(header)],
    [flat(KEY.indexed), le64(height + 1n)],
    [flat(KEY.nullifierLanes), concat(le64(set.count), set.lanes)],
  );
  few.sort(([a], [b]) => compareBytes(a, b));
  const store = openLmdbStore(join(directory, 'state'));
  const place = concat(le64(1n), le32(0));
  store.load(
    merged(few, [
      sortedKeys(KEY.nullifier, rest.nullifiers),
      sortedKeys(KEY.transaction, rest.transactions, place),
    ]),
  );
  store.close();
  writeFileSync(join(directory, 'genesis.ssz'), encodeGenesis(genesis));
  if (rest.killed) writeFileSync(join(directory, 'running'), '');
  else log.close();
}

/** The last entry of each key. */
function latest(entries: readonly Entry[]): Entry[] {
  const byKey = new Map(
    entries.map(([key, value]) => [Buffer.from(key).toString('hex'), [key, value] as const]),
  );
  return [...byKey.values()];
}

/** SSZ of a record: the executed block, and at checkpoints a list of one frontier. */
function logRecord({ header, bytes, frontier }: MadeBlock): Uint8Array {
  const kept =
    header.height % CHECKPOINT_EVERY === 0n ? concat(le32(4), encodeFrontier(frontier)) : new Uint8Array(0);
  return concat(le32(8), le32(8 + bytes.length), bytes, kept);
}

/** SSZ of the peaks: how many headers, then the peaks. */
function historyBytes({ size, peaks }: typeof EMPTY_HISTORY): Uint8Array {
  return concat(le64(size), le32(12), ...peaks);
}
