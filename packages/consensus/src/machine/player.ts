import { toHex } from '@sero/crypto';
import { BOTTOM, equalValues, STEP, type Value } from '@sero/protocol';
import type { Mutant } from '../mutant.ts';
import type { ConsensusParams } from '../parameters.ts';
import { emptyMap } from '../persistent-map.ts';
import { onBundle, onVote } from './counting.ts';
import type { PlayerAction, PlayerEvent, Timer } from './events.ts';
import { deadline, filterTime, softVoteTime, withArrival } from './filter-time.ts';
import { offer, startClock } from './periods.ts';
import { change, type Play } from './play.ts';
import { type PeriodState, type PlayerState, periodOf, type RoundFacts } from './state.ts';
import { setIdleTimer, setNextTimer, setRecoveryTimer, setSoftTimers, setStepTimer } from './timers.ts';
import { keyOf } from './value-key.ts';
import { certVote, nextVote, recover, resync, softVote } from './voting.ts';

/**
 * The player: SE-Random's agreement on one block a round (white paper 4.1, "BA* Consensus Protocol"; behaviour after Algorand's ABFT,
 * README "Where this departs from the paper"). Pure: the state and the actions follow from state, event and local time alone.
 */

/** A state and what is to be done now that it is reached. */
export interface Transition {
  readonly state: PlayerState;
  readonly actions: readonly PlayerAction[];
}

/** A player before its first round. Its first event is `round`. */
export function newPlayer(
  params: ConsensusParams,
  facts: RoundFacts,
  now: number,
  mutant?: Mutant,
): Transition {
  const state: PlayerState = {
    params,
    ...(mutant === undefined ? {} : { mutant }),
    ...freshRound(facts, now),
    early: emptyMap(),
    arrivals: [],
  };
  const play: Play = { state, actions: [], now };
  setIdleTimer(play);
  return { state: play.state, actions: play.actions };
}

/**
 * What an event does to a player.
 *
 * @param now local time in ms, not falling while a process runs; only its differences count
 */
export function transition(state: PlayerState, event: PlayerEvent, now: number): Transition {
  const play: Play = { state, actions: [], now };
  onEvent(play, event);
  return { state: play.state, actions: play.actions };
}

function onEvent(play: Play, event: PlayerEvent): void {
  switch (event.type) {
    case 'round':
      onRound(play, event.facts);
      break;
    case 'vote':
      onVote(play, event.vote, 'fresh');
      break;
    case 'bundle':
      onBundle(play, event.votes, event.pairs);
      break;
    case 'block':
      onBlock(play, event.value, event.isValid);
      break;
    case 'timer':
      onTimer(play, event.timer);
      break;
    case 'transactions':
      startClock(play);
      break;
    case 'restart':
      onRestart(play);
      break;
  }
}

function freshRound(facts: RoundFacts, now: number) {
  return {
    facts,
    phase: 'waiting',
    period: 0,
    step: STEP.soft,
    began: now,
    lastStep: STEP.soft,
    pinned: BOTTOM,
    periods: new Map<number, PeriodState>(),
    verdicts: emptyMap<boolean>(),
  } as const;
}

/** The next round, with what came early for it. */
function onRound(play: Play, facts: RoundFacts): void {
  const { params, mutant, early, arrivals } = play.state;
  const came = facts.round === play.state.facts.round + 1n ? [...early.values()].flat() : [];
  play.state = {
    params,
    ...(mutant === undefined ? {} : { mutant }),
    ...freshRound(facts, play.now),
    early: emptyMap(),
    arrivals: withWinner(play.state, arrivals),
  };
  setIdleTimer(play);
  for (const vote of came) onVote(play, vote, 'early');
}

/** The arrival of the proposal that won in period 0, for the filter time. */
function withWinner(state: PlayerState, arrivals: readonly number[]): readonly number[] {
  const value = state.decision?.value;
  if (value === undefined || state.decision?.period !== 0) return arrivals;
  const proposal = periodOf(state, 0).proposals.get(toHex(value.proposer));
  if (proposal === undefined || state.period > 0) return arrivals;
  const ms = proposal.arrival - state.began;
  return withArrival(arrivals, ms > 0 ? ms : 0);
}

function onBlock(play: Play, value: Value, isValid: boolean): void {
  const { state } = play;
  change(play, { verdicts: state.verdicts.with(keyOf(value), isValid) });
  if (!isValid) return;
  const proposals = [...periodOf(state, 0).proposals.values()];
  if (proposals.some(({ vote }) => equalValues(vote.vote.value, value))) startClock(play);
  certVote(play);
}

function onTimer(play: Play, timer: Timer): void {
  const { facts, phase, period, step } = play.state;
  if (timer.round !== facts.round) return;
  if (timer.name === 'idle') {
    startClock(play);
    return;
  }
  if (phase !== 'running' || timer.period !== period) return;
  if (timer.name === 'recovery') recover(play);
  else if (timer.name === 'filter') endFilterTime(play);
  else if (timer.step === step && step === STEP.soft) softVote(play);
  else if (timer.step === step) nextVote(play);
}

/**
 * The soft vote is due now, or another look later where there is nothing to vote for yet. It changes nothing but timers: a restored player, who knows
 * no arrivals, must come to where it was, and from the log follows when it voted.
 */
function endFilterTime(play: Play): void {
  if (play.state.step === STEP.soft) setSoftTimers(play, softVoteTime(play.state, play.now));
}

/** After a crash: what was due then is due again, counted from now, and others may have waited for what this player knows. */
function onRestart(play: Play): void {
  const { params, phase, period, step, decision, arrivals } = play.state;
  const { now } = play;
  if (decision !== undefined) {
    play.actions.push({ type: 'commit', certificate: decision });
    return;
  }
  if (phase === 'waiting') {
    change(play, { began: now });
    setIdleTimer(play);
    return;
  }
  const isLate = step >= STEP.next;
  change(play, { began: isLate ? now - deadline(params, period) : now });
  resync(play);
  // What was proposed is in the log; what was not may have died with the process.
  if (step === STEP.soft) offer(play);
  if (step === STEP.soft) setSoftTimers(play, filterTime(params, period, arrivals));
  else if (isLate) setNextTimer(play);
  else setStepTimer(play, deadline(params, period));
  setRecoveryTimer(play);
  certVote(play);
}
