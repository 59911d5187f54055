import { equalBytes } from '@sero/crypto';
import {
  completedNodes,
  type Header,
  HeaderType,
  type HistoryNode,
  type HistoryPeaks,
  headerHash,
  historyPath,
} from '@sero/protocol';
import { LedgerError } from './errors.ts';
import { placesOfPeaks } from './foundation.ts';
import { historyOf, type State } from './state.ts';

/**
 * The nodes of the range over header hashes, kept as they are completed: one hash a block on average, and a proof of any header reads one of
 * them for each level. They are part of the index: made anew from the log like the rest of it.
 */

/** The nodes that a block's header completes. Those of earlier headers are in the index. @param hash of the header; default: worked out anew */
export function nodesCompletedBy(state: State, header: Header, hash = headerHash): readonly HistoryNode[] {
  // Half of the headers complete nothing, and need not be hashed.
  if ((header.height & 1n) === 0n) return [];
  // The header names the hash of the one before it: no other leaf is needed.
  return completedNodes(header.height, hash(header), (level, place) =>
    level === 0 ? header.parent : keptNode(state, level, place),
  );
}

/** Notes them. */
export function indexHistory(state: State, header: Header, hash = headerHash): void {
  for (const node of nodesCompletedBy(state, header, hash)) {
    state.historyNode(node.height, node.place).set(node.hash);
  }
}

/** Notes the nodes over headers that are not in the index, of which no others will ever be read. */
export function indexPeaks(state: State, { size, peaks }: HistoryPeaks): void {
  for (const [i, { level, place }] of placesOfPeaks(size).entries()) {
    state.historyNode(level, place).set(peaks[i]!);
  }
}

/** Whether the index has the peaks that the state binds, which are over the headers before the head. */
export function indexAgrees(state: State): boolean {
  const { size, peaks } = historyOf(state);
  return placesOfPeaks(size).every(({ level, place }, i) => {
    const bytes = level === 0 ? state.header(place).get() : undefined;
    const node =
      level === 0
        ? bytes && headerHash(HeaderType.deserialize(bytes.slice()))
        : state.historyNode(level, place).get();
    return node !== undefined && equalBytes(node, peaks[i]!);
  });
}

/** Nodes above the leaves of a range of so many headers: one for each but for the peaks. */
export function historyNodeCount(size: bigint): bigint {
  return size - BigInt(placesOfPeaks(size).length);
}

/** Nodes in the index of the headers from `first` on, in a range of `size`: what those completed, and the peaks before them. */
export function indexedNodeCount(first: bigint, size: bigint): bigint {
  return historyNodeCount(size) - historyNodeCount(first) + BigInt(placesOfPeaks(first).length);
}

/** The path of a header in the range over all of them. @param size of the range, above `height` */
export function pathOfHeader(state: State, size: bigint, height: bigint): Uint8Array[] {
  return historyPath(size, height, (level, place) => {
    if (level > 0) return keptNode(state, level, place);
    const bytes = state.header(place).get();
    return bytes === undefined ? missing() : headerHash(HeaderType.deserialize(bytes.slice()));
  });
}

function keptNode(state: State, level: number, place: bigint): Uint8Array {
  return state.historyNode(level, place).get()?.slice() ?? missing();
}

function missing(): never {
  throw new LedgerError(
    'store-damaged',
    'the index of headers has a gap: delete the state and open again, the block log will rebuild it',
  );
}
