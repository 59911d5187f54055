import { abortedError, closedError, queueFullError } from './errors.ts';
import type { Proof } from './groth16.ts';

/** Proofs that wait at most: each holds its witness, about 1 MB. */
export const MAX_WAITING_PROOFS = 64;

/** Makes one proof at a time, in order: each uses all threads, and two at once take twice the memory and no less time. */
export interface ProofQueue {
  /**
   * @param work makes a proof until its signal is aborted; what it gives after that is thrown away
   * @throws ProverError `aborted`, `closed`, `queue-full`
   */
  run(work: (signal: AbortSignal) => Promise<Proof>, signal: AbortSignal | undefined): Promise<Proof>;
  /** Refuses what waits, what runs and what comes with `closed`; settled once nothing runs. */
  close(): Promise<void>;
}

/** A queue for one prover. */
export function createProofQueue(): ProofQueue {
  /** Of each proof that waits or runs. Not AbortSignal.any, whose signals engines keep as long as the sources live. */
  const running = new Set<AbortController>();
  let isClosed = false;
  let last: Promise<void> = Promise.resolve();

  return {
    async run(work, signal) {
      const refusal = (): Error => (isClosed || signal === undefined ? closedError() : abortedError(signal));
      if (isClosed || signal?.aborted) throw refusal();
      // One of them runs.
      if (running.size > MAX_WAITING_PROOFS) throw queueFullError(MAX_WAITING_PROOFS);
      const own = new AbortController();
      const ended = own.signal;
      const abort = (): void => own.abort(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      running.add(own);
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      const isEnded = new Promise<void>((end) =>
        ended.addEventListener('abort', () => end(), { once: true }),
      );
      try {
        await Promise.race([before, isEnded]);
        if (ended.aborted) throw refusal();
        const proof = await work(ended).catch((error: unknown) => {
          throw ended.aborted ? refusal() : error;
        });
        if (ended.aborted) throw refusal();
        return proof;
      } finally {
        signal?.removeEventListener('abort', abort);
        running.delete(own);
        // The next one waits for those before this one too, where this one was aborted while it waited.
        void before.then(resolve);
      }
    },
    async close() {
      isClosed = true;
      for (const own of running) own.abort();
      await last;
    },
  };
}
