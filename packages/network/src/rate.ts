import type { Clock } from './clock.ts';
import type { Rate } from './limits.ts';

/** Limits of rates, one for each key (GCRA). */
export interface RateLimiter {
  /** Takes `cost` if it fits; false and nothing taken where it does not. What costs more than the burst never fits. */
  take(key: string, cost: number): boolean;
  /** ms until `cost` fits. */
  wait(key: string, cost: number): number;
  /** Takes `cost` whether it fits or not. */
  force(key: string, cost: number): void;
  /** Keys that are remembered. */
  size(): number;
}

/** Keys above which those that are back at rest are forgotten. */
const PRUNE_ABOVE = 1_024;

/** A limiter whose keys start at rest. A key is remembered until its burst is whole again. */
export function createRateLimiter({ burst, perSecond }: Rate, clock: Clock): RateLimiter {
  /** Theoretical arrival times: when a key is at rest again. */
  const rest = new Map<string, number>();
  const perUnit = 1_000 / perSecond;
  const at = (key: string): number => Math.max(rest.get(key) ?? 0, clock.now());
  const waitOf = (key: string, cost: number): number => at(key) + (cost - burst) * perUnit - clock.now();
  const prune = (): void => {
    if (rest.size <= PRUNE_ABOVE) return;
    const now = clock.now();
    for (const [key, time] of rest) if (time <= now) rest.delete(key);
  };
  const force = (key: string, cost: number): void => {
    rest.set(key, at(key) + cost * perUnit);
    prune();
  };
  return {
    take(key, cost) {
      if (waitOf(key, cost) > 0) return false;
      force(key, cost);
      return true;
    },
    wait: (key, cost) => Math.max(0, Math.ceil(waitOf(key, cost))),
    force,
    size: () => rest.size,
  };
}
