import { STEP } from '@sero/protocol';
import type { Timer } from './events.ts';
import { deadline } from './filter-time.ts';
import type { Play } from './play.ts';

/** Doubling of the pauses between next votes ends here. */
const MOST_DOUBLINGS = 16;

/** The longest that a round waits for something to agree on. */
export function setIdleTimer(play: Play): void {
  const { params, facts, began } = play.state;
  const timer: Timer = { name: 'idle', round: facts.round };
  play.actions.push({ type: 'timer', timer, at: began + params.pace.idle, spread: 0 });
}

/** The end of what the present step waits for. @param after ms from the period's begin */
export function setStepTimer(play: Play, after: number): void {
  setTimer(play, play.state.began + after, 0);
}

/**
 * The soft vote: at filterMax, or sooner if the player, looking once more at that time, finds something to vote for.
 *
 * @param after ms from the period's begin; the vote is due if they are over
 */
export function setSoftTimers(play: Play, after: number): void {
  const { params, facts, period, began } = play.state;
  const { filterMax } = params.pace;
  if (began + after <= play.now) {
    setTimer(play, play.now, 0);
    return;
  }
  setStepTimer(play, filterMax);
  if (after >= filterMax) return;
  const timer: Timer = { name: 'filter', round: facts.round, period };
  play.actions.push({ type: 'timer', timer, at: began + after, spread: 0 });
}

/**
 * The vote after next_k, 2^(k + 1) filter times after the deadline: pauses double, so that a network that is slow for long is not flooded. Once
 * they do not double any more they count from the last vote.
 */
export function setNextTimer(play: Play): void {
  const { params, period, step, began } = play.state;
  const { filterMax } = params.pace;
  const doublings = step - STEP.next + 1;
  if (doublings < MOST_DOUBLINGS) {
    setTimer(play, began + deadline(params, period) + (filterMax << doublings), filterMax);
  } else {
    setTimer(play, play.now + (filterMax << (MOST_DOUBLINGS - 1)), filterMax);
  }
}

function setTimer({ state, actions }: Play, at: number, spread: number): void {
  const timer: Timer = {
    name: 'step',
    round: state.facts.round,
    period: state.period,
    step: state.step,
  };
  actions.push({ type: 'timer', timer, at, spread });
}

/** Fast recovery comes again and again at a constant rate, counted from now. */
export function setRecoveryTimer(play: Play): void {
  const { facts, period, params } = play.state;
  const { fastRecovery, filterMax } = params.pace;
  const timer: Timer = { name: 'recovery', round: facts.round, period };
  play.actions.push({ type: 'timer', timer, at: play.now + fastRecovery, spread: filterMax });
}
