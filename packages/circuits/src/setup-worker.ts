import { parentPort, workerData } from 'node:worker_threads';
import { openBackend } from '@sero/prover/node';
import type { SetupAnswer, SetupTask } from './setup.ts';
import { computeDevelopmentKeys } from './setup-keys.ts';
import { R1csError } from './setup-r1cs.ts';

/** Thread of setup.ts: makes the keys of one circuit, so that whoever waits for them can do other things meanwhile. */

async function answer({ r1cs, circuit }: SetupTask): Promise<SetupAnswer> {
  const backend = await openBackend();
  try {
    return { keys: await computeDevelopmentKeys(r1cs, circuit, backend.groups) };
  } catch (error) {
    // The class of an error does not survive the way out of a thread.
    if (error instanceof R1csError) return { malformed: error.why };
    throw error;
  } finally {
    await backend.close();
  }
}

const answered = await answer(workerData as SetupTask);
parentPort?.postMessage(
  answered,
  answered.keys === undefined ? [] : [answered.keys.zkey.buffer as ArrayBuffer],
);
