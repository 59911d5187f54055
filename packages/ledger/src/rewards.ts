import { WHOLE_COMMISSION } from '@sero/protocol';
import { FACTOR_ONE, type Position, type StakeRecord } from './stake-record.ts';

/**
 * Rewards of a record (design 3): the owner's commission first, the rest to all positions in proportion to what they have, through one
 * number, the reward of a nominal unit of S since the beginning. A position's part is what that number grew by since it was
 * last settled; it is settled before its stake changes. Stake earns from the block that brings it in to the block that unlocks it,
 * while it counts balanceLookback rounds later: both ends are late by the same, so the time is neither longer nor shorter.
 */

/**
 * The record after a reward. Rounded down for everybody: what is left over stays in `rewards`, and no order of claims can draw more
 * than was credited.
 *
 * @param unit S; a record in which less than this is bonded takes no reward
 * @returns undefined where the record takes none
 */
export function credited(record: StakeRecord, amount: bigint, unit: bigint): StakeRecord | undefined {
  const { nominal } = record.bonded;
  if (nominal < unit) return undefined;
  const commission = (amount * BigInt(record.commission)) / BigInt(WHOLE_COMMISSION);
  const shared = amount - commission;
  return {
    ...record,
    commissionDue: record.commissionDue + commission,
    rewards: record.rewards + shared,
    accumulator: record.accumulator + (shared * unit * FACTOR_ONE) / nominal,
  };
}

/** The position with all that it has earned up to now. */
export function settled(position: Position, { accumulator }: StakeRecord, unit: bigint): Position {
  const grown = accumulator - position.settled;
  const earned = (position.nominal * grown) / (unit * FACTOR_ONE);
  return { ...position, settled: accumulator, rewards: position.rewards + earned };
}
