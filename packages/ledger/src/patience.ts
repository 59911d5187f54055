import { type Genesis, ONLINE } from '@sero/protocol';
import type { StakeRecord } from './stake-record.ts';
import type { State } from './state.ts';
import type { Tables } from './tables.ts';

/**
 * From when on a record is expected to propose (absence.ts). Time is counted in blocks that somebody proposed: in the others nobody's turn was
 * missed. It begins anew with a record's own block, with the first round in which it can propose again after rounds in which it could not, and where
 * it grew so much that what it missed as a small one would be held against it as a large one.
 */

/** The block in which something happens to a record. */
export interface Occasion {
  readonly genesis: Pick<Genesis, 'stake'>;
  readonly height: bigint;
}

/** Such a block, and what was before it. */
export interface Return extends Occasion {
  /** From when on the record was expected before this block; undefined where the newest table before it lacks the record. */
  readonly seenBefore: (record: Uint8Array) => bigint | undefined;
}

/** Whole units that count, before cutting. */
function unitsOf({ bonded }: Pick<StakeRecord, 'bonded'>, { stake }: Pick<Genesis, 'stake'>): bigint {
  return bonded.money / stake.unit;
}

/** Blocks that somebody proposed, up to the one that the state is after or in. */
export function proposedBlocks(state: State): bigint {
  return state.proposedBlocks.get() ?? 0n;
}

/** Counts a block that somebody proposes. */
export function countProposed(state: State): void {
  state.proposedBlocks.set(proposedBlocks(state) + 1n);
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The record as the proposer of this block. */
export function hasProposed(state: State, record: StakeRecord, genesis: Pick<Genesis, 'stake'>): StakeRecord {
  return {
    ...record,
    seen: later(record.seen, proposedBlocks(state)),
    seenUnits: unitsOf(record, genesis),
  };
}

/**
 * The record with its time counted from the first round in which what it is now stands in a table: at most so many of the rounds until then have a
 * proposer. Whatever time it had is over: keys of a far future that are taken back leave it none of that future.
 */
function excused(state: State, record: StakeRecord, { genesis, height }: Occasion): StakeRecord {
  const first = later(height + genesis.stake.balanceLookback, record.firstRound);
  return {
    ...record,
    seen: proposedBlocks(state) + first - height,
    seenUnits: unitsOf(record, genesis),
  };
}

/**
 * From when on a record was expected before a block (`Return`).
 *
 * @param tables as of the block's parent
 */
export function seenBefore(
  state: State,
  tables: Tables,
  { genesis, height }: Occasion,
  record: Uint8Array,
): bigint | undefined {
  const newest = tables.at(state, height - 1n + genesis.stake.balanceLookback);
  return newest?.row(record) === undefined ? undefined : tables.standing(record)?.seen;
}

/**
 * The record after its owner set it online or gave it keys: excused, unless both the last table and the one that this block makes have it. Who is
 * there all the while is expected all the while, or a switch off and on in one block would be time for nothing.
 */
export function returned(state: State, record: StakeRecord, block: Return): StakeRecord {
  // Going online is what counts.
  if (record.status !== ONLINE.online) return record;
  const before = block.seenBefore(record.id);
  if (before === undefined || !standsAfter(record, block)) return excused(state, record, block);
  // Keys that begin later, in this very block.
  const isFuture = record.seen > proposedBlocks(state) + block.genesis.stake.balanceLookback;
  return isFuture ? { ...record, seen: before } : record;
}

/**
 * The record after its stake changed: excused where it has half as much again as the least since its time began. Who unlocks and stakes the same again has
 * time for it, at the price of a third of his stake locked once more.
 */
export function weighed(state: State, record: StakeRecord, block: Occasion): StakeRecord {
  const units = unitsOf(record, block.genesis);
  if (2n * units > 3n * record.seenUnits) return excused(state, record, block);
  return units < record.seenUnits ? { ...record, seenUnits: units } : record;
}

/** Whether a record stands in the table that the block makes. */
export function standsAfter(record: StakeRecord | undefined, { genesis, height }: Occasion): boolean {
  if (record?.status !== ONLINE.online) return false;
  const round = height + genesis.stake.balanceLookback;
  return record.firstRound <= round && round <= record.lastRound && unitsOf(record, genesis) > 0n;
}

/** Whether it does so with keys for as many rounds more as tables look back: until then it can let others in, and they can come. */
export function staysAfter(record: StakeRecord | undefined, block: Occasion): boolean {
  return record !== undefined && standsAfter(record, block) && record.lastRound >= leastLastRound(block);
}

/** Last round that the keys of a record cover at least if others may rely on it. */
export function leastLastRound({ genesis, height }: Occasion): bigint {
  return height + 2n * genesis.stake.balanceLookback;
}
