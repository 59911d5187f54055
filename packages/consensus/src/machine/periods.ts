import { BOTTOM, isBottom, STEP, type Value } from '@sero/protocol';
import { filterTime } from './filter-time.ts';
import { change, type Play } from './play.ts';
import { periodOf } from './state.ts';
import { setRecoveryTimer, setSoftTimers } from './timers.ts';
import { certVote, resync } from './voting.ts';

/** The clock of the round starts (design 4, "Pace"): period 0 begins. */
export function startClock(play: Play): void {
  if (play.state.phase !== 'waiting') return;
  change(play, { phase: 'running' });
  beginPeriod(play, 0);
}

/**
 * Goes on to a later period.
 *
 * @param opened value of the next-quorum that ended the period before; undefined where a soft quorum was seen first
 */
export function enterPeriod(play: Play, period: number, opened: Value | undefined): void {
  const { state } = play;
  const kept = [...state.periods].filter(([number]) => number >= period - 1);
  const staged = periodOf(state, state.period).staged;
  const pinned = opened !== undefined && !isBottom(opened) ? opened : (staged ?? state.pinned);
  // Periods that are jumped over are left as well.
  play.actions.push({ type: 'period-left', round: state.facts.round, period: period - 1 });
  change(play, {
    period,
    step: STEP.soft,
    began: play.now,
    lastStep: state.step,
    pinned: state.mutant === 'pinned-value' ? BOTTOM : pinned,
    periods: new Map(kept),
  });
  beginPeriod(play, period);
}

/** What a player does at the start of a period (research 5, rule 1). */
function beginPeriod(play: Play, period: number): void {
  const { params, arrivals } = play.state;
  change(play, { began: play.now });
  resync(play);
  offer(play);
  setSoftTimers(play, filterTime(params, period, arrivals));
  setRecoveryTimer(play);
  certVote(play);
}

/** What a period begins with: a new block, or the value that opened it. */
export function offer(play: Play): void {
  const { params, period, facts } = play.state;
  const { round } = facts;
  const { nextBottom, nextValue } = periodOf(play.state, period - 1);
  const isNew = period === 0 || nextBottom !== undefined;
  if (isNew && period < params.emptyBlockPeriod) play.actions.push({ type: 'propose', round, period });
  if (!isNew && nextValue !== undefined) {
    play.actions.push({ type: 'repropose', round, period, value: nextValue.value });
  }
}
