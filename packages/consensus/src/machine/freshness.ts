import { toHex } from '@sero/crypto';
import { equalValues, STEP, type Value, type WeighedVote } from '@sero/protocol';
import { nextIndex, type PlayerState, periodOf, trackerOf } from './state.ts';

/** What a vote says of itself before anything was verified. */
export interface VotePlace {
  readonly sender: Uint8Array;
  readonly round: bigint;
  readonly period: number;
  readonly step: number;
  readonly value: Value;
}

/**
 * Whether a vote of this round can still matter (research 5, rule 9): periods from the last to the next, next_k no further than one
 * from where this player is. It bounds what a flood of votes, however valid, makes a player verify and keep; whoever falls further
 * behind is brought up by bundles.
 */
export function isFresh(state: PlayerState, { period, step }: Pick<VotePlace, 'period' | 'step'>): boolean {
  const distance = period - state.period;
  if (distance < -1 || distance > 1) return false;
  if (step === STEP.propose) return distance >= 0;
  const k = nextIndex(step);
  if (k === undefined) return true;
  const own = distance === 0 ? state.step : distance < 0 ? state.lastStep : STEP.soft;
  const near = nextIndex(own) ?? 0;
  return k >= near - 1 && k <= near + 1;
}

/** Whether a vote of the next round is kept for it: of its first period, before anybody can be at its second next vote. */
export function isEarly({ period, step }: Pick<VotePlace, 'period' | 'step'>): boolean {
  return period === 0 && (step <= STEP.next || step >= STEP.late);
}

/**
 * Whether a vote is worth verifying: of this round and fresh, or early for the next, new, and not a third of its sender at its step. Ask it
 * before any cryptography; what is not wanted is dropped, and is no offence.
 */
export function isWanted(state: PlayerState, place: VotePlace): boolean {
  const { round } = state.facts;
  if (place.round === round + 1n) {
    const kept = state.early.get(earlyKey(place)) ?? [];
    return isEarly(place) && kept.length < MOST_EARLY && !kept.some((other) => isSame(other, place));
  }
  if (place.round !== round || !isFresh(state, place)) return false;
  const { decision } = state;
  // Of a decided round only what could make a second certificate.
  const isDone =
    decision !== undefined && (place.step !== STEP.cert || equalValues(place.value, decision.value));
  if (isDone) return false;
  const sender = toHex(place.sender);
  if (place.step === STEP.propose) {
    const { proposals, doubled } = periodOf(state, place.period);
    const known = proposals.get(sender)?.vote;
    return known === undefined || !(doubled.has(sender) || isSame(known, place));
  }
  const { votes, pairs } = trackerOf(state, place.period, place.step);
  const known = votes.get(sender);
  return known === undefined || !(pairs.has(sender) || isSame(known, place));
}

function isSame({ vote }: WeighedVote, { value }: VotePlace): boolean {
  return equalValues(vote.value, value);
}

/** Votes of one sender for the next round that are kept at a step: more would not make more than a pair. */
export const MOST_EARLY = 2;

/** Where a vote for the next round is kept. */
export function earlyKey({ sender, step }: Pick<VotePlace, 'sender' | 'step'>): string {
  return `${toHex(sender)}${step}`;
}
