import type { RpcError } from './errors.ts';

/** How long a client waits for a node that refuses it for the rate of its requests. */
export interface RateOptions {
  /** ms from the first try within which the last pause must end. */
  readonly timeoutMs: number;
  /** False: the first answer is the last. */
  readonly waitForRate: boolean;
}

/**
 * Asks until the node does not refuse it for its rate, or as busy, with a pause that it names; each time after that pause.
 *
 * @param refusalOf the error of an answer, where it is one
 * @param wait lets a pause pass; rejects where nobody waits any more
 */
export async function askInRate<T>(
  ask: () => Promise<T>,
  refusalOf: (answer: T) => RpcError | undefined,
  { timeoutMs, waitForRate }: RateOptions,
  wait: (ms: number) => Promise<void>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    const pause = waitForRate ? ratePause(refusalOf(answer)) : undefined;
    if (pause === undefined || Date.now() + pause > deadline) return answer;
    await wait(pause);
  }
}

/** ms that a node asks to wait, for its rate or because it is busy; where it names no pause, it is for the caller to decide. */
function ratePause(error: RpcError | undefined): number | undefined {
  const isPassing = error?.name === 'busy' || error?.data.limit === 'rate';
  return isPassing ? error.data.retryAfterMs : undefined;
}

/** Lets time pass. Rejects with the signal's reason. */
export function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });
}
