import { ByteListType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import { equalBytes } from '@sero/crypto';
import {
  CHECKPOINT_EVERY,
  decodeExecutedBlock,
  decodeStrict,
  EMPTY_HISTORY,
  type ExecutedBlock,
  encodeExecutedBlock,
  encodeFrontier,
  type Frontier,
  type HistoryPeaks,
  MAX_BLOCK_BYTES,
  MAX_FRONTIER_BYTES,
  ProtocolError,
  receiptsRoot,
  transactionsRoot,
  witnessTransactionId,
} from '@sero/protocol';
import type { AppendLog } from '@sero/store';
import { LedgerError } from './errors.ts';
import { FoundationType, foundationHistory } from './foundation.ts';

const BlockRecordType = new ContainerType({
  executed: new ByteListType(4 * MAX_BLOCK_BYTES),
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
 * The record of a height, from the log's first on; decoding looks no further than where its parts are.
 *
 * @throws StoreError `record-damaged`, LedgerError `logged-block-invalid`
 */
export function readBlockRecord(blocks: AppendLog, height: bigint): BlockRecord {
  const bytes = blocks.get(Number(height));
  try {
    if (isFoundation(blocks, height)) {
      return decodeStrict(FoundationType, bytes, bytes.length, 'first block record');
    }
    const { executed, frontier } = decodeStrict(BlockRecordType, bytes, bytes.length, 'block record');
    return { executed, frontier: frontier[0] };
  } catch (error) {
    throw invalidRecord(height, error);
  }
}

/** Whether the record of a height is that of a block which a chain begins with in the place of block 0. */
function isFoundation(blocks: AppendLog, height: bigint): boolean {
  return blocks.first > 0 && Number(height) === blocks.first;
}

/** Peaks over the headers before the log's first block. @throws as `readBlockRecord` */
export function readFoundation(blocks: AppendLog): HistoryPeaks {
  const first = BigInt(blocks.first);
  if (first === 0n) return EMPTY_HISTORY;
  const bytes = blocks.get(blocks.first);
  try {
    const { history } = decodeStrict(FoundationType, bytes, bytes.length, 'first block record');
    return foundationHistory(history, first);
  } catch (error) {
    throw invalidRecord(first, error);
  }
}

/** Whether a block has the transactions and receipts that its header binds. */
export function bindsItsParts({ block, receipts }: ExecutedBlock): boolean {
  const { header, transactions } = block;
  return (
    transactions.length === receipts.length &&
    equalBytes(header.transactionsRoot, transactionsRoot(transactions.map(witnessTransactionId))) &&
    equalBytes(header.receiptsRoot, receiptsRoot(receipts))
  );
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
