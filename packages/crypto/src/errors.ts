/** What a decoder of this package can say of bytes that it refuses. */
export type CryptoErrorCode =
  | 'wrong-length'
  | 'field-not-canonical'
  | 'scalar-not-canonical'
  | 'point-not-canonical'
  | 'aead-refused'
  | 'bech32m-malformed'
  | 'bech32m-wrong-prefix'
  | 'f4jumble-length'
  | 'poseidon-arity'
  | 'randomness-broken'
  | 'group-hash-exhausted';

/** A typed refusal: `code` is stable and meant for programs, `message` for people. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string) {
    super(message);
    this.name = 'CryptoError';
    this.code = code;
  }
}
