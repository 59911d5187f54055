import {
  type Committee,
  committeeOf,
  equalValues,
  isNextStep,
  STEP,
  type Value,
  type WeighedVote,
} from '@sero/protocol';
import type { Mutant } from '../mutant.ts';
import type { ConsensusParams } from '../parameters.ts';
import { emptyMap, type PersistentMap } from '../persistent-map.ts';
import { keyOf } from './value-key.ts';
import { EMPTY_TRACKER, type Quorum, quorumFor, type VoteTracker } from './vote-tracker.ts';

/** What the ledger says of a round before it begins. */
export interface RoundFacts {
  readonly round: bigint;
  /** W: weight of the round's table. */
  readonly total: bigint;
  /** E(r), which follows from the parent alone. */
  readonly empty: Value;
}

/** A proposal that arrived. */
export interface Proposal {
  readonly vote: WeighedVote;
  /** Local time of arrival, ms. */
  readonly arrival: number;
}

/** A quorum of a next step (next_k, late, redo, down) and where its votes are. */
export interface NextQuorum {
  readonly step: number;
  readonly value: Value;
}

/** What a player knows of one period of its round. */
export interface PeriodState {
  /** By sender; the first of each. */
  readonly proposals: PersistentMap<Proposal>;
  /** Senders of two proposals. */
  readonly doubled: PersistentMap<true>;
  /** The proposal with the smallest leader value. */
  readonly lowest?: Proposal;
  /** The value that the leader's proposal had when the filter time ended. */
  readonly frozen?: Value;
  /** The value with a soft quorum (the paper's outcome of reduction). */
  readonly staged?: Value;
  /** The next-quorums for bottom, and for a value. */
  readonly nextBottom?: NextQuorum;
  readonly nextValue?: NextQuorum;
  /** No cert vote of this player any more: it was cast, or the player has said that the period may end. */
  readonly certClosed?: boolean;
  readonly steps: ReadonlyMap<number, VoteTracker>;
}

export const EMPTY_PERIOD: PeriodState = { proposals: emptyMap(), doubled: emptyMap(), steps: new Map() };

/**
 * One player in one round. A value: `transition` gives another one. Everything that it needs after a crash follows from the events that
 * are in its log.
 */
export interface PlayerState {
  readonly params: ConsensusParams;
  readonly mutant?: Mutant;
  readonly facts: RoundFacts;
  /** `waiting`: the clock of the round has not started; `decided`: a certificate is there, the ledger has the word. */
  readonly phase: 'waiting' | 'running' | 'decided';
  readonly period: number;
  /** soft: the filter time runs; cert: until the deadline; next_k: after the vote of that step. */
  readonly step: number;
  /** Local time at which the period began (in `waiting`: the round), ms. */
  readonly began: number;
  /** The next_k of the last period at its end; soft where it ended before its deadline. */
  readonly lastStep: number;
  /** The value that may be certified unseen; bottom until there is one. */
  readonly pinned: Value;
  readonly periods: ReadonlyMap<number, PeriodState>;
  /** Values whose blocks were executed on this round's parent: whether they hold. */
  readonly verdicts: PersistentMap<boolean>;
  readonly decision?: Quorum;
  /** Votes for the next round by sender and step, at most two each. */
  readonly early: PersistentMap<readonly WeighedVote[]>;
  /** Arrivals of the last winning proposals after their period's begin, ms, oldest first. */
  readonly arrivals: readonly number[];
}

/** Whether a value's block was found to hold; the empty block needs no looking at. */
export function isKnownToHold({ facts, verdicts }: PlayerState, value: Value): boolean {
  return equalValues(value, facts.empty) || verdicts.get(keyOf(value)) === true;
}

/** What is known of a period, nothing at first. */
export function periodOf(state: Pick<PlayerState, 'periods'>, period: number): PeriodState {
  return state.periods.get(period) ?? EMPTY_PERIOD;
}

/** The votes of a step. */
export function trackerOf(state: Pick<PlayerState, 'periods'>, period: number, step: number): VoteTracker {
  return periodOf(state, period).steps.get(step) ?? EMPTY_TRACKER;
}

/** The committee of a step in this round. */
export function committeeIn(state: PlayerState, step: number): Committee {
  return thinned(committeeOf(state.params.committees, step, state.facts.total), state.mutant);
}

/** The mutant `threshold`: a quorum with one unit less, where every unit votes. */
export function thinned(committee: Committee, mutant: Mutant | undefined): Committee {
  if (mutant !== 'threshold' || !committee.everyUnit || committee.threshold < 2n) return committee;
  return { ...committee, threshold: committee.threshold - 1n };
}

/** The votes of the next-quorum that speaks most for a period's end, if there is one: bottom before a value. */
export function nextQuorumOf(state: PlayerState, period: number): Quorum | undefined {
  const { nextBottom, nextValue } = periodOf(state, period);
  const next = nextBottom ?? nextValue;
  if (next === undefined) return undefined;
  const place = { round: state.facts.round, period, step: next.step };
  return quorumFor(trackerOf(state, period, next.step), place, next.value);
}

/** The votes of a period's soft quorum, if there is one. */
export function softQuorumOf(state: PlayerState, period: number): Quorum | undefined {
  const { staged } = periodOf(state, period);
  if (staged === undefined) return undefined;
  const place = { round: state.facts.round, period, step: STEP.soft };
  return quorumFor(trackerOf(state, period, STEP.soft), place, staged);
}

/** Number k of the step next_k; undefined for any other step. */
export function nextIndex(step: number): number | undefined {
  return isNextStep(step) && step < STEP.late ? step - STEP.next : undefined;
}
