import { type Run, thisRun } from './run.ts';

/** One figure, as it stands on a line of stdout, with the run that it is of. */
export interface Figure extends Run {
  readonly name: string;
  /** What was done and what was left out, in a sentence for whoever judges the figure. */
  readonly what: string;
  /** Median. */
  readonly value: number;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** 0: it was counted, and is the same each time. */
  readonly runs: number;
  /** True where only `--large` measures it. */
  readonly large?: boolean;
  /** (maximum - minimum) / median of the runs. */
  readonly spread: number;
  /** The same work by the best alternative, in the same run. */
  readonly beside?: { readonly name: string; readonly value: number };
  /** How many times better than `beside`. */
  readonly ratio?: number;
  /** What the processor would take for the field multiplications alone, and how much of the figure that is. */
  readonly floor?: Floor;
}

/** A physical floor: multiplications that were counted, times what one takes here. */
export interface Floor {
  /** In the figure's unit. */
  readonly value: number;
  /** 1: nothing but multiplications. */
  readonly share: number;
  /** How it was reckoned. */
  readonly what: string;
}

/** Something to measure: `run` does the work `operations` times. */
export interface Subject {
  readonly name: string;
  readonly operations: number;
  run(): unknown;
}

/** A comparison: our subject, and the best alternative where there is one. */
export interface Comparison {
  /** As in `Figure`. */
  readonly what: string;
  readonly unit: string;
  /** Per-operation time ("lower") or operations a second ("higher"). */
  readonly better: 'lower' | 'higher';
  readonly subject: Subject;
  readonly beside?: Subject;
  readonly runs: number;
  /** Whether a run of each comes first that does not count. Default true; false where a run takes so long that it warms itself. */
  readonly warmUp?: boolean;
}

/** What the command line asks of all suites. */
export interface BenchOptions {
  /** Sizes that take gigabytes and minutes, where a suite has them. */
  readonly large: boolean;
  /** Whether a figure is asked for, so that what it alone needs is made only then. */
  wants(name: string): boolean;
}

/** What is to be measured, or was measured already. */
export type Measurement = Comparison | { readonly figure: Figure } | { readonly leftOut: LeftOut };

/** A figure that cannot be measured on this machine. */
export interface LeftOut {
  readonly name: string;
  readonly because: string;
}

/** A figure that is measured only where it is asked for by `--large`. */
export interface LargeFigure {
  readonly name: string;
  readonly what: string;
}

/** A family of figures behind one prefix; `prepare` is paid only when one of them is wanted. */
export interface Suite {
  readonly prefix: string;
  /** What `--large` adds. */
  readonly large?: readonly LargeFigure[];
  prepare(options: BenchOptions): Promise<readonly Measurement[]>;
  close?(): Promise<void>;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, us: 1_000 };

/** Runs subject and alternative in turn. */
export async function measure(comparison: Comparison): Promise<Figure> {
  const { what, unit, better, subject, beside, runs, warmUp = true } = comparison;
  const subjects = beside === undefined ? [subject] : [subject, beside];
  const samples: number[][] = subjects.map(() => []);
  for (let run = warmUp ? -1 : 0; run < runs; run++) {
    for (const [i, { operations, run: work }] of subjects.entries()) {
      const start = performance.now();
      await work();
      const each = (performance.now() - start) / operations;
      if (run >= 0) samples[i]!.push(better === 'higher' ? 1_000 / each : each * (UNIT_MS[unit] ?? 1));
    }
  }
  const figure = sampled({ name: subject.name, what }, samples[0]!, unit, better);
  return beside === undefined ? figure : besides(figure, beside.name, samples[1]!);
}

/** Takes samples of jobs in turn, one of each a round, after a round that does not count. A job gives its own. */
export async function inTurn(rounds: number, jobs: readonly (() => Promise<number>)[]): Promise<number[][]> {
  const samples: number[][] = jobs.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, job] of jobs.entries()) {
      const sample = await job();
      if (round >= 0) samples[i]!.push(sample);
    }
  }
  return samples;
}

/** A figure with what it would be if nothing but so many nanoseconds of multiplications had to be done for each. */
export function floored(figure: Figure, nanoseconds: number, what: string): Figure {
  const value =
    figure.better === 'higher' ? 1e9 / nanoseconds : ((UNIT_MS[figure.unit] ?? 1) * nanoseconds) / 1e6;
  const share = figure.better === 'higher' ? figure.value / value : value / figure.value;
  return { ...figure, floor: { value: rounded(value), share: rounded(share), what } };
}

/** A figure beside the samples of something else that were taken in turn with its own. */
export function besides(figure: Figure, name: string, samples: readonly number[]): Figure {
  const other = median(samples);
  const ratio = figure.better === 'higher' ? figure.value / other : other / figure.value;
  return { ...figure, beside: { name, value: rounded(other) }, ratio: rounded(ratio) };
}

/** A figure of samples that were taken elsewhere. */
export function sampled(
  named: Pick<Figure, 'name' | 'what' | 'large'>,
  samples: readonly number[],
  unit: string,
  better: 'lower' | 'higher' = 'lower',
): Figure {
  const value = median(samples);
  const spread = rounded((Math.max(...samples) - Math.min(...samples)) / value);
  return { ...named, value: rounded(value), unit, better, runs: samples.length, spread, ...thisRun() };
}

/** A figure that is counted, not timed. */
export function counted(name: string, what: string, value: number, unit: string): Figure {
  return { name, what, value, unit, better: 'lower', runs: 0, spread: 0, ...thisRun() };
}

/** Milliseconds that a job takes. */
export async function timed(job: () => unknown): Promise<number> {
  const start = performance.now();
  await job();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
