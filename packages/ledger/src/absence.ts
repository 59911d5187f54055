import { compareBytes, equalBytes, le64, leInteger } from '@sero/crypto';
import type { Genesis, StakeRow, StakeTable } from '@sero/protocol';
import { ensure } from './errors.ts';
import { othersStanding } from './last-participant.ts';
import { proposedBlocks } from './patience.ts';
import { setOffline } from './stake.ts';
import type { State } from './state.ts';
import type { Tables } from './tables.ts';

/**
 * Records whose keys are never used make every quorum harder to reach. One that has not proposed for absentFactor times the blocks
 * in which it would have once, on average, may be set offline by whoever proposes a block: he need not, so nothing hangs on it. Blocks that nobody
 * proposed do not count.
 *
 * Who can keep others from proposing lists them, though they vote all the while. So within evidenceWindow rounds no more than a sixth of the weight
 * may go this way: whoever had a share s has at most 6/5 s then, and who had less than 5/18 still has less than a third. There is no bound for ever,
 * or a chain that lost a sixth of its participants would carry the next ones that it loses to its end: in each window more may go. Whoever was listed
 * has that long to see it, and is back by one command. A chain that loses more than a third at once stands still; no list helps it, since nobody decides the block.
 */

/** Records that one block may list. */
const MOST = 8;

/** Part of the weight that may be listed within evidenceWindow rounds. */
const PART = 6n;

/** Parts in which evidenceWindow is counted: what was listed is counted for up to one of them longer. */
const SPANS = 16n;

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

/** The span that a block is in. */
function spanOf({ genesis, height }: AbsenceContext): bigint {
  return height / ((genesis.stake.evidenceWindow + SPANS - 1n) / SPANS);
}

/** Weight that was listed in a span. */
function listedIn(state: State, span: bigint): bigint {
  const entry = state.absentWeight(span % (SPANS + 1n)).get();
  return entry?.height === span ? leInteger(entry.value) : 0n;
}

/** Whether more weight may be listed, given what the blocks of this span and of SPANS before it listed. */
function limitOf(state: State, newest: StakeTable, block: AbsenceContext): (weight: bigint) => boolean {
  const span = spanOf(block);
  let listed = 0n;
  for (let n = 0n; n <= SPANS && n <= span; n++) listed += listedIn(state, span - n);
  // What was listed is no longer in the table.
  return (weight) => PART * (listed + weight) <= newest.total + listed;
}

/** The last table before a block: all that was listed so far has left it. */
function newestTable(state: State, tables: Tables, { genesis, height }: AbsenceContext): StakeTable {
  return tables.at(state, height - 1n + genesis.stake.balanceLookback)!;
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
  const { genesis, table } = block;
  const check = (condition: boolean, message: string): void => ensure(condition, 'header-absent', message);
  check(genesis.stake.absentFactor > 0, 'nobody is absent on this chain');
  const now = proposedBlocks(state);
  const newest = newestTable(state, tables, block);
  const mayGo = limitOf(state, newest, block);
  let weight = 0n;
  for (const [i, id] of absent.entries()) {
    check(i === 0 || compareBytes(absent[i - 1]!, id) < 0, 'absent records are not strictly ascending');
    check(!equalBytes(id, block.proposer), 'the proposer is not absent');
    const row = table.row(id);
    const leaving = newest.row(id);
    check(
      row !== undefined && leaving !== undefined,
      "an absent record is in this round's table and in the last one",
    );
    check(
      isAbsent(block, row!, now, state.stakeRecord(id).get()!.seen),
      'a record is listed as absent that still has time to propose',
    );
    weight += leaving!.weight;
  }
  check(mayGo(weight), 'more than a sixth of the weight would be listed within evidenceWindow rounds');
  check(othersStanding(state, tables, block)(absent), 'nobody would be left in the next table');
  for (const id of absent) setOffline(state, id);
  const span = spanOf(block);
  state.absentWeight(span % (SPANS + 1n)).set({ height: span, value: le64(listedIn(state, span) + weight) });
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
  const newest = newestTable(state, tables, block);
  const mayGo = limitOf(state, newest, block);
  const othersStand = othersStanding(state, tables, block);
  let weight = 0n;
  for (let i = 0; i < looked && found.length < MOST; i++) {
    const row = rows[(first + i) % rows.length]!;
    const standing = tables.standing(row.id);
    if (standing === undefined || equalBytes(row.id, proposer)) continue;
    if (!isAbsent(block, row, now, standing.seen)) continue;
    const leaving = newest.row(row.id);
    if (leaving === undefined || !mayGo(weight + leaving.weight)) continue;
    if (!othersStand([...found, row.id])) continue;
    weight += leaving.weight;
    found.push(row.id);
  }
  return found.sort(compareBytes);
}
