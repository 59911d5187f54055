import type { Committee } from './committee.ts';
import type { StakeTable } from './stake-table.ts';

/** All that is needed to judge the votes of one round; it is settled before the round begins. */
export interface RoundContext {
  readonly genesisHash: Uint8Array;
  readonly round: bigint;
  /** seed(round - seedLookback), 32 bytes; genesis' below round 0. */
  readonly seed: Uint8Array;
  /** The table for this round: in the validators root of the header of round - balanceLookback. */
  readonly table: StakeTable;
  /** Who votes at a step, for the table's total. */
  readonly committees: (step: number) => Committee;
}
