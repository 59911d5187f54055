import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { MAX_BLOCK_BYTES, ProtocolError } from '@sero/protocol';
import { MAX_CHUNK_BYTES, type RequestCodec, requestCodec } from './codec.ts';
import { Bytes32, u32, u64 } from './ssz.ts';

const BlockRequestType = new ContainerType({ digest: Bytes32 });
export type BlockRequest = ValueOf<typeof BlockRequestType>;

/** A block of the present round by its digest, which need not be final: one chunk. */
export const blockRequest = requestCodec<BlockRequest>({
  type: BlockRequestType,
  what: 'block request',
  chunkBytes: MAX_BLOCK_BYTES,
  chunks: () => 1,
  cost: () => 1,
});

const SnapshotChunkRequestType = new ContainerType({ height: u64, index: u32 });
export type SnapshotChunkRequest = ValueOf<typeof SnapshotChunkRequestType>;

/** A chunk of the snapshot at a height. */
export const snapshotChunkRequest = requestCodec<SnapshotChunkRequest>({
  type: SnapshotChunkRequestType,
  what: 'snapshot chunk request',
  chunkBytes: MAX_CHUNK_BYTES,
  chunks: () => 1,
  cost: () => 1,
});

/** Manifests of the peer's snapshots, one a chunk: a request without bytes. */
export const snapshotsRequest: RequestCodec<Record<never, never>> = {
  encode: () => new Uint8Array(0),
  decode(bytes) {
    if (bytes.length > 0) throw new ProtocolError('too-large', 'snapshots request: it has no bytes');
    return {};
  },
  maxBytes: 0,
  chunkBytes: MAX_CHUNK_BYTES,
  chunks: () => 16,
  cost: () => 1,
};
