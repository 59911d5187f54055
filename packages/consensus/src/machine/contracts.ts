import { equalValues, isBottom, mayVoteBottom, STEP } from '@sero/protocol';
import type { PlayerAction, PlayerEvent } from './events.ts';
import type { Transition } from './player.ts';
import { committeeIn, type PlayerState, periodOf } from './state.ts';
import { checkTracker } from './vote-tracker.ts';
import { committable } from './voting.ts';

/**
 * What every transition of a player keeps to, whatever comes: pre- and postconditions beside the machine (after go-algorand's contracts). On in
 * tests and in the simulator; they look at states and actions only, so they hold for any rewrite of the machine.
 */

function fail(what: string): never {
  throw new Error(`a contract of the player is broken: ${what}`);
}

function expect(condition: boolean, what: string): void {
  if (!condition) fail(what);
}

/** Throws unless a transition keeps to the contracts. */
export function checkTransition(
  before: PlayerState,
  event: PlayerEvent,
  { state, actions }: Transition,
): void {
  if (event.type === 'round') {
    expect(state.facts === event.facts, 'a round begins with its own facts');
    expect(
      state.phase !== 'running' || state.periods.size > 0,
      'a round runs before anything was seen of it',
    );
  } else {
    checkProgress(before, state);
  }
  for (const action of actions) if (action.type === 'vote') checkVote(state, action);
  checkCommit(before, event, state, actions);
  checkPeriods(before, state, actions);
  checkTrackers(before, state);
}

/** Within a round nothing goes back. */
function checkProgress(before: PlayerState, after: PlayerState): void {
  expect(after.facts === before.facts, 'the round changes without being told');
  expect(after.period >= before.period, 'the period falls');
  expect(after.period > before.period || after.step >= before.step, 'the step falls');
  expect(before.decision === undefined || after.decision === before.decision, 'a decision changes');
  expect(before.phase === 'waiting' || after.phase !== 'waiting', 'the clock stops');
  for (const [digest, isValid] of before.verdicts.entries()) {
    expect(!isValid || after.verdicts.get(digest) === true, 'a block that holds does not any more');
  }
}

function checkVote(state: PlayerState, action: PlayerAction & { type: 'vote' }): void {
  const { round, period, step, value } = action;
  expect(round === state.facts.round && period <= state.period, 'a vote for another round or a later period');
  expect(!isBottom(value) || mayVoteBottom(step), 'bottom at a step that needs a value');
  expect(isBottom(value) || step !== STEP.down, 'a value at a step that says bottom');
  if (step === STEP.cert) {
    const { staged } = periodOf(state, period);
    expect(staged !== undefined && equalValues(staged, value), 'a cert vote without a soft quorum');
    expect(periodOf(state, period).certClosed === true, 'a cert vote that could be cast again');
  }
  if (step >= STEP.next && period === state.period && state.mutant !== 'next-vote') {
    const staged = committable(state);
    expect(
      staged === undefined || equalValues(staged, value),
      'a value that may be certified is given up by its voter',
    );
  }
}

function checkCommit(
  before: PlayerState,
  event: PlayerEvent,
  after: PlayerState,
  actions: readonly PlayerAction[],
): void {
  const commits = actions.filter(({ type }) => type === 'commit').length;
  const isNew = after.decision !== undefined && (before.decision === undefined || event.type === 'restart');
  expect(event.type === 'round' || commits === (isNew ? 1 : 0), 'a decision is told not once');
  expect((after.phase === 'decided') === (after.decision !== undefined), 'decided without a decision');
}

/** Every period that is left or jumped over is told, so that its keys go. */
function checkPeriods(before: PlayerState, after: PlayerState, actions: readonly PlayerAction[]): void {
  if (after.facts !== before.facts || after.period === before.period) return;
  const left = actions.flatMap((action) => (action.type === 'period-left' ? [action.period] : []));
  expect(left.at(-1) === after.period - 1, 'a period is left in silence');
  const isTimed = actions.some(
    ({ type, ...action }) => type === 'timer' && 'timer' in action && action.timer.name === 'step',
  );
  expect(isTimed, 'a period without an end');
}

/**
 * Throws unless a restored player knows what it knew when its last record was written: all but clocks, votes for the next round, and arrivals.
 */
export function checkRestored(written: PlayerState, restored: PlayerState): void {
  const knowledge = ({
    facts,
    phase,
    period,
    step,
    lastStep,
    pinned,
    periods,
    verdicts,
    decision,
  }: PlayerState) => ({
    ...{ facts, phase, period, step, lastStep, pinned, decision },
    verdicts: [...verdicts.entries()],
    periods: [...periods].map(([number, { proposals, doubled, lowest, steps, ...rest }]) => ({
      ...{ number, ...rest },
      lowest: lowest?.vote.vote.sender,
      proposals: [...proposals.entries()].map(([sender, { vote }]) => [sender, vote]),
      doubled: [...doubled.entries()],
      steps: [...steps].map(([step, tracker]) => ({
        ...{ step, reached: tracker.reached, paired: tracker.paired, total: tracker.total },
        votes: [...tracker.votes.entries()],
      })),
    })),
  });
  const text = (state: PlayerState) =>
    JSON.stringify(knowledge(state), (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  expect(text(written) === text(restored), 'a restart forgets something that was voted upon');
}

function checkTrackers(before: PlayerState, after: PlayerState): void {
  for (const [number, { steps }] of after.periods) {
    for (const [step, tracker] of steps) {
      const isNew = before.periods.get(number)?.steps.get(step) !== tracker;
      if (isNew) checkTracker(tracker, step, committeeIn(after, step).threshold);
    }
  }
}
