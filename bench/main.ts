/**
 * Figures of what users run.
 *
 *   npm run bench                       everything
 *   npm run bench -- --only pool.       the figures whose name starts so
 *
 * A table for people goes to stderr, one JSON object a line to stdout.
 */
import { parseArgs } from 'node:util';
import { cryptoSuite } from './crypto.ts';
import { type Figure, MACHINE, measure, type Suite } from './harness.ts';
import { ledgerSuite } from './ledger.ts';
import { poolSuite } from './pool.ts';
import { sizeSuite } from './sizes.ts';

const SUITES: readonly Suite[] = [cryptoSuite, ledgerSuite, poolSuite, sizeSuite];

function row({ name, value, unit, spread, beside, ratio }: Figure): string {
  const versus = beside === undefined ? '' : `  ${ratio}x of ${beside.name} (${beside.value})`;
  return `${name.padEnd(32)} ${String(value).padStart(10)} ${unit.padEnd(12)} spread ${(100 * spread).toFixed(0)} %${versus}`;
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const only = values.only;
const wanted = SUITES.filter(({ prefix }) => prefix.startsWith(only) || only.startsWith(prefix));
let figures = 0;
console.error(MACHINE);
for (const suite of wanted) {
  try {
    for (const item of await suite.prepare()) {
      const name = 'figure' in item ? item.figure.name : item.subject.name;
      if (!name.startsWith(only)) continue;
      const figure = 'figure' in item ? item.figure : await measure(item);
      figures++;
      console.error(row(figure));
      console.log(JSON.stringify(figure));
    }
  } finally {
    await suite.close?.();
  }
}
if (figures === 0) {
  console.error(`no figure starts with "${only}"`);
  process.exitCode = 2;
}
