import { compareBytes, equalBytes } from '@sero/crypto';
import { type Genesis, ONLINE, type StakeRow, type StakeTable } from '@sero/protocol';
import { ensure } from './errors.ts';
import { setOffline } from './stake.ts';
import type { State } from './state.ts';
import { lastSeen, type Tables } from './tables.ts';

/**
 * Records whose keys are never used make every quorum harder to reach. One that has not proposed for absentFactor times the rounds
 * in which it would have once, on average, may be set offline by whoever proposes a block: he need not, so nothing hangs on it.
 */

/** Records that one block may list. */
const MOST = 8;

/** Rows that a proposer looks at, another part of the table in each block. */
const LOOKED_AT = 4_096;

/** A block as the rule sees it. */
export interface AbsenceContext {
  readonly genesis: Genesis;
  readonly height: bigint;
  /** Of the block's round. */
  readonly table: StakeTable;
  /** Stake record. */
  readonly proposer: Uint8Array;
}

/** Whether a record that was last seen then has been away for too long. */
function isAbsent({ genesis, height, table }: AbsenceContext, { weight }: StakeRow, seen: bigint): boolean {
  const turns = (table.total + weight - 1n) / weight;
  return height - seen > BigInt(genesis.stake.absentFactor) * turns;
}

/**
 * Sets the records offline that a header lists.
 *
 * @param absent strictly ascending, each one that the rule allows to list, none the proposer's own
 * @throws LedgerError `header-absent`
 */
export function applyAbsent(state: State, block: AbsenceContext, absent: readonly Uint8Array[]): void {
  const check = (condition: boolean, message: string): void => ensure(condition, 'header-absent', message);
  check(absent.length === 0 || block.genesis.stake.absentFactor > 0, 'nobody is absent on this chain');
  for (const [i, id] of absent.entries()) {
    check(i === 0 || compareBytes(absent[i - 1]!, id) < 0, 'absent records are not strictly ascending');
    check(!equalBytes(id, block.proposer), 'the proposer is not absent');
    const row = block.table.row(id);
    const record = state.stakeRecord(id).get();
    check(
      row !== undefined && record?.status === ONLINE.online,
      'an absent record is not one of this round that is online',
    );
    check(
      isAbsent(block, row!, lastSeen(record!, block.genesis)),
      'a record is listed as absent that still has time to propose',
    );
    setOffline(state, id);
  }
}

/** Records that a proposer may list now, at most eight. */
export function findAbsent(tables: Tables, block: AbsenceContext): Uint8Array[] {
  const { genesis, height, table, proposer } = block;
  if (genesis.stake.absentFactor === 0) return [];
  const { rows } = table;
  const found: Uint8Array[] = [];
  const looked = rows.length < LOOKED_AT ? rows.length : LOOKED_AT;
  const first = rows.length === 0 ? 0 : Number((height * BigInt(LOOKED_AT)) % BigInt(rows.length));
  for (let i = 0; i < looked && found.length < MOST; i++) {
    const row = rows[(first + i) % rows.length]!;
    const standing = tables.standing(row.id);
    if (standing === undefined || equalBytes(row.id, proposer)) continue;
    if (isAbsent(block, row, standing.seen)) found.push(row.id);
  }
  return found.sort(compareBytes);
}
