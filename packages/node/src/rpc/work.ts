/**
 * What work costs, in units of the rate: one stands for about a millisecond or two of the node's time. Counted by what is done,
 * not by the clock, so that the same question costs the same everywhere.
 */

/** Bytes of question, answer, or blocks read that cost a unit. */
export const BYTES_PER_UNIT = 262_144;

/** A block that is read and decoded, beside its bytes. */
export const BLOCK_WORK = 1 / 32;

/** A block that was kept encoded. */
export const KEPT_BLOCK_WORK = 1 / 256;

/** An entry of a table: a few reads of the store. */
export const ENTRY_WORK = 1 / 64;

/** Looking at a call; its unit of the rate is for all that it may do beside. */
export const CALL_WORK = 1 / 8;

/** A submission: its signature is checked at once, which takes a whole turn. */
export const SUBMIT_WORK = 4;

/** GET /metrics: it looks at everything. */
export const METRICS_WORK = 5;

/** Work for one turn of the event loop. Short turns matter: the system hands over one new connection a turn. */
export const TURN_WORK = 1;

/** The work of one call. */
export interface Work {
  /** Charges the client for what was done. Throws `limit-exceeded` once he is too deep in debt for more. */
  charge(units: number): void;
  /** Counts bytes of an answer in the making, which others may wait for. Throws `busy` where there is no room for them. */
  made(bytes: number): void;
  /** To be awaited before as much is done again, where it is no undefined; rejects once nobody waits for the answer. */
  pause(units: number): Promise<void> | undefined;
}
