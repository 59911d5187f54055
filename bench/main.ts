/**
 * Figures of what users run.
 *
 *   npm run bench                       everything
 *   npm run bench -- --only pool.       the figures whose name starts so
 *   npm run bench -- --large            sizes that take gigabytes and many minutes too
 *   npm run bench -- --doc              everything, and docs/benchmarks.md is written anew
 *
 * A table for people goes to stderr, one JSON object a line to stdout.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cryptoSuite } from './crypto.ts';
import { type Figure, MACHINE, measure, type Suite } from './harness.ts';
import { ledgerSuites } from './ledger.ts';
import { ledgerDiskSuites } from './ledger-disk.ts';
import { poolSuite } from './pool.ts';
import { rpcSuite } from './rpc.ts';
import { sizeSuite } from './sizes.ts';
import { walletSuite } from './wallet.ts';

const SUITES: readonly Suite[] = [
  cryptoSuite,
  ...ledgerSuites,
  ...ledgerDiskSuites,
  poolSuite,
  rpcSuite,
  sizeSuite,
  walletSuite,
];

function row({ name, value, unit, spread, beside, ratio }: Figure): string {
  const versus = beside === undefined ? '' : `  ${ratio}x of ${beside.name} (${beside.value})`;
  return `${name.padEnd(32)} ${String(value).padStart(10)} ${unit.padEnd(12)} spread ${(100 * spread).toFixed(0)} %${versus}`;
}

/** The page of all figures. */
function page(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, spread, runs, beside, ratio }) =>
    [
      name,
      `${value} ${unit}`,
      runs === 1 ? 'counted' : `${(100 * spread).toFixed(0)} % of ${runs}`,
      beside === undefined ? '' : `${beside.name}: ${beside.value}`,
      ratio === undefined ? '' : `${ratio}`,
    ].join(' | '),
  );
  return `# Figures

Written by \`npm run bench -- --doc\`. Medians; spread is (maximum - minimum) / median. Ratio says how many times better than what stands
beside it, measured in turn in the same run: ratios travel to other machines, times do not.

Machine: ${MACHINE}.

| figure | median | spread | beside | ratio |
|---|---|---|---|---|
${rows.map((cells) => `| ${cells} |`).join('\n')}
`;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    doc: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
  },
});
const only = values.doc ? '' : values.only;
const wanted = SUITES.filter(({ prefix }) => prefix.startsWith(only) || only.startsWith(prefix));
const figures: Figure[] = [];
console.error(MACHINE);
for (const suite of wanted) {
  try {
    for (const item of await suite.prepare({ large: values.large })) {
      const name = 'figure' in item ? item.figure.name : item.subject.name;
      if (!name.startsWith(only)) continue;
      const figure = 'figure' in item ? item.figure : await measure(item);
      figures.push(figure);
      console.error(row(figure));
      console.log(JSON.stringify(figure));
    }
  } finally {
    await suite.close?.();
  }
}
if (values.doc) writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), page(figures));
if (figures.length === 0) {
  console.error(`no figure starts with "${only}"`);
  process.exitCode = 2;
}
