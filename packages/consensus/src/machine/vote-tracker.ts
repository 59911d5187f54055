import { toHex } from '@sero/crypto';
import { equalValues, mayVoteBottom, type Value, type WeighedVote } from '@sero/protocol';
import type { Mutant } from '../mutant.ts';
import { emptyMap, type PersistentMap } from '../persistent-map.ts';
import { keyOf } from './value-key.ts';

/** Two votes of one sender for different values at one step: proof of a fault. Both have the same weight, which is the draw's. */
export interface EquivocationPair {
  readonly first: WeighedVote;
  readonly second: WeighedVote;
}

/** Weight that single-minded senders gave a value. */
interface Count {
  readonly value: Value;
  readonly weight: bigint;
}

/**
 * The votes of one step of one period. A sender's weight counts once; an equivocator's counts for every value, bottom included: honest
 * nodes that saw different halves of a pair come to the same quorums in the end, and two quorums still share an honest voter.
 */
export interface VoteTracker {
  /** By sender; of an equivocator, the vote that came first. */
  readonly votes: PersistentMap<WeighedVote>;
  readonly pairs: PersistentMap<EquivocationPair>;
  /** Weight of the equivocators. */
  readonly paired: bigint;
  /** By value, without equivocators. */
  readonly counts: PersistentMap<Count>;
  /** The most that any value without a quorum has had of `counts`: none gets one while this and `paired` make none. */
  readonly heaviest: bigint;
  /** Weight of all senders, each once. */
  readonly total: bigint;
  /** Values that have a quorum, in the order in which they reached it. */
  readonly reached: readonly Value[];
}

export const EMPTY_TRACKER: VoteTracker = {
  votes: emptyMap(),
  pairs: emptyMap(),
  paired: 0n,
  counts: emptyMap(),
  heaviest: 0n,
  total: 0n,
  reached: [],
};

/** What a vote did to its tracker. */
export interface Counted {
  readonly tracker: VoteTracker;
  /** `counted`: the sender's first; `paired`: his second, for another value; `known`: nothing new. */
  readonly outcome: 'counted' | 'paired' | 'known';
  /** The pair, where this vote completed one. */
  readonly pair?: EquivocationPair;
  /** Values that reached their quorum by this vote. */
  readonly reached: readonly Value[];
}

/** Weight that speaks for a value: its single-minded senders and all equivocators. */
export function weightFor(tracker: VoteTracker, value: Value): bigint {
  return (tracker.counts.get(keyOf(value))?.weight ?? 0n) + tracker.paired;
}

/**
 * Counts a verified vote. All votes of a tracker are of one round, period and step.
 *
 * @param threshold weight that makes a quorum, at least 1
 */
export function countVote(
  tracker: VoteTracker,
  vote: WeighedVote,
  threshold: bigint,
  mutant?: Mutant,
): Counted {
  const sender = toHex(vote.vote.sender);
  const known = tracker.votes.get(sender);
  if (known === undefined) return count(tracker, sender, vote, threshold);
  const isSame = equalValues(known.vote.value, vote.vote.value);
  const isKnown = isSame || tracker.pairs.has(sender) || mutant === 'equivocation';
  if (isKnown) return { tracker, outcome: 'known', reached: [] };
  const pair = { first: known, second: vote };
  const key = keyOf(known.vote.value);
  const { value, weight } = tracker.counts.get(key)!;
  const after = {
    ...tracker,
    pairs: tracker.pairs.with(sender, pair),
    paired: tracker.paired + known.weight,
    counts: tracker.counts.with(key, { value, weight: weight - known.weight }),
  };
  const candidates = [...grown(after, threshold), vote.vote.value];
  return { ...withQuorums(after, threshold, candidates), outcome: 'paired', pair };
}

/** The values that a new equivocator may have helped to a quorum: he speaks for all of them. There may be as many as senders, and as many equivocators. */
function grown({ paired, counts, heaviest }: VoteTracker, threshold: bigint): Value[] {
  if (paired + heaviest < threshold) return [];
  const values: Value[] = [];
  for (const { value, weight } of counts.values()) if (paired + weight >= threshold) values.push(value);
  return values;
}

function count(tracker: VoteTracker, sender: string, vote: WeighedVote, threshold: bigint): Counted {
  const { value } = vote.vote;
  const weight = (tracker.counts.get(keyOf(value))?.weight ?? 0n) + vote.weight;
  const after = {
    ...tracker,
    votes: tracker.votes.with(sender, vote),
    counts: tracker.counts.with(keyOf(value), { value, weight }),
    heaviest: isReached(tracker, value) || weight <= tracker.heaviest ? tracker.heaviest : weight,
    total: tracker.total + vote.weight,
  };
  return { ...withQuorums(after, threshold, [value]), outcome: 'counted' };
}

/** Notes which of the values, whose weight has grown, have a quorum now. */
function withQuorums(
  tracker: VoteTracker,
  threshold: bigint,
  candidates: readonly Value[],
): { tracker: VoteTracker; reached: readonly Value[] } {
  const reached: Value[] = [];
  for (const value of candidates) {
    const isNew = !isReached(tracker, value) && !reached.some((other) => equalValues(other, value));
    if (isNew && weightFor(tracker, value) >= threshold) reached.push(value);
  }
  if (reached.length === 0) return { tracker, reached };
  const after = { ...tracker, reached: [...tracker.reached, ...reached] };
  return { tracker: { ...after, heaviest: heaviestOf(after) }, reached };
}

function isReached({ reached }: Pick<VoteTracker, 'reached'>, value: Value): boolean {
  return reached.some((other) => equalValues(other, value));
}

/** The most that a value without a quorum has, equivocators left out. */
export function heaviestOf(tracker: Pick<VoteTracker, 'counts' | 'reached'>): bigint {
  let heaviest = 0n;
  for (const { value, weight } of tracker.counts.values()) {
    if (weight > heaviest && !isReached(tracker, value)) heaviest = weight;
  }
  return heaviest;
}

/** The votes that make a quorum: what a bundle is encoded from. */
export interface Quorum {
  readonly round: bigint;
  readonly period: number;
  readonly step: number;
  readonly value: Value;
  readonly votes: readonly WeighedVote[];
  readonly pairs: readonly EquivocationPair[];
}

/** The votes of a tracker that speak for a value. */
export function quorumFor(
  tracker: VoteTracker,
  place: { readonly round: bigint; readonly period: number; readonly step: number },
  value: Value,
): Quorum {
  const votes = [...tracker.votes.entries()].filter(
    ([sender, { vote }]) => !tracker.pairs.has(sender) && equalValues(vote.value, value),
  );
  return { ...place, value, votes: votes.map(([, vote]) => vote), pairs: [...tracker.pairs.values()] };
}

/** Throws unless what a tracker says of itself is true: contract, on in tests and in the simulator. */
export function checkTracker(tracker: VoteTracker, step: number, threshold: bigint): void {
  const fail = (what: string): never => {
    throw new Error(`vote tracker: ${what}`);
  };
  const senders = [...tracker.votes.entries()];
  const single = senders.filter(([sender]) => !tracker.pairs.has(sender));
  const sum = (votes: readonly WeighedVote[]) => votes.reduce((total, { weight }) => total + weight, 0n);
  if (tracker.total !== sum(senders.map(([, vote]) => vote))) fail('a weight is not counted once');
  if (tracker.paired !== sum([...tracker.pairs.values()].map(({ first }) => first)))
    fail('equivocators are miscounted');
  for (const { value, weight } of tracker.counts.values()) {
    const votes = single.map(([, vote]) => vote).filter(({ vote }) => equalValues(vote.value, value));
    if (weight !== sum(votes)) fail('a value is miscounted');
    if (weight > tracker.heaviest && !isReached(tracker, value)) fail('a value heavier than the heaviest');
  }
  for (const value of tracker.reached) {
    if (weightFor(tracker, value) < threshold) fail('a quorum without its weight');
    if (!mayVoteBottom(step) && value.digest.every((byte) => byte === 0))
      fail('a quorum for bottom at a step without it');
  }
}
