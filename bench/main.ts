/**
 * Figures of what users run.
 *
 *   npm run bench                       everything
 *   npm run bench -- --only pool.       the figures whose name starts so
 *   npm run bench -- --large            sizes that take gigabytes and many minutes too
 *   npm run bench -- --doc              everything, and docs/benchmarks.md is written anew; with --large that page has those figures too
 *   npm run bench -- --doc --with FILE  and the figures that earlier runs wrote to stdout and this one does not measure, each with its own
 *                                       machine line; with --only too, the others are all from there
 *
 * A table for people goes to stderr, one JSON object a line to stdout.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cryptoSuite } from './crypto.ts';
import { type Figure, type LargeFigure, type LeftOut, MACHINE, measure, type Suite } from './harness.ts';
import { ledgerSuites } from './ledger.ts';
import { ledgerDiskSuites } from './ledger-disk.ts';
import { poolSuite } from './pool.ts';
import { proverSuite } from './prover.ts';
import { restartSuite } from './restart.ts';
import { rpcSuite } from './rpc.ts';
import { asksFor, mayHave } from './selection.ts';
import { sizeSuite } from './sizes.ts';
import { walletSuite } from './wallet.ts';

const SUITES: readonly Suite[] = [
  cryptoSuite,
  ...ledgerSuites,
  ...ledgerDiskSuites,
  poolSuite,
  proverSuite,
  restartSuite,
  rpcSuite,
  sizeSuite,
  walletSuite,
];

function row(figure: Figure): string {
  const { name, value, unit, beside, ratio } = figure;
  const versus = beside === undefined ? '' : `  ${ratio}x of ${beside.name} (${beside.value})`;
  const floor = figure.floor === undefined ? '' : `  floor ${floorOf(figure)}`;
  return `${name.padEnd(32)} ${String(value).padStart(10)} ${unit.padEnd(12)} ${spreadOf(figure).padEnd(10)}${versus}${floor}`;
}

/** How sure a figure is. */
function spreadOf({ runs, spread }: Figure): string {
  if (runs === 0) return 'counted';
  return runs === 1 ? '1 run' : `${(100 * spread).toFixed(0)} % of ${runs}`;
}

/** What the multiplications alone would take, and their share. */
function floorOf({ floor }: Figure): string {
  return floor === undefined ? '' : `${floor.value} (${(100 * floor.share).toFixed(0)} %)`;
}

/** Figures that earlier runs printed as JSON lines, but those measured now; whatever else stands in the file is passed over. */
function earlier(file: string, measured: readonly Figure[]): Figure[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Figure)
    .filter(({ name }) => !measured.some((figure) => figure.name === name));
}

/** The page of all figures; those that were not asked for are named. */
function page(
  figures: readonly Figure[],
  missing: readonly LargeFigure[],
  leftOut: readonly LeftOut[],
): string {
  const rows = figures.map((figure) =>
    [
      figure.large === true ? `${figure.name} *` : figure.name,
      `${figure.value} ${figure.unit}`,
      spreadOf(figure),
      figure.beside === undefined ? '' : `${figure.beside.name}: ${figure.beside.value}`,
      figure.ratio === undefined ? '' : `${figure.ratio}`,
      floorOf(figure),
    ].join(' | '),
  );
  const behind = [
    ...missing.map(({ name }) => `${name} * | not measured here: --large |  |  |  | `),
    ...leftOut.map(({ name, because }) => `${name} | not measured here: ${because} |  |  |  | `),
  ];
  const runs = [...new Set(figures.map(({ machine }) => machine))].filter((machine) => machine !== MACHINE);
  const apart = runs.map((run) => {
    const names = figures.filter(({ machine }) => machine === run).map(({ name }) => name);
    return `Measured in a run apart (${run}): ${names.join(', ')}.\n`;
  });
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
the figure. Figures with a * take gigabytes or many minutes and are measured only with \`--large\`.

Machine: ${MACHINE}.
${apart.map((line) => `\n${line}`).join('')}
| figure | median | spread | beside | ratio | floor |
|---|---|---|---|---|---|
${[...rows, ...behind].map((cells) => `| ${cells} |`).join('\n')}

## What each figure is

${glossary.join('\n')}
`;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    doc: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    with: { type: 'string' },
  },
});
// An exit, unlike the end by a signal, takes gigabytes of temporary files along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const only = values.doc && values.with === undefined ? '' : values.only;
const wanted = SUITES.filter(({ prefix }) => mayHave(prefix, only));
const wants = (name: string): boolean => asksFor(name, only);
const figures: Figure[] = [];
const leftOut: LeftOut[] = [];
console.error(MACHINE);
for (const suite of wanted) {
  try {
    for (const item of await suite.prepare({ large: values.large, wants })) {
      if ('leftOut' in item) {
        if (!wants(item.leftOut.name)) continue;
        leftOut.push(item.leftOut);
        console.error(`${item.leftOut.name.padEnd(32)} left out: ${item.leftOut.because}`);
        continue;
      }
      const name = 'figure' in item ? item.figure.name : item.subject.name;
      if (!wants(name)) continue;
      const figure = 'figure' in item ? item.figure : await measure(item);
      figures.push(figure);
      console.error(row(figure));
      console.log(JSON.stringify(figure));
    }
  } finally {
    await suite.close?.();
  }
}
if (values.with !== undefined) figures.push(...earlier(values.with, figures));
const missing = (values.doc ? SUITES : wanted)
  .flatMap(({ large = [] }) => large)
  .filter(({ name }) => (values.doc || wants(name)) && !figures.some((figure) => figure.name === name));
for (const { name } of missing) console.error(`${name.padEnd(32)} only with --large`);
if (values.doc)
  writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), page(figures, missing, leftOut));
if (figures.length + missing.length + leftOut.length === 0) {
  console.error(`no figure starts with "${only}"`);
  process.exitCode = 2;
}
