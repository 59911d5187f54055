import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { SetupAnswer, SetupTask } from './setup.ts';
import { R1csError } from './setup-r1cs.ts';

/** Thread of setup.ts: makes the keys of one circuit, so that whoever waits for them can do other things meanwhile. */

async function answer({ r1cs, circuit }: SetupTask): Promise<SetupAnswer> {
  // ffjavascript's web-worker 1.2 takes the thread's globals over where it believes not to be in the main one: this
  // thread has to pass for it before the curve is loaded. The threads below it are real.
  const threads = createRequire(import.meta.url)('node:worker_threads') as { isMainThread: boolean };
  threads.isMainThread = true;
  const { computeDevelopmentKeys } = await import('./setup-keys.ts');
  try {
    return { keys: await computeDevelopmentKeys(r1cs, circuit) };
  } catch (error) {
    // The class of an error does not survive the way out of a thread.
    if (error instanceof R1csError) return { malformed: error.why };
    throw error;
  }
}

const answered = await answer(workerData as SetupTask);
parentPort?.postMessage(
  answered,
  answered.keys === undefined ? [] : [answered.keys.zkey.buffer as ArrayBuffer],
);
