import { CryptoError, equalBytes, fieldFromBytes, leInteger } from '@sero/crypto';
import {
  decodeStrict,
  EMPTY_FRONTIER,
  type Frontier,
  frontierRoot,
  type HashNodes,
  type Header,
  HeaderType,
  headerHash,
  TREE_CAPACITY,
  TREE_DEPTH,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import type { TreeNode } from './note-tree.ts';
import type { KnownAsset } from './records.ts';
import { type Anchor, type Tip, written } from './state.ts';
import type { WalletChange } from './store.ts';

/** What a node keeps of the note tree after a checkpoint's block. */
export interface TreeState {
  readonly height: bigint;
  /** Header of the checkpoint, serialised. */
  readonly header: Uint8Array;
  /** SSZ of { size: u64, levels: List[List[Bytes32, 3], 19] }: the complete nodes that wait for their siblings. */
  readonly frontier: Uint8Array;
}

/** Where a wallet begins to read that holds nothing older: a checkpoint, and what was registered up to it. */
export interface WalletStart extends TreeState {
  readonly assets?: readonly KnownAsset[];
}

/** Bytes of a header at most: two roots, a bloom filter and short lists. */
const MAX_HEADER_BYTES = 4_096;

const OFFSET = 4;

/**
 * The records of a wallet that begins after a checkpoint. The frontier is checked against the header's notes root; that the
 * header is the chain's shows with the blocks that follow it. Throws `other-genesis`, `tree-state-invalid`.
 */
export function startRecords(
  start: WalletStart,
  networkHash: Uint8Array,
  anchorStep: bigint,
  hasher: HashNodes,
): WalletChange[] {
  const header = decodeHeader(start.header);
  ensure(
    equalBytes(header.genesisHash, networkHash),
    'other-genesis',
    'this checkpoint is of another network',
  );
  ensure(
    header.height === start.height,
    'tree-state-invalid',
    'the checkpoint’s header is of another height',
  );
  const frontier = decodeFrontier(start.frontier);
  const root = frontierRoot(frontier, hasher);
  ensure(
    root === notesRootOf(header),
    'tree-state-invalid',
    'the checkpoint’s note tree does not give its header’s notes root: ask another node',
  );
  const tip: Tip = { header, hash: headerHash(header) };
  const anchor: Anchor = { height: header.height, size: frontier.size, root };
  return [
    written.head(networkHash, tip, frontier.size),
    ...frontierNodes(frontier).map(written.node),
    ...(header.height % anchorStep === 0n ? [written.anchor(anchor)] : []),
    ...(start.assets ?? []).map(written.asset),
  ];
}

function decodeHeader(bytes: Uint8Array): Header {
  try {
    return decodeStrict(HeaderType, bytes, MAX_HEADER_BYTES, 'header');
  } catch (error) {
    throw new WalletError(
      'tree-state-invalid',
      `the checkpoint’s header is none: ${(error as Error).message}`,
    );
  }
}

function notesRootOf(header: Header): bigint | undefined {
  try {
    return fieldFromBytes(header.notesRoot);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return undefined;
  }
}

/**
 * Reads a frontier. The number of leaves says how many nodes wait at each level, the digits of `size` to the base 4, so there is one
 * spelling and nothing to choose: lengths and offsets are compared, not followed.
 */
function decodeFrontier(bytes: Uint8Array): Frontier {
  const malformed = 'the checkpoint’s note tree is malformed: ask another node';
  ensure(bytes.length >= 8, 'tree-state-invalid', malformed);
  const size = leInteger(bytes.subarray(0, 8));
  ensure(size <= TREE_CAPACITY, 'tree-state-invalid', malformed);
  const counts = EMPTY_FRONTIER.levels.map((_, level) => nodesWaiting(size, level));
  const nodes = counts.reduce((sum, count) => sum + count, 0);
  const listAt = 8 + OFFSET;
  const nodesAt = listAt + OFFSET * counts.length;
  ensure(bytes.length === nodesAt + 32 * nodes, 'tree-state-invalid', malformed);
  const number = (at: number): number => Number(leInteger(bytes.subarray(at, at + OFFSET)));
  ensure(number(8) === listAt, 'tree-state-invalid', malformed);
  let at = nodesAt;
  const levels = counts.map((count, level) => {
    ensure(number(listAt + OFFSET * level) === at - listAt, 'tree-state-invalid', malformed);
    return Array.from({ length: count }, () => {
      at += 32;
      return fieldOf(bytes.subarray(at - 32, at), malformed);
    });
  });
  return { size, levels };
}

function fieldOf(bytes: Uint8Array, refusal: string): bigint {
  try {
    return fieldFromBytes(bytes);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new WalletError('tree-state-invalid', refusal);
  }
}

function nodesWaiting(size: bigint, level: number): number {
  const complete = size >> BigInt(2 * level);
  return Number(level === TREE_DEPTH ? complete : complete & 3n);
}

function frontierNodes({ size, levels }: Frontier): TreeNode[] {
  return levels.flatMap((nodes, level) => {
    const first = (size >> BigInt(2 * level)) - BigInt(nodes.length);
    return nodes.map((hash, i): TreeNode => [level, first + BigInt(i), hash]);
  });
}
