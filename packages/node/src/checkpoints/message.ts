import { ContainerType, UintNumberType, type ValueOf } from '@chainsafe/ssz';
import {
  type Checkpoint,
  CheckpointType,
  checkCheckpointHeight,
  decodeCheckpoint,
  decodeStrict,
} from '@sero/protocol';

/** One row's part in a checkpoint. All four facts are in it, so that what a row signed beside the chain shows against it. */
const ShareType = new ContainerType({
  height: CheckpointType.fields.height,
  blockHash: CheckpointType.fields.blockHash,
  stateRoot: CheckpointType.fields.stateRoot,
  validatorsRoot: CheckpointType.fields.validatorsRoot,
  /** The row's place in the table that signs this height. */
  place: new UintNumberType(4),
  /** Of the row's BLS key, over what a checkpoint's signers sign. */
  signature: CheckpointType.fields.signature,
});

export type Share = ValueOf<typeof ShareType>;

/** Bytes of a share: as long as a checkpoint without signers, which is none. So the length alone tells the two apart. */
export const SHARE_BYTES = 204;

/** What travels on the topic `checkpoint`. */
export type CheckpointItem =
  | { readonly type: 'share'; readonly share: Share }
  | { readonly type: 'checkpoint'; readonly checkpoint: Checkpoint };

/** Bytes of a share, {@link SHARE_BYTES}; a checkpoint's own encoding is longer. */
export function encodeShare(share: Share): Uint8Array {
  return ShareType.serialize(share);
}

/** @throws ProtocolError `too-large`, `malformed`, `not-canonical`, `checkpoint-height` */
export function decodeItem(bytes: Uint8Array): CheckpointItem {
  if (bytes.length === SHARE_BYTES) {
    const share = decodeStrict(ShareType, bytes, SHARE_BYTES, 'share of a checkpoint');
    checkCheckpointHeight(share.height);
    return { type: 'share', share };
  }
  const checkpoint = decodeCheckpoint(bytes);
  checkCheckpointHeight(checkpoint.height);
  return { type: 'checkpoint', checkpoint };
}
