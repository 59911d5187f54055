/** Why a frame stopped exceptionally: its changes are undone and its gas is gone (Yellow Paper 9.4.2). */
export type HaltReason =
  | 'out-of-gas'
  | 'stack-underflow'
  | 'stack-overflow'
  | 'invalid-jump'
  | 'invalid-opcode'
  | 'static-violation'
  | 'return-data-out-of-bounds'
  | 'init-code-too-large'
  | 'code-too-large'
  | 'code-prefix'
  | 'address-taken'
  | 'precompile-failed'
  | 'depth'
  | 'insufficient-balance'
  | 'nonce-exhausted';

/** Why a transaction is refused before anything of it runs. */
export type TransactionErrorCode =
  | 'sender-is-contract'
  | 'nonce-too-low'
  | 'nonce-too-high'
  | 'nonce-exhausted'
  | 'fee-below-base-fee'
  | 'priority-fee-above-fee'
  | 'insufficient-funds'
  | 'block-gas-limit'
  | 'intrinsic-gas'
  | 'init-code-too-large'
  | 'type-not-supported'
  | 'gas-limit-too-large'
  | 'blob-creates'
  | 'blob-count'
  | 'blob-version'
  | 'blob-fee';

/** A transaction that its block cannot hold. The state is as it was. */
export class TransactionError extends Error {
  override readonly name = 'TransactionError';

  readonly code: TransactionErrorCode;

  constructor(code: TransactionErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What failed. */
export type MachineFaultCode = 'host-failed' | 'precompile-threw' | 'gas-out-of-range' | 'memory-exhausted';

/** The host failed, not the contract: the block fails, and its world is of no further use. `cause` is what happened. */
export class MachineFault extends Error {
  override readonly name = 'MachineFault';

  readonly code: MachineFaultCode;

  constructor(code: MachineFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
