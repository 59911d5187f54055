import type { WholeStakeTable } from '@sero/protocol';
import type { Tables } from './tables.ts';

/** When the keys of those end who are in a table, unless owners renew theirs before. */
export interface KeysEnd {
  /**
   * First round whose table lacks more than a third of the weight of this one. Those who are left go on: their table's total is less, so is what a
   * quorum needs. But they decide without a third of the stake, and fewer must conspire, or fail, for the chain to suffer.
   */
  readonly thirdGone: bigint;
  /** First round whose table has none of them: there the chain ends, if nobody else has come by then. */
  readonly allGone: bigint;
}

/** When keys end. @param table the newest, not empty */
export function keysEnd(tables: Pick<Tables, 'standing'>, table: WholeStakeTable): KeysEnd {
  const ends = table.rows
    .map(({ id, weight }) => ({ last: tables.standing(id)!.lastRound, weight }))
    .sort((a, b) => (a.last < b.last ? -1 : a.last > b.last ? 1 : 0));
  let left = table.total;
  let thirdGone = 0n;
  for (const { last, weight } of ends) {
    left -= weight;
    if (thirdGone === 0n && 3n * left < 2n * table.total) thirdGone = last + 1n;
  }
  return { thirdGone, allGone: ends.at(-1)!.last + 1n };
}
