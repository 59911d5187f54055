/** An invariant that does not hold. */
export class Violation extends Error {
  /** Name of the invariant. */
  readonly code: ViolationCode;

  constructor(code: ViolationCode, message: string) {
    super(`${code}: ${message}`);
    this.name = 'Violation';
    this.code = code;
  }
}

export type ViolationCode =
  /** Votes on the wire certify two values of one round. */
  | 'two-certificates'
  /** Two honest nodes have different final blocks of one height. */
  | 'fork'
  /** A node's height fell. */
  | 'height-fell'
  /** An honest record has cast two votes at one step. */
  | 'honest-equivocation'
  /** An honest record gave up in a period what it had voted to make final there. */
  | 'given-up'
  /** A transition or a restart of an honest player breaks a contract of the machine. */
  | 'contract'
  /** A node made a block final with what is no certificate. */
  | 'certificate'
  /** A block that does not hold was certified. */
  | 'invalid-block'
  /** A vote counts, or a block is final, by a draw that is not its owner's. */
  | 'draw'
  /** Keys that should be erased are there to be stolen. */
  | 'stolen-key'
  /** A node stopped, or its code threw. */
  | 'halted'
  | 'exception'
  /** No progress within the bound after the network healed. */
  | 'progress'
  /** An idle chain makes more blocks than its pace allows. */
  | 'pace'
  /** A withholder leads more rounds than its stake and its choices give. */
  | 'leader-share'
  /** A flood makes a node do or keep more than its bound. */
  | 'flood';
