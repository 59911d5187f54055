/** What a transaction knows of its block. */
export interface BlockContext {
  readonly chainId: bigint;
  readonly number: bigint;
  /** Seconds. */
  readonly timestamp: bigint;
  /** 20 bytes. */
  readonly coinbase: Uint8Array;
  readonly gasLimit: bigint;
  readonly baseFee: bigint;
  /** What opcode 0x44 answers: PREVRANDAO from Paris on (EIP-4399), the difficulty before it; as a number below 2^256. */
  readonly prevRandao: bigint;
  /** EIP-7516. */
  readonly blobBaseFee: bigint;
  /** Hash of one of the 256 blocks before this one, 32 bytes; undefined where there was none. Not asked for others. */
  blockHash(number: bigint): Uint8Array | undefined;
}

/** An entry of an access list (EIP-2930). */
export interface AccessListEntry {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 32 bytes each. */
  readonly storageKeys: readonly Uint8Array[];
}

/** A transaction whose signature has been checked: who sends it is known. */
export interface SignedMessage {
  /** EIP-2718: 0 legacy, 1 with an access list, 2 with a fee market, 3 with blobs. */
  readonly type: 0 | 1 | 2 | 3;
  /** Who signed, 20 bytes. */
  readonly from: Uint8Array;
  /** 20 bytes; undefined creates a contract. */
  readonly to: Uint8Array | undefined;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** The gas price for types 0 and 1 (EIP-1559). */
  readonly maxFeePerGas: bigint;
  /** The gas price for types 0 and 1. */
  readonly maxPriorityFeePerGas: bigint;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
  /** Types other than 3: empty. 32 bytes each. */
  readonly blobHashes: readonly Uint8Array[];
  /** Types other than 3: 0. */
  readonly maxFeePerBlobGas: bigint;
}

/** What LOG0 to LOG4 leave. */
export interface Log {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** Up to 4, 32 bytes each. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}
