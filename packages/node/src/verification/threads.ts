import { Worker } from 'node:worker_threads';
import type { VerifyingKey } from '@sero/prover';
import type { Answer, Item, Order, Report } from './thread.ts';

/** Proofs for one thread, and who waits for the answers. */
export interface Batch {
  readonly items: readonly Item[];
  /** Called once, with an answer for each item in order. */
  answered(answers: readonly Answer[]): void;
  /** Called once, instead, where the thread died over it or was ended. */
  lost(reason: string): void;
}

/** A fixed number of threads, each with one batch at a time. */
export interface Threads {
  /** The number under which threads know a key. */
  keyNumber(vk: VerifyingKey): number;
  /** True where a thread has nothing to do. */
  idle(): boolean;
  /**
   * Gives a batch to an idle thread. Threads start with their first batch; a dead one is replaced by the next.
   *
   * @returns ends the thread where it still works at the batch, which is then lost at once, for this reason
   */
  run(batch: Batch): (reason: string) => void;
  /** Ends the threads; batches that run are lost. */
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  /** Numbers of the keys that it knows. */
  readonly keys: Set<number>;
  running: { readonly number: number; readonly batch: Batch } | undefined;
}

/**
 * @param count threads at most
 * @param program the module that each runs
 */
export function createThreads(count: number, program: URL): Threads {
  const threads = new Set<Thread>();
  const numbers = new Map<VerifyingKey, number>();
  const keys: VerifyingKey[] = [];
  let batches = 0;

  const free = (): Thread | undefined => [...threads].find(({ running }) => running === undefined);

  function start(): Thread {
    const thread: Thread = {
      // Flags of the process (--test, --eval and such) are none of the thread's business.
      worker: new Worker(program, { execArgv: [] }),
      keys: new Set(),
      running: undefined,
    };
    thread.worker.on('message', ({ batch, answers }: Report) => {
      const { running } = thread;
      if (running?.number !== batch) return;
      thread.running = undefined;
      thread.worker.unref();
      running.batch.answered(answers);
    });
    thread.worker.on('error', (error) => end(thread, `a verifying thread failed: ${error}`));
    thread.worker.on('messageerror', (error) =>
      end(thread, `a verifying thread sent what cannot be read: ${error}`),
    );
    thread.worker.on('exit', (code) => end(thread, `a verifying thread ended with ${code}`));
    threads.add(thread);
    return thread;
  }

  /** The thread is no more: another takes its place. */
  function end(thread: Thread, reason: string): void {
    if (!threads.delete(thread)) return;
    const { running } = thread;
    thread.running = undefined;
    running?.batch.lost(reason);
  }

  function tell(thread: Thread, order: Order): void {
    thread.worker.postMessage(order);
  }

  return {
    keyNumber(vk) {
      const known = numbers.get(vk);
      if (known !== undefined) return known;
      const number = keys.push(vk) - 1;
      numbers.set(vk, number);
      return number;
    },

    idle: () => threads.size < count || free() !== undefined,

    run(batch) {
      const thread = free() ?? start();
      const running = { number: batches++, batch };
      thread.running = running;
      for (const { key } of batch.items) {
        if (thread.keys.has(key)) continue;
        thread.keys.add(key);
        tell(thread, { key, vk: keys[key]! });
      }
      // Only work keeps the process alive.
      thread.worker.ref();
      tell(thread, { batch: running.number, items: batch.items });
      return (reason) => {
        if (thread.running !== running) return;
        void thread.worker.terminate();
        end(thread, reason);
      };
    },

    async close() {
      const ending = [...threads];
      for (const { worker } of ending) await worker.terminate();
    },
  };
}
