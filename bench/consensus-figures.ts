import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Figure, inTurn, sampled } from './harness.ts';

/**
 * Microseconds of processor time that a job takes, those of all threads of this process: what the garbage collector does beside it counts, what
 * other programs do on the machine does not.
 */
function processorTime(job: () => unknown): number {
  const start = process.cpuUsage();
  job();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** Samples of some jobs' processor times, in turn, after a round that does not count. */
export function processorTimes(runs: number, ...jobs: readonly (() => unknown)[]): Promise<number[][]> {
  return inTurn(
    runs,
    jobs.map((job) => async () => processorTime(job)),
  );
}

/** A job so many times, where once takes less than can be told from what else a machine does. */
export function repeated(times: number, job: () => unknown): () => void {
  return () => {
    for (let i = 0; i < times; i++) job();
  };
}

/** A figure of samples of processor time, each for so many operations. */
export function processorFigure(
  name: string,
  what: string,
  unit: 'us' | 'ms',
  samples: readonly number[],
  operations = 1,
): Figure {
  return sampled({ name, what: `${what} Processor time.` }, perOperation(samples, unit, operations), unit);
}

/** Samples of processor time as a figure has them. */
export function perOperation(
  samples: readonly number[],
  unit: 'us' | 'ms',
  operations: number,
): readonly number[] {
  return samples.map((sample) => sample / (operations * (unit === 'ms' ? 1_000 : 1)));
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use without garbage: the heap, and the buffers beside it. */
function bytesInUse(): number {
  // What the first finds to be garbage may itself have kept something; and buffers are freed beside the program.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Megabytes that stay with each of some things of a kind, nothing of which was there before; after one that does not count. */
export function megabytesOf(runs: number, make: () => unknown): number[] {
  const made: unknown[] = [make()];
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const before = bytesInUse();
    made.push(make());
    samples.push((bytesInUse() - before) / 1e6);
  }
  if (made.length !== runs + 1) throw new Error('what was weighed is to live until here');
  return samples;
}
