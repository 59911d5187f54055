/** Why an assignment, a witness program or a compilation was refused. */
export type CircuitErrorCode =
  /** Counts of inputs, outputs, slots or path levels are not the shape's. */
  | 'wrong-shape'
  | 'field-not-canonical'
  /** Line 1 of the statement. */
  | 'ak-not-on-curve'
  | 'ak-small-order'
  | 'ak-outside-subgroup'
  | 'alpha-out-of-range'
  | 'rk-mismatch'
  /** Line 2. */
  | 'zpkr-from-mismatch'
  /** Line 3. */
  | 'position-out-of-range'
  | 'input-not-in-tree'
  | 'input-repeated'
  | 'nil-mismatch'
  | 'trace-mismatch'
  /** Line 4. */
  | 'cm-mismatch'
  | 'value-out-of-range'
  /** Line 5. */
  | 'asset-not-in-slot'
  | 'public-amount-out-of-range'
  | 'public-asset-mismatch'
  | 'unbalanced'
  /** Witness programs and files. */
  | 'program-malformed'
  | 'signal-unknown'
  | 'signal-wrong-size'
  | 'witness-rejected'
  | 'wtns-malformed'
  /** Compilation (node only). */
  | 'compile-failed';

/** A typed refusal: `code` is stable and meant for programs, `message` says what to do. */
export class CircuitError extends Error {
  readonly code: CircuitErrorCode;

  constructor(code: CircuitErrorCode, message: string) {
    super(message);
    this.name = 'CircuitError';
    this.code = code;
  }
}
