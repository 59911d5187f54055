/** A contract that the machine itself runs (Yellow Paper appendix E, and the EIPs that each names). Pure: no state. */
export interface Precompile {
  /** The field's name for it, such as `ecrecover`. */
  readonly name: string;
  /** Its address: a small number, such as 1. */
  readonly address: number;
  /**
   * Gas for an input, from its length and, for some, its content. It comes before any work that grows with the gas.
   *
   * @returns a whole number; from 2^53 on any number that is larger, Infinity too
   */
  gas(input: Uint8Array): number;
  /**
   * The output, a new array. Undefined where the input is not valid: the call then fails and all of its gas is gone.
   *
   * @param input not changed, not kept
   */
  run(input: Uint8Array): Uint8Array | undefined;
}
