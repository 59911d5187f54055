import type { ConsensusParams } from '../parameters.ts';
import { type PlayerState, periodOf } from './state.ts';

/** Winning proposals that the filter time is taken from. */
const SAMPLES = 20;

/** Fewer say too little. */
const FEWEST = 5;

/** The newest, each of which counts: what has become slower is slower now. */
const NEWEST = 3;

/** Room for what the samples do not show, ms. */
const MARGIN = 50;

/** The arrivals with one more; the oldest go. */
export function withArrival(arrivals: readonly number[], ms: number): readonly number[] {
  return [...arrivals, ms].slice(-SAMPLES);
}

/**
 * How long a player waits for the smallest leader value, ms: in period 0 the time in which 95 % of the last winners arrived, and the newest
 * three of them, and a margin, within the profile's bounds; its upper bound in later periods and where little is known (design 4, "filter";
 * dynamic as in go-algorand's period 0). It decides when a player votes, never for what, so clocks that differ cost time and nothing else.
 */
export function filterTime(params: ConsensusParams, period: number, arrivals: readonly number[]): number {
  const { filterMin, filterMax } = params.pace;
  if (period > 0 || arrivals.length < FEWEST) return filterMax;
  const sorted = arrivals.toSorted((a, b) => a - b);
  // 13/256 is a twentieth without fractions: of 20 arrivals the 19th counts.
  const late = (13 * sorted.length) >> 8;
  const most = sorted[sorted.length - late - 1]!;
  const time = arrivals.slice(-NEWEST).reduce((longest, ms) => (ms > longest ? ms : longest), most) + MARGIN;
  return time < filterMin ? filterMin : time > filterMax ? filterMax : time;
}

/**
 * When a player's soft vote is due, by what it knows now, ms after the period's begin. In period 0 it is not the filter time alone that decides:
 *
 * - The smallest leader value has stood for half of filterMin. Who votes the moment after it came, or the moment before the next smaller one
 *   comes, votes for something else than others to whom both came a little sooner or later.
 * - Where nobody has shown any there is another look after as long: a vote for nothing would lose the period, which costs more than any wait.
 *
 * All of it up to filterMax.
 */
export function softVoteTime(state: PlayerState, now: number): number {
  const { params, period, arrivals, began } = state;
  const { filterMin, filterMax } = params.pace;
  const time = filterTime(params, period, arrivals);
  if (period > 0) return time;
  const shown = (periodOf(state, 0).lowest?.arrival ?? now) - began;
  const settled = shown + (filterMin >> 1);
  const due = settled > time ? settled : time;
  return due < filterMax ? due : filterMax;
}

/** When a period's players give up on it and next-vote, ms after its begin. */
export function deadline(params: ConsensusParams, period: number): number {
  return period === 0 ? params.pace.deadlineFirst : params.pace.deadlineLater;
}
