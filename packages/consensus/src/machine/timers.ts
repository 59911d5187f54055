import { STEP } from '@sero/protocol';
import type { ConsensusParams } from '../parameters.ts';
import type { Timer } from './events.ts';
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
export function setStepTimer(play: Play, after: number, spread: number): void {
  const { facts, period, step, began } = play.state;
  const timer: Timer = { name: 'step', round: facts.round, period, step };
  play.actions.push({ type: 'timer', timer, at: began + after, spread });
}

/** Time from the deadline to the vote after next_k, ms: it doubles, so that a network that is slow for long is not flooded. */
export function pauseAfter({ pace }: ConsensusParams, step: number): number {
  const doublings = step - STEP.next + 1;
  return pace.filterMax << (doublings < MOST_DOUBLINGS ? doublings : MOST_DOUBLINGS);
}

/** Fast recovery comes again and again at a constant rate, counted from now. */
export function setRecoveryTimer(play: Play): void {
  const { facts, period, params } = play.state;
  const { fastRecovery, filterMax } = params.pace;
  const timer: Timer = { name: 'recovery', round: facts.round, period };
  play.actions.push({ type: 'timer', timer, at: play.now + fastRecovery, spread: filterMax });
}
