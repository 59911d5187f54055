import { toHex } from '@sero/crypto';
import { decodeEnvelope, KIND, transactionId, witnessTransactionId } from '@sero/protocol';

/** What the pool knows of a transaction: read from its bytes, none of it checked. */
export interface Entry {
  readonly bytes: Uint8Array;
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
  /** Nullifiers in hex: names of the notes that it spends. */
  readonly nullifiers: readonly string[];
  readonly gasPrice: bigint;
  readonly gasLimit: bigint;
  /** Whether it registers a participant, or renews his keys: of these a block holds few. */
  readonly registers: boolean;
  readonly anchor: bigint;
  /** Last height at which it may enter. */
  readonly expiry: bigint;
}

/** The name of a transaction's very bytes, in hex. */
export function wtxidOf(bytes: Uint8Array): string {
  return toHex(witnessTransactionId(bytes));
}

/**
 * Reads what the pool sorts by. Undefined for what has no nullifiers (kinds 9 and 10): no rule of this version takes those.
 * Throws ProtocolError for bytes that are no transaction.
 *
 * @param wtxid of these bytes, where it was worked out
 */
export function readEntry(
  bytes: Uint8Array,
  genesisHash: Uint8Array,
  wtxid = witnessTransactionId(bytes),
): Entry | undefined {
  const tx = decodeEnvelope(bytes).private?.tx;
  if (tx === undefined) return undefined;
  return {
    bytes,
    txid: transactionId(tx, genesisHash),
    wtxid,
    nullifiers: tx.shielded.nullifiers.map(toHex),
    gasPrice: tx.gasPrice,
    gasLimit: tx.gasLimit,
    registers: tx.kind === KIND.register,
    anchor: tx.shielded.anchor,
    expiry: tx.expiry,
  };
}

/** Nullifiers that a transaction of a block spends, in hex. */
export function nullifiersOf(bytes: Uint8Array): string[] {
  return decodeEnvelope(bytes).private?.tx.shielded.nullifiers.map(toHex) ?? [];
}
