import { CryptoError, equalBytes, fieldFromBytes } from '@sero/crypto';
import {
  decodeFrontier,
  decodeStrict,
  type FinalBlock,
  type Frontier,
  frontierRoot,
  type HashNodes,
  type Header,
  HeaderType,
  headerHash,
  ProtocolError,
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
  /** The checkpoint's block as it was shown to be final (`finalBlockAt`): on a network with validators a wallet begins nowhere else. */
  readonly final?: FinalBlock;
}

/** Bytes of a header at most: two roots, a bloom filter and short lists. */
const MAX_HEADER_BYTES = 4_096;

/** Refuses a checkpoint whose block was not shown to be final. Throws `block-not-final`, `tree-state-invalid`. */
export function expectFinalStart({ header, final }: WalletStart): void {
  ensure(
    final !== undefined && equalBytes(headerHash(decodeHeader(header)), final.hash),
    'block-not-final',
    'the checkpoint’s block was not shown to be final: begin with what startAt gives',
  );
}

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
  const frontier = readFrontier(start.frontier);
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
    ...(header.height > 0n ? [written.origin({ height: header.height, hash: tip.hash })] : []),
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

function readFrontier(bytes: Uint8Array): Frontier {
  try {
    return decodeFrontier(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WalletError(
      'tree-state-invalid',
      `the checkpoint’s note tree is malformed: ask another node (${error.message})`,
    );
  }
}

function frontierNodes({ size, levels }: Frontier): TreeNode[] {
  return levels.flatMap((nodes, level) => {
    const first = (size >> BigInt(2 * level)) - BigInt(nodes.length);
    return nodes.map((hash, i): TreeNode => [level, first + BigInt(i), hash]);
  });
}
