import type { Groth16Verifier, VerifyingKey } from '@sero/prover';
import { createThreadWork } from './thread.ts';
import type { Batch, Threads } from './threads.ts';

/** A batch that a backend works at. */
interface Running {
  readonly batch: Batch;
  readonly abort: AbortController;
  readonly work: Promise<void>;
}

/**
 * The threads of a verifier that computes off the event loop by itself. It dies with the process or not at all, so a
 * batch is lost only where its time is over or all are ended.
 *
 * @param count batches at once
 */
export function createBackendThreads(count: number, verifier: Groth16Verifier): Threads {
  const numbers = new Map<VerifyingKey, number>();
  const running = new Set<Running>();
  const order = createThreadWork(verifier);
  let batches = 0;

  function lose(one: Running, reason: string): void {
    if (!running.delete(one)) return;
    one.abort.abort(new Error(reason));
    one.batch.lost(reason);
  }

  return {
    keyNumber(vk) {
      const known = numbers.get(vk);
      if (known !== undefined) return known;
      const number = numbers.size;
      numbers.set(vk, number);
      void order({ key: number, vk });
      return number;
    },

    idle: () => running.size < count,

    run(batch) {
      const abort = new AbortController();
      const work = order({ batch: batches++, items: batch.items }, abort.signal).then(
        (report) => {
          if (running.delete(one) && report !== undefined) batch.answered(report.answers);
        },
        (error) => lose(one, `the verifier failed: ${error}`),
      );
      const one: Running = { batch, abort, work };
      running.add(one);
      return (reason) => lose(one, reason);
    },

    async close() {
      const ending = [...running];
      for (const one of ending) lose(one, 'the verifier was closed');
      await Promise.all(ending.map(({ work }) => work));
    },
  };
}
