import type { WholeStakeTable } from '@sero/protocol';
import type { Tables } from './tables.ts';

/**
 * The first round in which less than two thirds of a table's weight has ephemeral keys, unless owners renew theirs before: from there on no quorum
 * is sure, and without one nobody can renew.
 *
 * @param table the newest
 */
export function keysEnd(tables: Pick<Tables, 'standing'>, table: WholeStakeTable): bigint {
  const ends = table.rows
    .map(({ id, weight }) => ({ last: tables.standing(id)!.lastRound, weight }))
    .sort((a, b) => (a.last < b.last ? -1 : a.last > b.last ? 1 : 0));
  let left = table.total;
  for (const { last, weight } of ends) {
    left -= weight;
    if (3n * left < 2n * table.total) return last + 1n;
  }
  return 0n;
}
