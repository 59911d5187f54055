/** Of some measurements. */
export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** The spread of measurements, each number rounded to three places after the point; zeros for none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0) * 1_000) / 1_000;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), max: at(1) };
}
