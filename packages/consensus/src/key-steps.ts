import type { Done, SlotFile } from './slot-file.ts';

/** Where long work on keys stops for a moment: to let others run, or until everything written so far is durable. */
export type KeyStep = 'pause' | 'sync';

/**
 * Runs such work to its end. Its order of writes and syncs is what keeps a crash from leaving a key beside the one that it was made from.
 *
 * @param disk the file of the keys, or the keys themselves
 * @param pause calls back when the work may go on, at once or in a later turn of the event loop
 * @param done called once; a failure of the disk or of the work ends it, and what it held in memory is wiped
 */
export function runKeySteps(
  steps: Generator<KeyStep, void>,
  disk: Pick<SlotFile, 'sync'>,
  pause: (resume: () => void) => void,
  done: Done,
): void {
  const fail = (error: unknown): void => {
    steps.return();
    done(error instanceof Error ? error : new Error(String(error)));
  };
  /** The work is asked again in a loop and not from within its own answers: a file in memory answers before it returns. */
  let mayGoOn = false;
  let inLoop = false;
  const answer = (failure?: Error): void => {
    if (failure !== undefined) fail(failure);
    else {
      mayGoOn = true;
      if (!inLoop) loop();
    }
  };
  const next = (): IteratorResult<KeyStep, void> | undefined => {
    try {
      return steps.next();
    } catch (error) {
      fail(error);
      return undefined;
    }
  };
  const loop = (): void => {
    inLoop = true;
    while (mayGoOn) {
      mayGoOn = false;
      const step = next();
      if (step?.done) done();
      else if (step?.value === 'sync') disk.sync(answer);
      else if (step?.value === 'pause') pause(answer);
    }
    inLoop = false;
  };
  answer();
}
