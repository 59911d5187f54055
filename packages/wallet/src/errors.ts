/** Why the wallet did not do something. */
export type WalletErrorCode =
  | 'words-invalid'
  | 'block-not-next'
  | 'block-roots'
  | 'block-rules'
  | 'block-not-final'
  | 'other-genesis'
  | 'store-damaged'
  | 'insufficient-funds'
  | 'needs-consolidation'
  | 'notes-too-new'
  | 'already-spending'
  | 'refused-may-enter'
  | 'refused-entered'
  | 'repair-unfinished'
  | 'asset-unknown'
  | 'amount-out-of-range'
  | 'no-anchor'
  | 'request-invalid'
  | 'plan-malformed'
  | 'plan-of-another-account'
  | 'parts-do-not-fit'
  | 'disclosure-malformed'
  | 'output-unknown'
  // stake
  | 'stake-record-unknown'
  | 'stake-not-owner'
  | 'stake-keys-invalid'
  | 'stake-keys-range'
  | 'stake-keys-in-use'
  | 'stake-commission'
  | 'stake-units'
  | 'stake-status'
  | 'stake-not-due'
  | 'stake-nothing'
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
  | 'node-not-final'
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
  return `a node refused transaction ${txid}, and could pass it on all the same until block ${expiry}; this one cannot spend its notes, so both could be paid: ${wait(expiry)}, or until a transaction that spends them is in a block`;
}

/** Why nothing can be planned where more was refused than one transaction can shut out. */
export function tooManyMayEnter(count: number, until: bigint): string {
  return `a node refused ${count} transactions, and could pass them on all the same; one transaction has no room to spend a note of each, so something could be paid twice: ${wait(until)}`;
}

const wait = (until: bigint): string =>
  `wait until block ${until} (without trying: a try that is refused could enter until later still)`;
