import { blake2b256, equalBytes } from '@sero/crypto';

/**
 * Merkle mountain range over all header hashes: the peaks of complete binary trees, highest first, one for each bit that is set in the
 * number of headers. A header of any age is proved against the peaks by a path of logarithmic length.
 */
export interface HistoryPeaks {
  /** Headers so far. */
  readonly size: bigint;
  readonly peaks: readonly Uint8Array[];
}

/** The range over no headers. */
export const EMPTY_HISTORY: HistoryPeaks = { size: 0n, peaks: [] };

/** The peaks after one more header. */
export function appendHeader(history: HistoryPeaks, hash: Uint8Array): HistoryPeaks {
  const peaks = [...history.peaks];
  let arriving = hash;
  for (let size = history.size; (size & 1n) === 1n; size >>= 1n) {
    arriving = parentOf(peaks.pop()!, arriving);
  }
  return { size: history.size + 1n, peaks: [...peaks, arriving] };
}

function parentOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return blake2b256('SERO_MMR_v1', left, right);
}

/** Longest path in a range of fewer than 2^64 headers. */
export const MAX_HISTORY_PATH = 63;

/** The peak over a header: its number and its height. Undefined where the range does not hold the header. */
function peakOver(size: bigint, position: bigint): { peak: number; height: number } | undefined {
  if (position < 0n || position >= size) return undefined;
  let [peak, first] = [0, 0n];
  for (let height = MAX_HISTORY_PATH; ; height--) {
    const width = 1n << BigInt(height);
    if ((size & width) === 0n) continue;
    if (position < first + width) return { peak, height };
    first += width;
    peak++;
  }
}

/**
 * A node of the range from the header hashes under it, 2^`height` of them: what provers keep rather than compute.
 *
 * @param place number of the node among those of its height
 */
export function historyNode(
  hashAt: (position: bigint) => Uint8Array,
  height: number,
  place: bigint,
): Uint8Array {
  if (height === 0) return hashAt(place);
  return parentOf(
    historyNode(hashAt, height - 1, 2n * place),
    historyNode(hashAt, height - 1, 2n * place + 1n),
  );
}

/** A complete subtree of the range: 2^`height` headers. */
export interface HistoryNode {
  /** Above the leaves, so at least 1. */
  readonly height: number;
  /** Number among the nodes of its height. */
  readonly place: bigint;
  readonly hash: Uint8Array;
}

/**
 * The nodes that are complete with a header and were not before, from below: what provers keep, one for each header on average.
 *
 * @param node of the range, among those that were complete before
 */
export function completedNodes(
  position: bigint,
  hash: Uint8Array,
  node: (height: number, place: bigint) => Uint8Array,
): HistoryNode[] {
  const completed: HistoryNode[] = [];
  let [place, arriving] = [position, hash];
  for (let height = 0; (place & 1n) === 1n; height++) {
    arriving = parentOf(node(height, place - 1n), arriving);
    place >>= 1n;
    completed.push({ height: height + 1, place, hash: arriving });
  }
  return completed;
}

/**
 * The path from a header to its peak: the siblings on the way, from below. It stays good until headers arrive that close the peak's
 * tree with another one, which makes the path longer and leaves what it had.
 *
 * @param size headers in the range
 * @param position of the header, its height, below `size`
 * @param node of the range, as {@link historyNode} computes it
 */
export function historyPath(
  size: bigint,
  position: bigint,
  node: (height: number, place: bigint) => Uint8Array,
): Uint8Array[] {
  const over = peakOver(size, position);
  if (over === undefined) throw new RangeError('the range does not hold this header');
  return Array.from({ length: over.height }, (_, height) => node(height, (position >> BigInt(height)) ^ 1n));
}

/** Whether the header of this height has this hash: its path leads to its peak, and has exactly the length that its place demands. */
export function isInHistory(
  { size, peaks }: HistoryPeaks,
  position: bigint,
  hash: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  const over = peakOver(size, position);
  if (over === undefined || path.length !== over.height) return false;
  let node = hash;
  for (const [height, sibling] of path.entries()) {
    const isRight = ((position >> BigInt(height)) & 1n) === 1n;
    node = isRight ? parentOf(sibling, node) : parentOf(node, sibling);
  }
  return equalBytes(node, peaks[over.peak]!);
}
