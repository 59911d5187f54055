import type { LocalClock } from '../abstractions.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

/** Local time when virtual time begins, ms: room for clocks that are behind. */
export const WALL_START = 100_000_000;

/** How wrong a clock is. */
export interface ClockError {
  /** ms ahead of virtual time; may be negative. */
  readonly offset: number;
  /** Thousandths by which it runs fast; may be negative. */
  readonly drift: number;
}

/** A local clock that a crash silences. */
export interface NodeClock extends LocalClock {
  /** The machine stops: timers are gone. */
  crash(): void;
}

/** A node's own clock. */
export function nodeClock(schedule: Schedule, random: Random, { offset, drift }: ClockError): NodeClock {
  const timers = new Map<string, symbol>();
  let cached = { at: -1, local: 0 };

  function local(): number {
    const at = schedule.now();
    if (cached.at !== at) {
      const run = drift === 0 ? at : Number((BigInt(at) * BigInt(1000 + drift)) / 1000n);
      cached = { at, local: WALL_START + offset + run };
    }
    return cached.local;
  }

  function wait(name: string, mark: symbol, until: number, run: () => void): void {
    const rest = until - local();
    const ms = rest <= 0 ? 0 : Number((BigInt(rest) * 1000n) / BigInt(1000 + drift)) + (drift === 0 ? 0 : 1);
    schedule.after(ms, () => {
      if (timers.get(name) !== mark) return;
      if (local() < until) wait(name, mark, until, run);
      else {
        timers.delete(name);
        run();
      }
    });
  }

  return {
    now: local,
    setTimer(name, at, spread, run) {
      const mark = Symbol(name);
      timers.set(name, mark);
      wait(name, mark, at + (spread === 0 ? 0 : random.below(spread + 1)), run);
    },
    clearTimer: (name) => {
      timers.delete(name);
    },
    crash: () => timers.clear(),
  };
}
