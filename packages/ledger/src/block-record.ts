import { ByteListType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import {
  CHECKPOINT_EVERY,
  decodeExecutedBlock,
  decodeStrict,
  type ExecutedBlock,
  encodeExecutedBlock,
  encodeFrontier,
  type Frontier,
  MAX_BLOCK_BYTES,
  MAX_FRONTIER_BYTES,
  ProtocolError,
} from '@sero/protocol';
import type { AppendLog } from '@sero/store';
import { LedgerError } from './errors.ts';

const MAX_EXECUTED_BYTES = 4 * MAX_BLOCK_BYTES;

const BlockRecordType = new ContainerType({
  executed: new ByteListType(MAX_EXECUTED_BYTES),
  frontier: new ListCompositeType(new ByteListType(MAX_FRONTIER_BYTES), 1),
});

/** What the log keeps of one block. */
export interface BlockRecord {
  /** The block with its receipts, serialised. */
  readonly executed: Uint8Array;
  /** The note tree's frontier after it, at checkpoints. */
  readonly frontier: Uint8Array | undefined;
}

/** The log's record of a block. */
export function encodeBlockRecord(executed: ExecutedBlock, frontier: Frontier): Uint8Array {
  const isCheckpoint = executed.block.header.height % CHECKPOINT_EVERY === 0n;
  return BlockRecordType.serialize({
    executed: encodeExecutedBlock(executed),
    frontier: isCheckpoint ? [encodeFrontier(frontier)] : [],
  });
}

/**
 * The record of a height; decoding looks no further than where its parts are.
 *
 * @throws StoreError `record-damaged`, LedgerError `logged-block-invalid`
 */
export function readBlockRecord(blocks: AppendLog, height: bigint): BlockRecord {
  const bytes = blocks.get(Number(height));
  try {
    const { executed, frontier } = decodeStrict(BlockRecordType, bytes, bytes.length, 'block record');
    return { executed, frontier: frontier[0] };
  } catch (error) {
    throw invalidRecord(height, error);
  }
}

/** The executed block of a record. Throws LedgerError `logged-block-invalid`. */
export function decodeLogged(height: bigint, { executed }: BlockRecord): ExecutedBlock {
  try {
    return decodeExecutedBlock(executed);
  } catch (error) {
    throw invalidRecord(height, error);
  }
}

/** Codes that say by themselves what is to be done; software that lacks a version finds nothing wrong with a block. */
const LET_THROUGH: readonly string[] = ['logged-block-invalid', 'version-unknown'];

/** A refusal by the rules says that the log's block is none of this chain; anything else is no answer about the block. */
export function invalidRecord(height: bigint, error: unknown): unknown {
  const isRefusal = error instanceof LedgerError || error instanceof ProtocolError;
  if (!isRefusal || LET_THROUGH.includes(error.code)) return error;
  return new LedgerError(
    'logged-block-invalid',
    `block ${height} of the block log does not follow from the blocks before it (${error.code}: ${error.message}); restore the log from a backup or sync again`,
    { cause: error },
  );
}
