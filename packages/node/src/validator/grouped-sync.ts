import type { Done } from '@sero/consensus';

/**
 * One run at a time for all that asked before it began: calls of one turn share a run, and those that come while one is under way wait for the
 * next. After a failure nothing runs any more and everybody is told of it: a disk that failed once to sync may have dropped what it was given,
 * and says of the next sync that all is well (fsync(2), "Errors"; Linux marks the pages clean).
 *
 * @param run makes everything durable that was written before it is called, and answers once
 */
export function groupedSync(run: (done: Done) => void): (done: Done) => void {
  let waiting: Done[] = [];
  let failure: Error | undefined;
  /** A run is under way, or will begin in this turn. */
  let isBusy = false;

  const begin = (): void => {
    const covered = waiting;
    waiting = [];
    const answer: Done = (error) => {
      failure = error;
      isBusy = false;
      if (waiting.length > 0) later();
      for (const done of covered) done(failure);
    };
    if (failure === undefined) run(answer);
    else answer(failure);
  };

  const later = (): void => {
    isBusy = true;
    queueMicrotask(begin);
  };

  return (done) => {
    waiting.push(done);
    if (!isBusy) later();
  };
}
