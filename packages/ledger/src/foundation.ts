import { ByteListType, ContainerType } from '@chainsafe/ssz';
import {
  type ExecutedBlock,
  encodeExecutedBlock,
  encodeFrontier,
  type Frontier,
  type HistoryPeaks,
  MAX_BLOCK_BYTES,
  MAX_FRONTIER_BYTES,
  ProtocolError,
} from '@sero/protocol';
import { historyCodec } from './codecs.ts';

/**
 * A chain that begins with a snapshot has no blocks before that of the snapshot. What is needed of them stands in the first record of its log, beside the
 * block itself: the peaks over their headers, without which nothing could be shown of a later header.
 */

/** Peaks of 2^64 headers, and some bytes. */
const MAX_HISTORY_BYTES = 64 * 32 + 64;

/** The first record of such a log. */
export const FoundationType = new ContainerType({
  /** The block with its receipts. */
  executed: new ByteListType(4 * MAX_BLOCK_BYTES),
  /** Of the note tree after it: it is a checkpoint. */
  frontier: new ByteListType(MAX_FRONTIER_BYTES),
  /** Over the headers before it. */
  history: new ByteListType(MAX_HISTORY_BYTES),
});

/** The record of a block that a chain begins with. @param history over the headers before it, one for each height */
export function encodeFoundation(
  executed: ExecutedBlock,
  frontier: Frontier,
  history: HistoryPeaks,
): Uint8Array {
  return FoundationType.serialize({
    executed: encodeExecutedBlock(executed),
    frontier: encodeFrontier(frontier),
    history: historyCodec.encode(history),
  });
}

/** The peaks of such a record. @param first height of its block @throws ProtocolError `malformed` */
export function foundationHistory(bytes: Uint8Array, first: bigint): HistoryPeaks {
  let history: HistoryPeaks | undefined;
  try {
    history = historyCodec.decode(bytes);
  } catch {
    // Told below, like peaks of another number of headers.
  }
  if (history?.size === first && history.peaks.length === placesOfPeaks(first).length) return history;
  throw new ProtocolError('malformed', `what stands there is not the peaks over ${first} headers`);
}

/** Where the peaks over so many headers stand in the range, highest first. */
export function placesOfPeaks(size: bigint): readonly { readonly level: number; readonly place: bigint }[] {
  const places: { level: number; place: bigint }[] = [];
  for (let level = size.toString(2).length - 1; level >= 0; level--) {
    if (((size >> BigInt(level)) & 1n) === 0n) continue;
    places.push({ level, place: (size >> BigInt(level)) - 1n });
  }
  return places;
}
