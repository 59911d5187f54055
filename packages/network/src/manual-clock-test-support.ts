import type { Clock } from './clock.ts';

/** A clock that a test moves. */
export interface ManualClock extends Clock {
  /** Moves the time on, and runs what is due in its order. */
  advance(ms: number): void;
  /** Timers that wait. */
  waiting(): number;
}

export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  let next = 0;
  const timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    setTimer(callback, ms) {
      next++;
      timers.set(next, { at: now + ms, callback });
      return next;
    },
    clearTimer(timer) {
      timers.delete(timer as number);
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].callback();
      }
      now = until;
    },
    waiting: () => timers.size,
  };
}
