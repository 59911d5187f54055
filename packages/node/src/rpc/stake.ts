import type { Handlers } from './handlers.ts';
import { checkRange } from './ranges.ts';
import type { RpcLedger } from './source.ts';
import { ENTRY_WORK } from './work.ts';

/** What the methods about stake read of a ledger. */
export type StakeLedger = Pick<
  RpcLedger,
  'genesis' | 'head' | 'stakeTable' | 'keysEnd' | 'stakeRecords' | 'stakePositions' | 'stakeTotals'
>;

type StakeMethods = 'sero_getStakeRecords' | 'sero_getStakePositions' | 'sero_getStakeStatus';

/** The methods about stake. Tables are given whole, in pages: no question names a record or a position that somebody cares about. */
export function stakeHandlers(
  ledger: StakeLedger,
  limits: { readonly maxRange: number },
): Pick<Handlers, StakeMethods> {
  return {
    sero_getStakeRecords({ from, limit }, { work }) {
      checkRange(limit, limits);
      const { height, time } = ledger.head();
      const table = ledger.stakeTable(height + ledger.genesis.stake.balanceLookback);
      const { entries, next } = page(ledger.stakeRecords(from), limit);
      work.charge(ENTRY_WORK * (1 + entries.length));
      const records = entries.map((record) => ({ ...record, weight: table?.row(record.id)?.weight ?? 0n }));
      return { height, time, records, next: next?.id ?? null };
    },

    sero_getStakePositions({ from, limit }, { work }) {
      checkRange(limit, limits);
      const { height, time } = ledger.head();
      const { entries, next } = page(ledger.stakePositions(from), limit);
      work.charge(ENTRY_WORK * (1 + entries.length));
      const key = next === undefined ? null : Buffer.concat([next.record, next.owner]);
      return { height, time, positions: [...entries], next: key };
    },

    sero_getStakeStatus(_, { work }) {
      const { height } = ledger.head();
      const { unit, balanceLookback } = ledger.genesis.stake;
      const tableRound = height + balanceLookback;
      const table = ledger.stakeTable(tableRound);
      const participants = table?.count ?? 0;
      // Every participant is looked at.
      work.charge(ENTRY_WORK * (1 + participants));
      return {
        height,
        unit,
        tableRound,
        units: table?.total ?? 0n,
        participants,
        ...ledger.stakeTotals(),
        keysEnd: ledger.keysEnd() ?? null,
      };
    },
  };
}

/** So many entries, and the one after them. */
function page<T>(
  table: Iterable<T>,
  limit: number,
): { readonly entries: readonly T[]; readonly next: T | undefined } {
  const entries: T[] = [];
  for (const entry of table) {
    if (entries.length === limit) return { entries, next: entry };
    entries.push(entry);
  }
  return { entries, next: undefined };
}
