/**
 * Parts of a serialised executed block, found by the offsets of its SSZ (ethereum/consensus-specs, ssz/simple-serialize.md) without
 * decoding the rest: what scanning wallets ask for most. The bytes are the ledger's own, so their shape is trusted. The layouts are
 * those of block.ts and transaction.ts in @sero/protocol; a test compares every part with the decoded block.
 */

const OFFSET = 4;
const HASH = 32;

/** Transaction: fixed part up to `shielded`, and what stands in it. */
const TX_KIND_AT = 1;
const TX_SHIELDED_AT = 108;
/** Kinds from this on are bare: nothing of the pool is in them. */
const FIRST_BARE_KIND = 9;

/** Shielded: anchor 8, rk 32, then three offsets. */
const SHIELDED_LISTS_AT = 40;

/** Output: CM 32, VPKr 32, tag 2, enc 97, then 160 bytes that scanning does not need. */
const OUTPUT = 323;
const COMPACT_OUTPUT = 163;

/** Receipt: txid 32, status 1, offset of failure, gas used 8, offset of public outputs, offset of logs. */
const RECEIPT_OUTPUTS_AT = 45;

/** Public output: asset 32, value 16, PKr 64. */
export const PUBLIC_OUTPUT = 112;

/** One transaction of a block, as views of the block's bytes. */
export interface TransactionParts {
  /** The envelope. */
  readonly envelope: Buffer;
  /** Serialised receipt. */
  readonly receipt: Buffer;
  readonly kind: number;
  readonly txid: Buffer;
  /** 32 bytes each. */
  readonly nullifiers: Buffer;
  readonly traces: Buffer;
  /** OUTPUT bytes each. */
  readonly outputs: Buffer;
  /** PUBLIC_OUTPUT bytes each. */
  readonly publicOutputs: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** The transactions of a serialised executed block, in order. */
export function transactionParts(executed: Uint8Array): TransactionParts[] {
  const bytes = Buffer.from(executed.buffer, executed.byteOffset, executed.length);
  const receiptsAt = bytes.readUInt32LE(OFFSET);
  const block = bytes.subarray(bytes.readUInt32LE(0), receiptsAt);
  const envelopes = listItems(block.subarray(block.readUInt32LE(OFFSET)));
  const receipts = listItems(bytes.subarray(receiptsAt));
  return envelopes.map((envelope, i) => partsOf(envelope, receipts[i]!));
}

/** Items of a list whose items vary in length: a table of offsets, then the items. */
function listItems(list: Buffer): Buffer[] {
  if (list.length === 0) return [];
  const count = list.readUInt32LE(0) / OFFSET;
  return Array.from({ length: count }, (_, i) =>
    list.subarray(
      list.readUInt32LE(OFFSET * i),
      i + 1 < count ? list.readUInt32LE(OFFSET * (i + 1)) : list.length,
    ),
  );
}

function partsOf(envelope: Buffer, receipt: Buffer): TransactionParts {
  const tx = envelope.subarray(envelope.readUInt32LE(0), envelope.readUInt32LE(OFFSET));
  const kind = tx[TX_KIND_AT]!;
  return {
    envelope,
    receipt,
    kind,
    txid: receipt.subarray(0, HASH),
    ...(kind < FIRST_BARE_KIND ? shieldedOf(tx) : { nullifiers: NOTHING, traces: NOTHING, outputs: NOTHING }),
    publicOutputs: receipt.subarray(
      receipt.readUInt32LE(RECEIPT_OUTPUTS_AT),
      receipt.readUInt32LE(RECEIPT_OUTPUTS_AT + OFFSET),
    ),
  };
}

function shieldedOf(tx: Buffer): Pick<TransactionParts, 'nullifiers' | 'traces' | 'outputs'> {
  // The memo follows: its offset is where this part ends.
  const shielded = tx.subarray(tx.readUInt32LE(TX_SHIELDED_AT), tx.readUInt32LE(TX_SHIELDED_AT + OFFSET));
  const [nullifiersAt, tracesAt, outputsAt] = [0, 1, 2].map((i) =>
    shielded.readUInt32LE(SHIELDED_LISTS_AT + OFFSET * i),
  );
  return {
    nullifiers: shielded.subarray(nullifiersAt, tracesAt),
    traces: shielded.subarray(tracesAt, outputsAt),
    outputs: shielded.subarray(outputsAt),
  };
}

/** Number of shielded outputs. */
export function outputCount({ outputs }: TransactionParts): number {
  return outputs.length / OUTPUT;
}

/** Shielded outputs in compact form, hexadecimal digits. */
export function compactOutputsHex({ outputs }: TransactionParts): string {
  let hex = '';
  for (let at = 0; at < outputs.length; at += OUTPUT) hex += outputs.toString('hex', at, at + COMPACT_OUTPUT);
  return hex;
}

/** Leaves that a block appends to the note tree. */
export function leafCount(parts: readonly TransactionParts[]): number {
  return parts.reduce((sum, part) => sum + outputCount(part) + part.publicOutputs.length / PUBLIC_OUTPUT, 0);
}
