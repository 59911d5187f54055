/** An account as it is kept (Yellow Paper 4.1), without its storage. */
export interface AccountRecord {
  /** Below 2^64. */
  readonly nonce: bigint;
  /** Below 2^256. */
  readonly balance: bigint;
  /** Keccak-256 of the code, 32 bytes. */
  readonly codeHash: Uint8Array;
}

/**
 * What the machine reads of the world as it was before the block: synchronous, and the same answers all the time that a
 * `World` lives upon it. Bytes that it gives are not changed.
 */
export interface StateReader {
  /** The account of 20 bytes, or undefined where there is none. */
  account(address: Uint8Array): AccountRecord | undefined;
  /** The code of a hash that an account names; not asked for the hash of no code. */
  code(codeHash: Uint8Array): Uint8Array;
  /** 32 bytes at a slot of 32 bytes, big-endian; undefined stands for zeros. */
  storage(address: Uint8Array, slot: Uint8Array): Uint8Array | undefined;
  /** Says whether any slot of an account is not zero (EIP-7610). */
  hasStorage(address: Uint8Array): boolean;
}

/** An account that a block changed. */
export interface AccountChange {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** As it is now; undefined where it is gone. */
  readonly account: AccountRecord | undefined;
  /** Its code, where the block created it. */
  readonly code: Uint8Array | undefined;
  /** Whatever its storage held before this block is gone; `slots` are of the new one. */
  readonly isStorageCleared: boolean;
  /** Slots that were written, 32 bytes each, and what they hold now: 32 bytes, zeros where nothing. In the order of first access. */
  readonly slots: ReadonlyArray<readonly [slot: Uint8Array, value: Uint8Array]>;
}
