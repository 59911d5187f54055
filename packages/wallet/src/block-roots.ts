import { equalBytes } from '@sero/crypto';
import { type ExecutedBlock, receiptsRoot, transactionsRoot, witnessTransactionId } from '@sero/protocol';

/** True where a block's transactions and receipts are those that its header names. */
export function rootsHold({ block, receipts }: ExecutedBlock): boolean {
  const { header, transactions } = block;
  return (
    receipts.length === transactions.length &&
    equalBytes(transactionsRoot(transactions.map(witnessTransactionId)), header.transactionsRoot) &&
    equalBytes(receiptsRoot(receipts), header.receiptsRoot)
  );
}
