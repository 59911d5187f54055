import { Worker } from 'node:worker_threads';
import { ProverError } from '../src/errors.ts';
import type { Groth16Prover, Proof, ProvingKeySource } from '../src/groth16.ts';
import type { VerifyingKey } from '../src/verifying-key.ts';
import type { SnarkjsAnswer, SnarkjsJob } from './snarkjs-worker.ts';

/** The development backend: snarkjs (GPL-3.0, a devDependency), off the event loop. */
export interface SnarkjsProver extends Groth16Prover {
  /**
   * snarkjs's own verdict, for comparison in tests. It does not look at subgroups, and takes points of the
   * curves only: `prove-failed` for anything else. Never a node's verifier.
   */
  verify(vk: VerifyingKey, publicInputs: readonly bigint[], proof: Proof): Promise<boolean>;
  /** Ends the thread; what waits or runs is refused with `closed`, and so is what comes later. */
  close(): Promise<void>;
}

interface Task {
  readonly job: SnarkjsJob;
  readonly settle: (answer: SnarkjsAnswer) => void;
}

interface Thread {
  readonly worker: Worker;
  running: Task | undefined;
}

const refusal = (code: 'aborted' | 'closed' | 'prove-failed', message: string): SnarkjsAnswer => ({
  ok: false,
  code,
  message,
});

/** Wipes the copy of the witness in a job that no thread will see. */
function wipe(job: SnarkjsJob): void {
  if (job.kind === 'prove') job.witness.fill(0);
}

/** Bytes handed over rather than copied: the witness is a copy of our own, which the thread wipes. */
function transferred(job: SnarkjsJob): ArrayBuffer[] {
  return job.kind === 'prove' ? [job.witness.buffer as ArrayBuffer] : [];
}

/**
 * Makes a prover on snarkjs. Its thread starts with the first proof, is used again for the next ones, and keeps
 * the process alive only while it works. Proofs are made one at a time, in order; each uses all cores.
 *
 * An aborted proof that runs costs the thread, since nothing can interrupt snarkjs: the next proof starts another.
 * The thread wipes the witness that it was given; copies inside snarkjs and its WASM memories are freed, not wiped.
 */
export function createSnarkjsProver(): SnarkjsProver {
  const waiting: Task[] = [];
  let thread: Thread | undefined;
  let closed = false;

  const finish = (from: Thread, answer: SnarkjsAnswer): void => {
    const task = from.running;
    from.running = undefined;
    from.worker.unref();
    task?.settle(answer);
  };

  const start = (): Thread => {
    const started: Thread = {
      // Flags of the process (--test, --eval and such) are none of the thread's business.
      worker: new Worker(new URL('./snarkjs-worker.ts', import.meta.url), { execArgv: [] }),
      running: undefined,
    };
    const lost = (message: string): void => {
      if (thread === started) thread = undefined;
      finish(started, refusal('prove-failed', message));
      next();
    };
    started.worker.on('message', (answer: SnarkjsAnswer) => {
      finish(started, answer);
      next();
    });
    started.worker.on('error', (error) => lost(`the proving thread failed: ${error}`));
    started.worker.on('exit', (code) => lost(`the proving thread ended with ${code}`));
    return started;
  };

  const next = (): void => {
    if (closed || thread?.running !== undefined) return;
    const task = waiting.shift();
    if (task === undefined) return;
    thread ??= start();
    thread.running = task;
    thread.worker.ref();
    thread.worker.postMessage(task.job, transferred(task.job));
  };

  /** Takes a task out wherever it stands: a waiting one leaves the queue, a running one takes its thread along. */
  const drop = (task: Task, answer: SnarkjsAnswer): void => {
    const place = waiting.indexOf(task);
    if (place >= 0) {
      waiting.splice(place, 1);
      wipe(task.job);
      task.settle(answer);
    } else if (thread?.running === task) {
      const ended = thread;
      thread = undefined;
      finish(ended, answer);
      void ended.worker.terminate();
      next();
    }
  };

  const submit = (job: SnarkjsJob, signal?: AbortSignal): Promise<Proof | boolean> => {
    return new Promise((resolve, reject) => {
      const refuse = (code: 'closed' | 'aborted', message: string): void => {
        wipe(job);
        reject(new ProverError(code, message, { cause: signal?.reason }));
      };
      if (closed) return refuse('closed', 'this prover is closed: make another');
      if (signal?.aborted) return refuse('aborted', 'the proof was aborted before it began');
      const task: Task = {
        job,
        settle: (answer) => {
          signal?.removeEventListener('abort', abort);
          if (answer.ok) resolve(answer.value);
          else if (answer.code !== 'aborted') reject(new ProverError(answer.code, answer.message));
          else reject(new ProverError(answer.code, answer.message, { cause: signal?.reason }));
        },
      };
      const abort = (): void => drop(task, refusal('aborted', 'the proof was aborted'));
      signal?.addEventListener('abort', abort, { once: true });
      waiting.push(task);
      next();
    });
  };

  return {
    prove: async (key: ProvingKeySource, witness: Uint8Array, signal?: AbortSignal) =>
      (await submit({ kind: 'prove', key, witness: new Uint8Array(witness) }, signal)) as Proof,
    verify: async (vk, publicInputs, proof) =>
      (await submit({ kind: 'verify', vk, publicInputs, proof })) as boolean,
    close: async () => {
      closed = true;
      for (const task of [...waiting]) drop(task, refusal('closed', 'the prover was closed'));
      const ended = thread;
      thread = undefined;
      if (ended === undefined) return;
      finish(ended, refusal('closed', 'the prover was closed'));
      await ended.worker.terminate();
    },
  };
}
