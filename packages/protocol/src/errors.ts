/** Every reason for which this package refuses something. The code is stable; docs/protocol.md lists the rules. */
export type ProtocolErrorCode =
  // encoding
  | 'malformed'
  | 'not-canonical'
  | 'too-large'
  | 'field-not-canonical'
  | 'point-not-canonical'
  | 'point-not-in-subgroup'
  | 'point-is-identity'
  | 'scalar-not-canonical'
  // keys and addresses
  | 'weak-seed'
  | 'viewing-key-mismatch'
  | 'text-malformed'
  | 'text-wrong-kind'
  | 'index-out-of-range'
  // notes
  | 'value-out-of-range'
  | 'rseed-unusable'
  | 'shared-secret-is-identity'
  | 'memo-too-long'
  | 'leaf-is-zero'
  | 'tree-full'
  | 'position-out-of-range'
  | 'not-witnessed'
  // transactions
  | 'unknown-version'
  | 'unknown-kind'
  | 'kind-not-active'
  | 'unknown-proof-system'
  | 'unknown-circuit'
  | 'wrong-chain'
  | 'authorization-missing'
  | 'authorization-unexpected'
  | 'wrong-shape'
  | 'duplicate-nullifier'
  | 'duplicate-output-address'
  | 'commitment-is-zero'
  | 'memo-length'
  | 'call-missing'
  | 'call-unexpected'
  | 'recipients-unexpected'
  | 'gas-limit'
  | 'fee-overflow'
  | 'public-amount-mismatch'
  | 'public-asset-mismatch'
  | 'expiry-out-of-window'
  | 'body-malformed'
  | 'asset-name'
  | 'asset-name-reserved'
  | 'asset-kind'
  | 'asset-offline-refused'
  | 'asset-supply'
  | 'stake-units'
  | 'stake-key'
  | 'bls-possession'
  | 'key-range'
  | 'commission'
  | 'online-flag'
  | 'signature-invalid'
  // sortition and votes
  | 'step-not-canonical'
  | 'vote-round'
  | 'value-not-canonical'
  | 'proposer-mismatch'
  | 'sender-unknown'
  | 'proof-missing'
  | 'proof-unexpected'
  | 'batch-signature'
  | 'leaf-signature'
  | 'vote-signature'
  | 'vrf-proof'
  | 'not-selected'
  // bundles, certificates, tables
  | 'bundle-order'
  | 'bundle-pair'
  | 'bundle-weight'
  | 'bundle-not-trimmed'
  | 'period-too-high'
  | 'certificate-step'
  | 'certificate-value'
  | 'headers-unlinked'
  | 'light-reach'
  | 'light-start'
  | 'table-invalid'
  | 'rows-proof'
  // checkpoints
  | 'checkpoint-height'
  | 'checkpoint-table'
  | 'checkpoint-signers'
  | 'checkpoint-weight'
  | 'checkpoint-signature'
  | 'checkpoint-stale'
  // evidence
  | 'evidence-window'
  | 'evidence-header'
  | 'evidence-innocent'
  // genesis
  | 'genesis-invalid'
  | 'ceremony-draft'
  | 'ceremony-stranger'
  | 'ceremony-duplicate'
  | 'ceremony-order'
  | 'ceremony-forged'
  | 'ceremony-incomplete'
  | 'ceremony-mismatch'
  | 'ceremony-list'
  | 'ceremony-proof'
  | 'ceremony-committed'
  | 'ceremony-revealed'
  | 'ceremony-innocent'
  | 'ceremony-seed'
  // versions
  | 'version-invalid'
  // disclosures
  | 'disclosure-malformed';

/** A typed refusal: `code` is for programs, `message` says what was wrong. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}

/** Throws with this code unless the condition holds. */
export function ensure(condition: boolean, code: ProtocolErrorCode, message: string): asserts condition {
  if (!condition) throw new ProtocolError(code, message);
}
