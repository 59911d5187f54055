/** A timer that waits. */
export type Timer = unknown;

/** The world's time, handed in so that a test moves it by hand. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Calls back once, after at least `ms` (0 to 2^31 - 1). Timers keep the process alive. */
  setTimer(callback: () => void, ms: number): Timer;
  clearTimer(timer: Timer): void;
}

/** The computer's clock. */
export const systemClock: Clock = {
  now: Date.now,
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
