/** A timer that waits. */
export type Timer = unknown;

/** Time, handed in so that a test moves it by hand. libp2p's own timers keep the computer's. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Calls back once, after at least `ms` (0 to 2^31 - 1). */
  setTimer(callback: () => void, ms: number): Timer;
  clearTimer(timer: Timer): void;
}

/** The computer's clock. */
export const systemClock: Clock = {
  now: Date.now,
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer as Parameters<typeof clearTimeout>[0]),
};
