import { cpus, loadavg } from 'node:os';

/** One figure, as it stands on a line of stdout. */
export interface Figure {
  readonly name: string;
  /** Median. */
  readonly value: number;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly runs: number;
  /** (maximum - minimum) / median of the runs. */
  readonly spread: number;
  readonly machine: string;
  /** The same work by the best alternative, in the same run. */
  readonly beside?: { readonly name: string; readonly value: number };
  /** How many times better than `beside`. */
  readonly ratio?: number;
  /** Share of the physical floor reached, where one is known. */
  readonly floorShare?: number;
}

/** Something to measure: `run` does the work `operations` times. */
export interface Subject {
  readonly name: string;
  readonly operations: number;
  run(): unknown;
}

/** A comparison: our subject, and the best alternative where there is one. */
export interface Comparison {
  readonly unit: string;
  /** Per-operation time ("lower") or operations a second ("higher"). */
  readonly better: 'lower' | 'higher';
  readonly subject: Subject;
  readonly beside?: Subject;
  readonly runs: number;
}

/** What the command line asks of all suites. */
export interface BenchOptions {
  /** Sizes that take gigabytes and minutes, where a suite has them. */
  readonly large: boolean;
}

/** A family of figures behind one prefix; `prepare` is paid only when one of them is wanted. */
export interface Suite {
  readonly prefix: string;
  prepare(options: BenchOptions): Promise<readonly (Comparison | { readonly figure: Figure })[]>;
  close?(): Promise<void>;
}

/** What the figures were taken on: processor, cores, Node, load when the run began. */
export const MACHINE = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, us: 1_000 };

/** Runs subject and alternative in turn, after one run of each that does not count. */
export async function measure({ unit, better, subject, beside, runs }: Comparison): Promise<Figure> {
  const subjects = beside === undefined ? [subject] : [subject, beside];
  const samples: number[][] = subjects.map(() => []);
  for (let run = -1; run < runs; run++) {
    for (const [i, { operations, run: work }] of subjects.entries()) {
      const start = performance.now();
      await work();
      const each = (performance.now() - start) / operations;
      if (run >= 0) samples[i]!.push(better === 'higher' ? 1_000 / each : each * (UNIT_MS[unit] ?? 1));
    }
  }
  const figure = sampled(subject.name, samples[0]!, unit, better);
  if (beside === undefined) return figure;
  const [value, other] = [median(samples[0]!), median(samples[1]!)];
  return {
    ...figure,
    beside: { name: beside.name, value: rounded(other) },
    ratio: rounded(better === 'higher' ? value / other : other / value),
  };
}

/** A figure of samples that were taken elsewhere. */
export function sampled(
  name: string,
  samples: readonly number[],
  unit: string,
  better: 'lower' | 'higher' = 'lower',
): Figure {
  const value = median(samples);
  const spread = rounded((Math.max(...samples) - Math.min(...samples)) / value);
  return { name, value: rounded(value), unit, better, runs: samples.length, spread, machine: MACHINE };
}

/** A figure that is counted, not timed. */
export function counted(name: string, value: number, unit: string): Figure {
  return { name, value, unit, better: 'lower', runs: 1, spread: 0, machine: MACHINE };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
