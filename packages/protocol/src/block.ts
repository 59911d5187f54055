import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { equalBytes } from '@sero/crypto';
import { ProtocolError } from './errors.ts';
import { ByteListType, Bytes32, Bytes64, ByteVectorType, decodeStrict, u8, u32, u64, u128 } from './ssz.ts';
import { MAX_TRANSACTION_BYTES, TransactionIdListType, witnessTransactionId } from './transaction.ts';

/** Largest block on the wire. */
export const MAX_BLOCK_BYTES = 4_194_304;

const VersionVoteType = new ContainerType({ hash: Bytes32, delay: u64 });

/** A block's header. Parts whose rules come with consensus and contracts are empty: zero roots, empty lists. */
export const HeaderType = new ContainerType({
  version: u8,
  genesisHash: Bytes32,
  height: u64,
  period: u32,
  parent: Bytes32,
  /** ms since 1970, greater than the parent's. */
  time: u64,
  /** Stake record of the (original) proposer. */
  proposer: new ListCompositeType(Bytes32, 1),
  /** RFC 9381 proof of the proposer's seed. */
  vrfProof: new ListCompositeType(new ByteVectorType(80), 1),
  seed: Bytes32,
  /** SSZ root of the list of wtxids. */
  transactionsRoot: Bytes32,
  /** SSZ root of the list of receipts. */
  receiptsRoot: Bytes32,
  logsBloom: new ByteVectorType(256),
  /** Roots AFTER this block. */
  stateRoot: Bytes32,
  notesRoot: Bytes32,
  validatorsRoot: Bytes32,
  gasUsed: u64,
  gasLimit: u64,
  baseFee: u128,
  /** Coming version that the proposer approves. */
  versionVote: new ListCompositeType(VersionVoteType, 1),
  /** Circuit that the proposer votes to disable. */
  disableVote: new ListBasicType(u8, 1),
  /** Stake records set offline for absence. */
  absent: new ListCompositeType(Bytes32, 8),
});

/** An output that the protocol makes in the open: asset, value and one-time owner are visible. */
export const PublicOutputType = new ContainerType({ asset: Bytes32, value: u128, pkr: Bytes64 });

const LogType = new ContainerType({
  address: new ByteVectorType(20),
  topics: new ListCompositeType(Bytes32, 4),
  data: new ByteListType(MAX_TRANSACTION_BYTES),
});

/** What a transaction did. */
export const ReceiptType = new ContainerType({
  txid: Bytes32,
  /** 1: succeeded; 0: fee kept, the rest undone. */
  status: u8,
  /** Why it failed, a word of ASCII; empty on success. */
  failure: new ByteListType(64),
  gasUsed: u64,
  publicOutputs: new ListCompositeType(PublicOutputType, 80),
  logs: new ListCompositeType(LogType, 65_536),
});

export const ReceiptListType = new ListCompositeType(ReceiptType, 16_384);

/** Transactions that a block holds at most. */
const MOST_TRANSACTIONS = 16_384;

/** A block: its header and its transactions' envelopes. */
export const BlockType = new ContainerType({
  header: HeaderType,
  transactions: new ListCompositeType(new ByteListType(MAX_TRANSACTION_BYTES), MOST_TRANSACTIONS),
});

/** A block with what it did: all that a wallet needs, each part bound by the header's roots. */
export const ExecutedBlockType = new ContainerType({ block: BlockType, receipts: ReceiptListType });

export type Header = ValueOf<typeof HeaderType>;
export type PublicOutput = ValueOf<typeof PublicOutputType>;
export type Receipt = ValueOf<typeof ReceiptType>;
export type Block = ValueOf<typeof BlockType>;
export type ExecutedBlock = ValueOf<typeof ExecutedBlockType>;

/** The block hash: SSZ root of the header. */
export function headerHash(header: Header): Uint8Array {
  return HeaderType.hashTreeRoot(header);
}

/** Root of a block's transactions, over their wtxids. */
export function transactionsRoot(wtxids: readonly Uint8Array[]): Uint8Array {
  return TransactionIdListType.hashTreeRoot([...wtxids]);
}

/**
 * Whether a block's transactions are those that its header names. The block hash covers the header alone: bytes in which others stand under it have
 * the hash of the block and are not it, and whoever took them for it would refuse or lose the right ones.
 *
 * @param idOf wtxid of a transaction's bytes
 */
export function isWholeBlock({ header, transactions }: Block, idOf = witnessTransactionId): boolean {
  return equalBytes(transactionsRoot(transactions.map((bytes) => idOf(bytes))), header.transactionsRoot);
}

/** Root of a block's receipts. */
export function receiptsRoot(receipts: readonly Receipt[]): Uint8Array {
  return ReceiptListType.hashTreeRoot([...receipts]);
}

/** Bytes of a block. */
export function encodeBlock(block: Block): Uint8Array {
  return BlockType.serialize(block);
}

/** Bytes of an offset of SSZ. */
const OFFSET = 4;

/**
 * Decodes a block of at most 4 MiB, strictly. A full one is half a megabyte, and decoded some times by each node that it reaches: so its offsets are read
 * here and its transactions copied once, in place of decoding and encoding again all of it, which says the same and takes six times as long
 * (ethereum/consensus-specs, ssz/simple-serialize.md: both parts, and each transaction, begin where the one before ends).
 *
 * @throws ProtocolError `too-large`, `malformed`, `not-canonical`
 */
export function decodeBlock(bytes: Uint8Array): Block {
  if (bytes.length > MAX_BLOCK_BYTES) {
    throw new ProtocolError(
      'too-large',
      `block: ${bytes.length} bytes, at most ${MAX_BLOCK_BYTES} are allowed`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const refuse = (what: string): never => {
    throw new ProtocolError('malformed', `block: ${what}`);
  };
  if (bytes.length < 2 * OFFSET) refuse(`${bytes.length} bytes`);
  const [first, second] = [view.getUint32(0, true), view.getUint32(OFFSET, true)];
  if (first !== 2 * OFFSET || second < first || second > bytes.length)
    refuse('its parts do not follow each other');
  const header = decodeStrict(HeaderType, bytes.subarray(first, second), MAX_BLOCK_BYTES, 'block');
  return { header, transactions: transactionsIn(bytes, view, second, refuse) };
}

/** The list of byte strings from `start` to the end, each a copy. */
function transactionsIn(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  refuse: (what: string) => never,
): Uint8Array[] {
  if (start === bytes.length) return [];
  if (bytes.length - start < OFFSET) refuse('a list ends inside an offset');
  const size = view.getUint32(start, true);
  const count = size >>> 2;
  if (count < 1 || size % OFFSET !== 0 || start + size > bytes.length) refuse('a list begins at no offset');
  if (count > MOST_TRANSACTIONS) refuse(`${count} transactions, at most ${MOST_TRANSACTIONS} are allowed`);
  const transactions: Uint8Array[] = [];
  for (let i = 0, from = start + size; i < count; i++) {
    const end = i + 1 < count ? start + view.getUint32(start + OFFSET * (i + 1), true) : bytes.length;
    if (end < from || end > bytes.length) refuse('its transactions do not follow each other');
    if (end - from > MAX_TRANSACTION_BYTES) refuse(`a transaction of ${end - from} bytes`);
    // Not `slice`, which of Node's Buffer is a view.
    transactions.push(new Uint8Array(bytes.subarray(from, end)));
    from = end;
  }
  return transactions;
}

/** Bytes of a block with its receipts. */
export function encodeExecutedBlock(executed: ExecutedBlock): Uint8Array {
  return ExecutedBlockType.serialize(executed);
}

/** Decodes a block with its receipts; at most four times a block's bound. */
export function decodeExecutedBlock(bytes: Uint8Array): ExecutedBlock {
  return decodeStrict(ExecutedBlockType, bytes, 4 * MAX_BLOCK_BYTES, 'executed block');
}
