import type { LocalClock } from '@sero/consensus';
import type { Clock, Timer } from '../clock.ts';

/** Longest timer of the runtime, ms. */
const LONGEST = 2 ** 31 - 1;

/** Clock of a participant. */
export interface ParticipantClock extends LocalClock {
  /** Every timer is forgotten. */
  clear(): void;
}

/**
 * The time that a participant goes by: whole ms that do not fall while the process runs, whatever happens to the computer's clock.
 *
 * @param monotonic ms from some moment on, never falling
 * @param random uniform in [0, 1)
 */
export function createParticipantClock(
  clock: Pick<Clock, 'setTimer' | 'clearTimer'>,
  monotonic: () => number,
  random: () => number,
): ParticipantClock {
  const timers = new Map<string, Timer>();
  let latest = 0;

  function now(): number {
    const time = Math.floor(monotonic());
    if (time > latest) latest = time;
    return latest;
  }

  function clear(name: string): void {
    const timer = timers.get(name);
    if (timer === undefined) return;
    clock.clearTimer(timer);
    timers.delete(name);
  }

  function wait(name: string, at: number, run: () => void): void {
    const left = at - now();
    const pause = left < 0 ? 0 : left > LONGEST ? LONGEST : left;
    const timer = clock.setTimer(() => {
      timers.delete(name);
      // Timers of the runtime may come a little early, and have bounds.
      if (at > now()) wait(name, at, run);
      else run();
    }, pause);
    timers.set(name, timer);
  }

  return {
    now,
    setTimer(name, at, spread, run) {
      clear(name);
      wait(name, at + Math.floor(random() * spread), run);
    },
    clearTimer: clear,
    clear() {
      for (const name of [...timers.keys()]) clear(name);
    },
  };
}
