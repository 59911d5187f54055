import type { Figure, LargeFigure, LeftOut } from './harness.ts';
import { type Run, UNRECORDED } from './run.ts';

/** How sure a figure is. */
export function spreadOf({ runs, spread }: Figure): string {
  if (runs === 0) return 'counted';
  return runs === 1 ? '1 run' : `${(100 * spread).toFixed(0)} % of ${runs}`;
}

/** What the multiplications alone would take, and their share. */
export function floorOf({ floor }: Figure): string {
  return floor === undefined ? '' : `${floor.value} (${(100 * floor.share).toFixed(0)} %)`;
}

/**
 * Figures that earlier runs printed as JSON lines, of several of a name the last one; but those measured now. Whatever else stands between
 * them is passed over. Lines of before dates and commits were written say so.
 */
export function earlierFigures(text: string, measured: readonly Figure[]): Figure[] {
  const found = new Map<string, Figure>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) continue;
    const figure = JSON.parse(line) as Omit<Figure, 'date' | 'commit'> & Partial<Run>;
    found.set(figure.name, { date: UNRECORDED, commit: UNRECORDED, ...figure });
  }
  for (const { name } of measured) found.delete(name);
  return [...found.values()];
}

/** The page of all figures, each with the run that it is of; those that were not asked for are named. */
export function page(
  figures: readonly Figure[],
  missing: readonly LargeFigure[],
  leftOut: readonly LeftOut[],
): string {
  const nameOf = ({ machine, date, commit }: Run): string => `${date} | ${commit} | ${machine}`;
  const runs = [...new Set(figures.map(nameOf))];
  const rows = figures.map((figure) =>
    [
      figure.large === true ? `${figure.name} *` : figure.name,
      `${figure.value} ${figure.unit}`,
      spreadOf(figure),
      figure.beside === undefined ? '' : `${figure.beside.name}: ${figure.beside.value}`,
      figure.ratio === undefined ? '' : `${figure.ratio}`,
      floorOf(figure),
      `${runs.indexOf(nameOf(figure)) + 1}`,
    ].join(' | '),
  );
  const behind = [
    ...missing.map(({ name }) => `${name} * | not measured here: --large |  |  |  |  | `),
    // An earlier run may have had what this machine has not.
    ...leftOut
      .filter(({ name }) => !figures.some((figure) => figure.name === name))
      .map(({ name, because }) => `${name} | not measured here: ${because} |  |  |  |  | `),
  ];
  const glossary = [
    ...figures.map(({ name, what, floor }) => {
      return `- **${name}**: ${what}${floor === undefined ? '' : ` Floor: ${floor.what}.`}`;
    }),
    ...missing.map(({ name, what }) => `- **${name}**: ${what}`),
  ];
  return `# Figures

Written by \`npm run bench -- --doc\`. Medians; spread is (maximum - minimum) / median. Ratio says how many times better than what stands
beside it, both measured in the same run, one after the other in each round: ratios travel to other machines, times do not. Floor is what the
field multiplications alone would take, counted, each as long as one was found to take here in a loop of nothing else; in brackets its share of
the figure. Figures with a * take gigabytes or many minutes and are measured only with \`--large\`. The last column says which run a row is of:
figures of different runs are of different sources and of a machine under another load, and are not to be compared.

| run | begun | commit | machine |
|---|---|---|---|
${runs.map((run, i) => `| ${i + 1} | ${run} |`).join('\n')}

| figure | median | spread | beside | ratio | floor | run |
|---|---|---|---|---|---|---|
${[...rows, ...behind].map((cells) => `| ${cells} |`).join('\n')}

## What each figure is

${glossary.join('\n')}
`;
}
