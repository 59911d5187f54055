/** What can be wrong with ephemeral keys and their file. */
export type KeyErrorCode =
  /** A range that ends before it begins, or covers more rounds than keys may. */
  | 'key-range'
  /** A seed that is not 32 bytes, or all zeros, as one that was wiped. */
  | 'key-seed'
  /** A file of another size than the range needs. */
  | 'key-file-size'
  /** A file that something was written to already: making keys in it would overwrite others. */
  | 'key-file-taken'
  /** No key file, one whose making was interrupted, or one whose bytes changed: register new keys. */
  | 'key-file-damaged'
  /** A batch whose place holds keys of a batch that is not over. */
  | 'batch-too-early';

/** A typed refusal: `code` is stable, the message says what to do. */
export class KeyError extends Error {
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string) {
    super(message);
    this.name = 'KeyError';
    this.code = code;
  }
}

/** Throws with this code unless the condition holds. */
export function ensure(condition: boolean, code: KeyErrorCode, message: string): asserts condition {
  if (!condition) throw new KeyError(code, message);
}
