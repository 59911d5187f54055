import { type Genesis, ONLINE } from '@sero/protocol';
import type { StakeRecord } from './stake-record.ts';
import type { State } from './state.ts';

/**
 * From when on a record is expected to propose (absence.ts). Time is counted in blocks that somebody proposed: in the others nobody's turn was
 * missed. It begins anew with a record's own block, with the first round in which it can propose at all as it is now, and where it grew so much that
 * what it missed as a small one would be held against it as a large one.
 */

/** The block in which something happens to a record. */
export interface Occasion {
  readonly genesis: Pick<Genesis, 'stake'>;
  readonly height: bigint;
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
 * proposer.
 */
export function excused(state: State, record: StakeRecord, { genesis, height }: Occasion): StakeRecord {
  const first = later(height + genesis.stake.balanceLookback, record.firstRound);
  return {
    ...record,
    seen: later(record.seen, proposedBlocks(state) + first - height),
    seenUnits: unitsOf(record, genesis),
  };
}

/** The record after its stake changed: excused where it has half as much again as the least since its time began. */
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
