import { blake2b256 } from '@sero/crypto';

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
    arriving = blake2b256('SERO_MMR_v1', peaks.pop()!, arriving);
  }
  return { size: history.size + 1n, peaks: [...peaks, arriving] };
}
