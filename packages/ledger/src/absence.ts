import { compareBytes, equalBytes, le64, leInteger } from '@sero/crypto';
import { type Genesis, ONLINE, type StakeRow, type StakeTable } from '@sero/protocol';
import { ensure } from './errors.ts';
import { othersStand } from './last-participant.ts';
import { proposedBlocks } from './patience.ts';
import { setOffline } from './stake.ts';
import type { State } from './state.ts';
import type { Tables } from './tables.ts';

/**
 * Records whose keys are never used make every quorum harder to reach. One that has not proposed for absentFactor times the blocks
 * in which it would have once, on average, may be set offline by whoever proposes a block: he need not, so nothing hangs on it. Blocks that nobody
 * proposed do not count, and of all weight no more than a sixth may go this way until the tables show it: whatever kept the others from
 * proposing, those who are left do not become a majority by it.
 */

/** Records that one block may list. */
const MOST = 8;

/** Part of the weight that may be listed within balanceLookback rounds. */
const PART = 6n;

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

/**
 * Whether a record has been away for too long.
 *
 * @param now blocks that somebody proposed, the one that lists it included
 * @param seen such blocks from which on it is expected to propose
 */
function isAbsent(
  { genesis, table }: AbsenceContext,
  { weight }: StakeRow,
  now: bigint,
  seen: bigint,
): boolean {
  const turns = (table.total + weight - 1n) / weight;
  return now - seen > BigInt(genesis.stake.absentFactor) * turns;
}

/** Weight that the blocks of the last balanceLookback rounds before this one listed. */
function listedBefore(state: State, { genesis, height }: AbsenceContext): bigint {
  const { balanceLookback } = genesis.stake;
  let weight = 0n;
  for (let slot = 0n; slot < balanceLookback; slot++) {
    const entry = state.absentWeight(slot).get();
    if (entry !== undefined && entry.height + balanceLookback > height) weight += leInteger(entry.value);
  }
  return weight;
}

/**
 * Sets the records offline that a header lists.
 *
 * @param state in which this block is counted as one that somebody proposed
 * @param tables as of the block's parent
 * @param absent strictly ascending, each one that the rule allows to list, none the proposer's own
 * @throws LedgerError `header-absent`
 */
export function applyAbsent(
  state: State,
  tables: Tables,
  block: AbsenceContext,
  absent: readonly Uint8Array[],
): void {
  if (absent.length === 0) return;
  const { genesis, height, table } = block;
  const check = (condition: boolean, message: string): void => ensure(condition, 'header-absent', message);
  check(genesis.stake.absentFactor > 0, 'nobody is absent on this chain');
  const now = proposedBlocks(state);
  let weight = 0n;
  for (const [i, id] of absent.entries()) {
    check(i === 0 || compareBytes(absent[i - 1]!, id) < 0, 'absent records are not strictly ascending');
    check(!equalBytes(id, block.proposer), 'the proposer is not absent');
    const row = table.row(id);
    const record = state.stakeRecord(id).get();
    check(
      row !== undefined && record?.status === ONLINE.online,
      'an absent record is not one of this round that is online',
    );
    check(
      isAbsent(block, row!, now, record!.seen),
      'a record is listed as absent that still has time to propose',
    );
    weight += row!.weight;
  }
  check(
    PART * (listedBefore(state, block) + weight) <= table.total,
    'more than a sixth of the weight would be listed within balanceLookback rounds',
  );
  check(othersStand(state, tables, block, absent), 'nobody would be left in the next table');
  for (const id of absent) setOffline(state, id);
  state.absentWeight(height % genesis.stake.balanceLookback).set({ height, value: le64(weight) });
}

/**
 * Records that a proposer may list now, at most eight.
 *
 * @param state of the block's parent
 */
export function findAbsent(state: State, tables: Tables, block: AbsenceContext): Uint8Array[] {
  const { genesis, height, table, proposer } = block;
  if (genesis.stake.absentFactor === 0) return [];
  const { rows } = table;
  const now = proposedBlocks(state) + 1n;
  const found: Uint8Array[] = [];
  const looked = rows.length < LOOKED_AT ? rows.length : LOOKED_AT;
  const first = rows.length === 0 ? 0 : Number((height * BigInt(LOOKED_AT)) % BigInt(rows.length));
  let listed: bigint | undefined;
  for (let i = 0; i < looked && found.length < MOST; i++) {
    const row = rows[(first + i) % rows.length]!;
    const standing = tables.standing(row.id);
    if (standing === undefined || equalBytes(row.id, proposer)) continue;
    if (!isAbsent(block, row, now, standing.seen)) continue;
    listed ??= listedBefore(state, block);
    if (PART * (listed + row.weight) > table.total) continue;
    if (!othersStand(state, tables, block, [...found, row.id])) continue;
    listed += row.weight;
    found.push(row.id);
  }
  return found.sort(compareBytes);
}
