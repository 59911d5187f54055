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
  | 'signature-invalid'
  // genesis
  | 'genesis-invalid'
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
