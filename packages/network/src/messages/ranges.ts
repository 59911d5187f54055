import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { HeaderType, MAX_BLOCK_BYTES } from '@sero/protocol';
import { countFault, MAX_CHUNK_BYTES, requestCodec } from './codec.ts';
import { u16, u64 } from './ssz.ts';

/** Heights `start` to `start + count - 1`; an answer may end sooner, at the peer's head. */
const RangeType = new ContainerType({ start: u64, count: u16 });
/** Things in order, from the first at or after `from`. */
const SeriesType = new ContainerType({ from: u64, count: u16 });

/** A range of heights. */
export type RangeRequest = ValueOf<typeof RangeType>;
/** A part of a series. */
export type SeriesRequest = ValueOf<typeof SeriesType>;

function range(what: string, most: number, chunkBytes: number, perCost: number) {
  return requestCodec<RangeRequest>({
    type: RangeType,
    what,
    chunkBytes,
    chunks: ({ count }) => count,
    cost: ({ count }) => Math.ceil(count / perCost),
    fault: ({ count }) => countFault(count, most),
  });
}

function series(what: string, most: number, perCost: number) {
  return requestCodec<SeriesRequest>({
    type: SeriesType,
    what,
    chunkBytes: MAX_CHUNK_BYTES,
    chunks: ({ count }) => count,
    cost: ({ count }) => Math.ceil(count / perCost),
    fault: ({ count }) => countFault(count, most),
  });
}

/** Headers, one a chunk. */
export const headersRequest = range('headers request', 1_024, HeaderType.maxSize, 32);
/** Blocks, one a chunk. */
export const blocksRequest = range('blocks request', 64, MAX_BLOCK_BYTES, 1);
/** Blocks with their certificates, one pair a chunk (`certified.ts`). */
export const certifiedRequest = range('certified request', 16, MAX_CHUNK_BYTES, 1);
/** Checkpoints from a height on, as bytes of the node's own form, one a chunk. */
export const checkpointsRequest = series('checkpoints request', 64, 4);
/** Roots of whole shards of the note tree from a number on, as bytes of the node's own form. */
export const shardRootsRequest = series('shard roots request', 4_096, 256);
