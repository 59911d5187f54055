import type { ConsensusParams } from '../parameters.ts';

/** Winning proposals that the filter time is taken from. */
const SAMPLES = 40;

/** Fewer say too little. */
const FEWEST = 5;

/** Room for what the samples do not show, ms. */
const MARGIN = 50;

/** The arrivals with one more; the oldest go. */
export function withArrival(arrivals: readonly number[], ms: number): readonly number[] {
  return [...arrivals, ms].slice(-SAMPLES);
}

/**
 * How long a player waits for the smallest leader value, ms: in period 0 the time in which 95 % of the last winners arrived, and
 * a margin, within the profile's bounds; its upper bound in later periods and where little is known (design 4, "filter"; dynamic as in
 * go-algorand's period 0). It decides when a player votes, never for what, so clocks that differ cost time and nothing else.
 */
export function filterTime(params: ConsensusParams, period: number, arrivals: readonly number[]): number {
  const { filterMin, filterMax } = params.pace;
  if (period > 0 || arrivals.length < FEWEST) return filterMax;
  const sorted = arrivals.toSorted((a, b) => a - b);
  // 13/256 is a twentieth without fractions: of 40 arrivals the 38th counts.
  const late = (13 * sorted.length) >> 8;
  const time = sorted[sorted.length - late - 1]! + MARGIN;
  return time < filterMin ? filterMin : time > filterMax ? filterMax : time;
}

/** When a period's players give up on it and next-vote, ms after its begin. */
export function deadline(params: ConsensusParams, period: number): number {
  return period === 0 ? params.pace.deadlineFirst : params.pace.deadlineLater;
}
