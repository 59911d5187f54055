/** Everything that can be wrong with a store, a log, a snapshot, a proof or a data directory. */
export type StoreErrorCode =
  // use
  /** Called after `close`. */
  | 'closed'
  /** A key longer than KEY_LIMIT. */
  | 'key-too-long'
  /** A value or record longer than VALUE_LIMIT. */
  | 'value-too-long'
  /** A record's index, or a length to truncate to, that the log does not have. */
  | 'out-of-range'
  // what was read is not what was written
  /** One value, record or tree node does not match its checksum or does not decode. */
  | 'record-damaged'
  /** The store's files cannot be opened or fail a whole check. */
  | 'store-damaged'
  /** A log's files are not ones that any sequence of appends and crashes leaves. */
  | 'log-damaged'
  | 'snapshot-damaged'
  | 'proof-invalid'
  // the data directory
  | 'directory-locked'
  | 'schema-unknown'
  | 'directory-unusable'
  // the disk
  | 'disk-full'
  | 'disk-read-only'
  | 'disk-denied'
  | 'disk-failed';

/** A typed refusal: `code` is stable, the message says what to do. What was stored before is still stored. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** Throws with this code unless the condition holds. */
export function ensure(condition: boolean, code: StoreErrorCode, message: string): asserts condition {
  if (!condition) throw new StoreError(code, message);
}
