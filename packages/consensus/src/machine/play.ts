import type { PlayerAction } from './events.ts';
import { type PeriodState, type PlayerState, periodOf } from './state.ts';

/** A transition in the making: the states in it are values, what changes is which one stands here. */
export interface Play {
  state: PlayerState;
  readonly actions: PlayerAction[];
  readonly now: number;
}

/** Replaces parts of the state. */
export function change(play: Play, part: Partial<PlayerState>): void {
  play.state = { ...play.state, ...part };
}

/** Replaces parts of what is known of a period. */
export function changePeriod(play: Play, period: number, part: Partial<PeriodState>): void {
  const after = { ...periodOf(play.state, period), ...part };
  change(play, { periods: new Map([...play.state.periods, [period, after]]) });
}
