import { type Figure, floored } from './harness.ts';
import type { CountedWork, NativeBench } from './native.ts';

/** What a figure's floor is reckoned from. */
export interface FloorOf {
  readonly work: CountedWork;
  /** How many of what the figure is of the work does. */
  readonly operations: number;
  /** Cores that the figure's work is spread over. */
  readonly cores: number;
  /** Whether the figure is one of the portable kernel, and not of the best of this processor. */
  readonly portable?: boolean;
}

/** Gives figures their floors. */
export type Floors = (figure: Figure, of: FloorOf) => Promise<Figure>;

/** The field multiplications of the library, counted and timed on this machine. */
export async function openFloors(native: NativeBench): Promise<Floors> {
  const times = await native.fields();
  const best = times['ifma'] === undefined ? 'portable' : 'ifma';
  const blst = times['portable'];
  if (blst === undefined) throw new Error('the portable kernel was not timed');

  return async (figure, { work, operations, cores, portable = false }) => {
    const kernel = portable ? 'portable' : best;
    const counts = (await native.count(work))[kernel];
    const lanes = times[kernel];
    if (counts === undefined || lanes === undefined) throw new Error(`the ${kernel} kernel was not counted`);
    const parts = [
      ['in lanes, of the base field', counts.fq, lanes.fq],
      ['in lanes, of the scalar field', counts.fr, lanes.fr],
      ["by blst's code, of the base field", counts.blstFq, blst.fq],
      ["by blst's code, of the scalar field", counts.blstFr, blst.fr],
    ] as const;
    const words = parts
      .map(([kind, count, each]) => [kind, count / operations, each] as const)
      .filter(([, count]) => count >= 0.5)
      .map(([kind, count, each]) => `${Math.round(count).toLocaleString('en')} ${kind}, ${each} ns each`);
    const sum = parts.reduce((total, [, count, each]) => total + count * each, 0);
    const on = cores === 1 ? 'on one core' : `on ${cores} cores`;
    return floored(figure, sum / operations / cores, `${words.join('; ')}; ${on}`);
  };
}
