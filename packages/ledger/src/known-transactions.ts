import { toHex } from '@sero/crypto';
import {
  type CheckContext,
  type CheckedTransaction,
  checkTransaction,
  decodeEnvelope,
  witnessTransactionId,
} from '@sero/protocol';

/** Wire bytes of the transactions that are remembered, at most: a full mempool and a block. */
const REMEMBERED_BYTES = 37_748_736;

/**
 * Transactions that are decoded and whose signature and proof were seen to hold, by wtxid: by their very bytes, proof and
 * signature included. So a transaction is decoded and its signature verified once on its way from `check` into a block.
 * What was refused is not remembered: who sends rubbish drives nobody else's transactions out.
 */
export interface KnownTransactions {
  /** Decodes a transaction and checks all that needs no state, but for the signature. Throws ProtocolError. */
  decode(bytes: Uint8Array): CheckedTransaction;
  /** Whether the signature is known to be good. */
  isSigned(transaction: CheckedTransaction): boolean;
  /** Remembers a transaction whose signature holds. */
  keep(transaction: CheckedTransaction): void;
  /** Forgets a transaction that is in a block: it cannot come again. */
  forget(transaction: CheckedTransaction): void;
}

/** Nothing remembered yet. @param limit wire bytes at most; default 36 MiB */
export function knownTransactions(context: CheckContext, limit = REMEMBERED_BYTES): KnownTransactions {
  const known = new Map<string, CheckedTransaction>();
  let size = 0;
  const drop = (name: string): void => {
    size -= known.get(name)?.size ?? 0;
    known.delete(name);
  };
  return {
    decode: (bytes) =>
      known.get(toHex(witnessTransactionId(bytes))) ??
      checkTransaction(decodeEnvelope(bytes), bytes, context, { signature: false }),

    isSigned: ({ wtxid }) => known.has(toHex(wtxid)),

    keep(transaction) {
      const name = toHex(transaction.wtxid);
      drop(name);
      known.set(name, transaction);
      size += transaction.size;
      // A map gives its keys in the order in which they were set: the first is the one that was not used the longest.
      for (const oldest of known.keys()) {
        if (size <= limit) break;
        drop(oldest);
      }
    },

    forget: ({ wtxid }) => drop(toHex(wtxid)),
  };
}
