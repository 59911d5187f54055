/** What can be wrong with a validator's directory and the files in it. */
export type ValidatorKeysErrorCode =
  /** There are keys where new ones were to be made. */
  | 'keys-exist'
  /** The making of keys was interrupted: there are secrets, and nothing says whose. */
  | 'keys-incomplete'
  /** There are no keys, or one of their files is gone. */
  | 'keys-missing'
  /** A file that is not what this program wrote. */
  | 'keys-damaged'
  /** Files that do not belong together: one of them is of other keys. */
  | 'keys-mismatch'
  /** Others than their owner may read or write a file of secrets, or it is a link. */
  | 'keys-exposed'
  /** The files are not where they were last used: copied, moved to another disk, or restored from a backup. */
  | 'keys-copied'
  /** The vote log is not the one that these keys last wrote. */
  | 'votes-replaced'
  /** A vote log in which something other than its end is damaged. */
  | 'votes-damaged'
  /** Rounds that no record may register, or bytes that are no owner. */
  | 'keys-invalid'
  /** Called after `close`. */
  | 'closed';

/** A typed refusal: `code` is stable, the message says what to do. */
export class ValidatorKeysError extends Error {
  readonly code: ValidatorKeysErrorCode;

  constructor(code: ValidatorKeysErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ValidatorKeysError';
    this.code = code;
  }
}

/** Throws with this code unless the condition holds. */
export function ensure(condition: boolean, code: ValidatorKeysErrorCode, message: string): asserts condition {
  if (!condition) throw new ValidatorKeysError(code, message);
}
