/** What a transaction is taken to cost until some were seen, ms. */
const FIRST_GUESS = 0.5;

/** Weight of the newest block in the mean. */
const NEWEST = 0.25;

/** Transactions that a block may hold however slow the last ones were. */
const LEAST = 8;

/** How many transactions a block can take in a time, from what the last ones took (design 4, "Execution": a proposer stops filling in time). */
export interface Fill {
  /** Transactions that are taken at most. @param ms that making the block may take */
  most(ms: number): number;
  /** What so many transactions take, ms. */
  takes(count: number): number;
  /** What a block took. @param count of transactions that were looked at @param ms in all */
  took(count: number, ms: number): void;
}

export function createFill(): Fill {
  let each = FIRST_GUESS;
  return {
    most(ms) {
      const most = Math.floor(ms / each);
      return most > LEAST ? most : LEAST;
    },
    takes: (count) => count * each,

    took(count, ms) {
      // What a nearly empty block takes says nothing about a transaction.
      if (count < LEAST) return;
      each += NEWEST * (Math.max(ms, 0.01) / count - each);
    },
  };
}
