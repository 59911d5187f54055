/**
 * Figures of what users run.
 *
 *   npm run bench                       everything
 *   npm run bench -- --only pool.       the figures whose name starts so
 *   npm run bench -- --large            sizes that take gigabytes and many minutes too; the payments that figures of networks take are made where they are lacking
 *   npm run bench -- --doc              everything, and docs/benchmarks.md is written anew; with --large that page has those figures too
 *   npm run bench -- --doc --with FILE  and the figures that earlier runs wrote to stdout and this one does not measure; the page says of each
 *                                       row which run it is of, when that was and at which commit; with --only too, the others are all from there
 *
 * A table for people goes to stderr, one JSON object a line to stdout.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { consensusSuite } from './consensus.ts';
import { cryptoSuite } from './crypto.ts';
import { earlierFigures, floorOf, page, spreadOf } from './doc.ts';
import { type Figure, type LeftOut, measure, type Suite } from './harness.ts';
import { ledgerSuites } from './ledger.ts';
import { ledgerDiskSuites } from './ledger-disk.ts';
import { mevmSuite } from './mevm.ts';
import { networkSuite } from './network.ts';
import { poolSuite } from './pool.ts';
import { proverSuite } from './prover.ts';
import { restartSuite } from './restart.ts';
import { rpcSuite } from './rpc.ts';
import { thisRun } from './run.ts';
import { asksFor, mayHave } from './selection.ts';
import { sizeSuite } from './sizes.ts';
import { walletSuite } from './wallet.ts';

const SUITES: readonly Suite[] = [
  consensusSuite,
  cryptoSuite,
  ...ledgerSuites,
  ...ledgerDiskSuites,
  mevmSuite,
  networkSuite,
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

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    doc: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    with: { type: 'string' },
  },
});
// An exit, unlike the end by a signal, takes gigabytes of temporary files along.
process.setMaxListeners(20);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const only = values.doc && values.with === undefined ? '' : values.only;
const wanted = SUITES.filter(({ prefix }) => mayHave(prefix, only));
const wants = (name: string): boolean => asksFor(name, only);
const figures: Figure[] = [];
const leftOut: LeftOut[] = [];
const { machine, date, commit } = thisRun();
console.error(`${machine}; ${date}, commit ${commit}`);
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
if (values.with !== undefined) figures.push(...earlierFigures(readFileSync(values.with, 'utf8'), figures));
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
