import { RequestError } from './errors.ts';

/** Places for what runs at a time under one key; more wait, in their order. */
export interface Slots {
  /** Resolves with what gives the place back. @param signal ends the wait. @throws RequestError `aborted`; `limited` where too many wait */
  take(key: string, signal: AbortSignal): Promise<() => void>;
}

/** So many places for each key, and so many that wait for one. */
export function createSlots(places: number, mostWaiting: number): Slots {
  const taken = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();

  const giveBack = (key: string): void => {
    const queue = waiting.get(key);
    const next = queue?.shift();
    if (queue?.length === 0) waiting.delete(key);
    if (next !== undefined) {
      next();
      return;
    }
    const left = taken.get(key)! - 1;
    if (left > 0) taken.set(key, left);
    else taken.delete(key);
  };
  const once = (key: string): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      giveBack(key);
    };
  };

  return {
    take: (key, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(new RequestError('aborted'));
          return;
        }
        const count = taken.get(key) ?? 0;
        if (count < places) {
          taken.set(key, count + 1);
          resolve(once(key));
          return;
        }
        const queue = waiting.get(key) ?? [];
        if (queue.length >= mostWaiting) {
          reject(new RequestError('limited', `${queue.length} requests wait for ${key}`));
          return;
        }
        waiting.set(key, queue);
        const leave = (): void => {
          const at = queue.indexOf(start);
          if (at >= 0) queue.splice(at, 1);
          if (queue.length === 0 && waiting.get(key) === queue) waiting.delete(key);
          reject(new RequestError('aborted'));
        };
        const start = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(once(key));
        };
        signal.addEventListener('abort', leave, { once: true });
        queue.push(start);
      }),
  };
}
