import { BOTTOM, equalValues, isBottom, STEP, type Value } from '@sero/protocol';
import { deadline } from './filter-time.ts';
import { change, changePeriod, type Play } from './play.ts';
import {
  committeeIn,
  isKnownToHold,
  nextQuorumOf,
  type PlayerState,
  periodOf,
  softQuorumOf,
  trackerOf,
} from './state.ts';
import { setNextTimer, setRecoveryTimer, setStepTimer } from './timers.ts';
import { heaviestOf } from './vote-tracker.ts';

/** Last next_k that there is: 252. */
const LAST_NEXT = STEP.late - 1;

/** The end of the filter time: the leader is who has shown the smallest leader value until now. */
export function softVote(play: Play): void {
  const { params, period } = play.state;
  const frozen = frozenValue(play.state);
  if (frozen !== undefined) changePeriod(play, period, { frozen });
  const value = softValue(play.state);
  change(play, { step: STEP.cert });
  setStepTimer(play, deadline(params, period));
  if (value !== undefined) vote(play, STEP.soft, value);
  certVote(play);
  endIfSplit(play);
}

/**
 * The next vote before the deadline, where everybody votes: the soft votes that were seen leave no value that could still have a quorum, so this period
 * makes nothing final. As with any clock that is fast, it decides when a player votes and never for what; an equivocator who would have helped
 * a value makes others do it by a later period.
 */
export function endIfSplit(play: Play): void {
  const { state } = play;
  const { everyUnit, threshold } = committeeIn(state, STEP.soft);
  if (!everyUnit || state.phase !== 'running' || state.step !== STEP.cert) return;
  const tracker = trackerOf(state, state.period, STEP.soft);
  const unseen = state.facts.total - tracker.total;
  if (tracker.reached.length > 0 || tracker.total === 0n) return;
  if (heaviestOf(tracker) + tracker.paired + unseen < threshold) nextVote(play);
}

/** The value of this period's leader; from period m on the empty block, for whoever saw bottom win the last period. */
function frozenValue(state: PlayerState): Value | undefined {
  const { params, period, facts, mutant } = state;
  const sawBottom = periodOf(state, period - 1).nextBottom !== undefined;
  if (period >= params.emptyBlockPeriod && (sawBottom || mutant === 'empty-block')) return facts.empty;
  return periodOf(state, period).lowest?.vote.vote.value;
}

/** What to soft-vote for, if anything (research 5, rule 2). */
function softValue(state: PlayerState): Value | undefined {
  const { params, period, facts, mutant } = state;
  const { frozen } = periodOf(state, period);
  if (period === 0) return frozen;
  const { nextBottom, nextValue } = periodOf(state, period - 1);
  if (mutant === 'empty-block' && period >= params.emptyBlockPeriod) return facts.empty;
  if (nextValue !== undefined && nextBottom === undefined) return nextValue.value;
  if (frozen === undefined || nextBottom === undefined) return undefined;
  const isOriginal =
    frozen.period === period || (period >= params.emptyBlockPeriod && equalValues(frozen, facts.empty));
  if (isOriginal) return frozen;
  return nextValue !== undefined && equalValues(nextValue.value, frozen) ? frozen : undefined;
}

/** Whether this player may vote for making a value final, and stand by it: there is a soft quorum, and its block is known to hold. */
export function committable(state: PlayerState): Value | undefined {
  const { staged } = periodOf(state, state.period);
  if (staged === undefined) return undefined;
  return isKnownToHold(state, staged) ? staged : undefined;
}

/** The cert vote, once, before the period's deadline. */
export function certVote(play: Play): void {
  const { state } = play;
  const value = committable(state);
  if (state.phase !== 'running' || state.step > STEP.cert || value === undefined) return;
  if (periodOf(state, state.period).certClosed === true) return;
  changePeriod(play, state.period, { certClosed: true });
  vote(play, STEP.cert, value);
}

/** The deadline, and each longer one after it. */
export function nextVote(play: Play): void {
  const { step } = play.state;
  const following = step < STEP.next ? STEP.next : step + 1;
  if (following > LAST_NEXT) return;
  change(play, { step: following });
  resync(play);
  vote(play, following, valueToKeep(play.state));
  setNextTimer(play);
}

/** What the next period is to begin with: a value that could be certified by now must not be given up (research 5, rule 5). */
function valueToKeep(state: PlayerState): Value {
  if (state.mutant === 'next-vote') return BOTTOM;
  const staged = committable(state);
  if (staged !== undefined) return staged;
  const { nextBottom, nextValue } = periodOf(state, state.period - 1);
  return nextValue !== undefined && nextBottom === undefined ? nextValue.value : BOTTOM;
}

/** Fast recovery, at a constant rate: the votes that end a period, whichever next_k anybody has come to (research 5, rule 7). */
export function recover(play: Play): void {
  const { state } = play;
  const { period } = state;
  // Whoever says that a period may end does not vote in it any more for making its value final.
  changePeriod(play, period, { certClosed: true });
  resync(play);
  const value = valueToKeep(state);
  const staged = committable(state);
  if (isBottom(value)) vote(play, STEP.down, BOTTOM);
  else vote(play, staged === undefined ? STEP.redo : STEP.late, value);
  const votes = [STEP.late, STEP.redo, STEP.down].flatMap((step) => [
    ...trackerOf(play.state, period, step).votes.values(),
  ]);
  if (votes.length > 0) play.actions.push({ type: 'resend', votes });
  setRecoveryTimer(play);
}

/** Sends the freshest bundle that tells of this period, and its block, to whoever may lag behind (research 5, rule 8). */
export function resync(play: Play): void {
  const { state } = play;
  const quorum = softQuorumOf(state, state.period) ?? nextQuorumOf(state, state.period - 1);
  if (quorum === undefined) return;
  const { value } = quorum;
  const block = isBottom(value) ? state.pinned : value;
  const digest = isBottom(block) ? undefined : block.digest;
  play.actions.push({ type: 'resync', quorums: [quorum], digest });
}

function vote(play: Play, step: number, value: Value): void {
  const { facts, period } = play.state;
  play.actions.push({ type: 'vote', round: facts.round, period, step, value });
}
