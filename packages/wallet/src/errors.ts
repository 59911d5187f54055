/** Why the wallet did not do something. */
export type WalletErrorCode =
  | 'words-invalid'
  | 'block-not-next'
  | 'block-roots'
  | 'block-rules'
  | 'other-genesis'
  | 'store-damaged'
  | 'insufficient-funds'
  | 'needs-consolidation'
  | 'notes-too-new'
  | 'already-spending'
  | 'refused-may-enter'
  | 'asset-unknown'
  | 'amount-out-of-range'
  | 'no-anchor'
  | 'request-invalid'
  | 'plan-malformed'
  | 'plan-of-another-account'
  | 'parts-do-not-fit'
  | 'disclosure-malformed'
  | 'output-unknown'
  // keystores and stores
  | 'password-wrong'
  | 'password-empty'
  | 'keystore-malformed'
  | 'keystore-version'
  | 'keystore-costs'
  // reading the chain from a node
  | 'tree-state-invalid'
  | 'node-other-network'
  | 'node-behind'
  | 'node-other-chain'
  | 'node-answer-invalid'
  // contacts and payment URIs
  | 'contact-invalid'
  | 'contact-exists'
  | 'contact-unknown'
  | 'uri-malformed'
  | 'uri-unsupported';

/** A typed refusal by the wallet; `message` says what to do. */
export class WalletError extends Error {
  readonly code: WalletErrorCode;

  constructor(code: WalletErrorCode, message: string) {
    super(message);
    this.name = 'WalletError';
    this.code = code;
  }
}

/** Throws with this code unless the condition holds. */
export function ensure(condition: boolean, code: WalletErrorCode, message: string): asserts condition {
  if (!condition) throw new WalletError(code, message);
}

/** Why nothing can be planned beside a transaction that a node refused. */
export function mayEnter(txid: string, expiry: bigint): string {
  return `a node refused transaction ${txid}, and could pass it on all the same until block ${expiry}; this one spends none of its notes, so both could be paid: wait until then, or until a transaction that spends them is in a block`;
}
