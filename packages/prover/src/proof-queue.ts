import { abortedError, closedError } from './errors.ts';
import type { Proof } from './groth16.ts';

/** Makes one proof at a time, in order: each uses all threads, and two at once take twice the memory and no less time. */
export interface ProofQueue {
  /**
   * @param work makes a proof until its signal is aborted
   * @throws ProverError `aborted`, `closed`
   */
  run(work: (signal: AbortSignal) => Promise<Proof>, signal: AbortSignal | undefined): Promise<Proof>;
  /** Refuses what waits, what runs and what comes with `closed`; settled once nothing runs. */
  close(): Promise<void>;
}

/** A queue for one prover. */
export function createProofQueue(): ProofQueue {
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();

  return {
    async run(work, signal) {
      const ended = AbortSignal.any(signal === undefined ? [closing.signal] : [closing.signal, signal]);
      const refusal = (): Error =>
        closing.signal.aborted || signal === undefined ? closedError() : abortedError(signal);
      if (ended.aborted) throw refusal();
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      const isEnded = new Promise<void>((end) =>
        ended.addEventListener('abort', () => end(), { once: true }),
      );
      try {
        await Promise.race([before, isEnded]);
        if (ended.aborted) throw refusal();
        return await work(ended).catch((error: unknown) => {
          throw ended.aborted ? refusal() : error;
        });
      } finally {
        // The next one waits for those before this one too, where this one was aborted while it waited.
        void before.then(resolve);
      }
    },
    async close() {
      closing.abort();
      await last;
    },
  };
}
