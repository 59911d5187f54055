import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { equalBytes } from '@sero/crypto';
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

/** A block: its header and its transactions' envelopes. */
export const BlockType = new ContainerType({
  header: HeaderType,
  transactions: new ListCompositeType(new ByteListType(MAX_TRANSACTION_BYTES), 16_384),
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

/** Decodes a block of at most 4 MiB. */
export function decodeBlock(bytes: Uint8Array): Block {
  return decodeStrict(BlockType, bytes, MAX_BLOCK_BYTES, 'block');
}

/** Bytes of a block with its receipts. */
export function encodeExecutedBlock(executed: ExecutedBlock): Uint8Array {
  return ExecutedBlockType.serialize(executed);
}

/** Decodes a block with its receipts; at most four times a block's bound. */
export function decodeExecutedBlock(bytes: Uint8Array): ExecutedBlock {
  return decodeStrict(ExecutedBlockType, bytes, 4 * MAX_BLOCK_BYTES, 'executed block');
}
