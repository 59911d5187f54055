import type { World } from '../abstractions.ts';

/** A world of which a test gives only what the part under it uses; anything else that it asks for fails. */
export function partWorld(parts: { readonly [K in keyof World]?: Partial<World[K]> }): World {
  const nothing = { ledger: {}, verifier: {}, log: {}, network: {}, clock: {}, events: {} };
  return { ...nothing, ...parts } as World;
}

/** A clock that the test winds. */
export function testClock() {
  const timers = new Map<string, { readonly at: number; readonly run: () => void }>();
  let now = 0;
  return {
    timers,
    clock: {
      now: () => now,
      setTimer: (name: string, at: number, _: number, run: () => void) => void timers.set(name, { at, run }),
      clearTimer: (name: string) => void timers.delete(name),
    },
    /** Time passes, and no timer ends. */
    pass(ms: number): void {
      now += ms;
    },
    /** Goes to the time of the only timer, and fires it. */
    fire(): void {
      const [name, timer] = [...timers][0]!;
      timers.delete(name);
      now = timer.at;
      timer.run();
    },
  };
}
