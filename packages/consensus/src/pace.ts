import type { ConsensusParams } from './parameters.ts';

/** It looks at the clock again after this long at the latest, ms: timers of a runtime have bounds. */
const LONGEST_WAIT = 3_600_000n;

/** A unit of leader value in which small networks take turns, ms, at the least. */
const TURN_MS = 20;

/**
 * How long a player waits before it builds a block, ms (design 4, "Pace"): in the small profile, where every unit may propose, players begin in
 * the order of their leader values, so that most hear of a smaller one before they have built anything. A turn is as long as two blocks take to
 * build, from 20 ms to an eighth of the longest filter time. 0 in a network with drawn committees, whose few proposers do not know of each other. No
 * rule: nobody can tell how long somebody waited.
 *
 * @param leader own leader value, 256 bits
 * @param total W, units
 * @param buildTime of the next block, ms
 */
export function buildDelay(
  { committees, pace }: ConsensusParams,
  leader: bigint,
  total: bigint,
  buildTime: number,
): number {
  if (committees.soft.size !== 0) return 0;
  const proposers = BigInt(committees.proposers);
  const draws = proposers === 0n || proposers > total ? total : proposers;
  const longest = pace.filterMax >> 3;
  const wanted = buildTime < longest ? 2 * buildTime : longest;
  const turn = wanted < TURN_MS ? TURN_MS : wanted < longest ? wanted : longest;
  return Number((BigInt(turn) * leader * draws) >> 256n);
}

/**
 * How long a player with nothing to include waits before it may propose, ms: a block without transactions is valid only if its time is minBlockGap
 * after its parent's (design 4, "Pace"), so nobody can make an idle chain run faster.
 */
export function waitForGap(
  { pace }: ConsensusParams,
  { parent, now }: { readonly parent: bigint; readonly now: bigint },
): number {
  const wait = parent + BigInt(pace.minBlockGap) - now;
  return Number(wait <= 0n ? 0n : wait < LONGEST_WAIT ? wait : LONGEST_WAIT);
}

/** A player does not vote for a block whose time is further ahead of its own clock than this, ms (design 3, "Block and state"): it waits. */
const MOST_AHEAD = 2_000n;

/**
 * How long a player waits before it looks again at a block that holds and is ahead of its time, ms; 0 where it takes note of it now. A
 * certified block is final whatever its time.
 */
export function waitForTime(block: bigint, now: bigint): number {
  const wait = block - now - MOST_AHEAD;
  return Number(wait <= 0n ? 0n : wait < LONGEST_WAIT ? wait : LONGEST_WAIT);
}
