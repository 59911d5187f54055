/** The rule of state or block that something broke; stateless rules carry ProtocolError's codes. */
export type LedgerErrorCode =
  // a transaction against the state
  | 'expired'
  | 'anchor-in-future'
  | 'anchor-stale'
  | 'nullifier-spent'
  | 'public-asset-unknown'
  | 'gas-price-below-base-fee'
  | 'from-alias'
  | 'turnstile'
  | 'tree-full'
  | 'proof-invalid'
  | 'circuit-without-key'
  | 'circuit-disabled'
  /** The verifier failed, so nothing was said of the proof. */
  | 'proof-unchecked'
  // evidence
  | 'evidence-early'
  | 'evidence-again'
  // a block
  | 'block-evidence'
  | 'block-registrations'
  | 'block-gas-limit'
  | 'block-too-large'
  | 'block-time'
  /** Neither time nor transactions justify a block. */
  | 'block-gap'
  /** A block without a proposer is E(r), and this one is not. */
  | 'empty-block'
  /** The protocol changes at this height into a version that the software lacks. */
  | 'version-unknown'
  | `header-${keyof import('@sero/protocol').Header}`
  // what is stored
  | 'store-of-another-genesis'
  | 'store-damaged'
  | 'store-not-empty'
  | 'block-log-short'
  | 'block-log-mismatch'
  | 'logged-block-invalid'
  | 'commit-interrupted'
  /** A chain that began later than with block 0 lost its state, and no snapshot is there to make it anew. */
  | 'state-lost'
  | 'block-unknown'
  // a chain that begins with a snapshot
  | 'begin-height'
  | 'begin-block'
  | 'log-not-empty'
  // a snapshot
  | 'snapshot-of-another-block'
  | 'snapshot-key'
  | 'snapshot-state-root'
  | 'snapshot-nullifiers'
  | 'snapshot-notes-root'
  | 'snapshot-shards';

/** A typed refusal by the ledger. The state is what it was before. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** Throws with this code unless the condition holds. */
export function ensure(condition: boolean, code: LedgerErrorCode, message: string): asserts condition {
  if (!condition) throw new LedgerError(code, message);
}
