// Runs every *.test.ts of the workspace:  npm test -- [part of a path ...]
//
// Its last line is `N passed, N failed`, which .ci/run repeats; test-report.ts says what is counted.

import { type ChildProcess, spawn } from 'node:child_process';
import { join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { filesUnder } from './files.ts';
import { inOrder, needsLargeKeys } from './test-order.ts';
import { closingLine, compactReport, noResults, tally } from './test-report.ts';

const FOLDERS = ['packages', 'test', 'tools'];
/** Test files at a time. Proving takes both cores of a small machine, so more would only wait. */
const CONCURRENCY = 2;

const root = join(import.meta.dirname, '..');
const filters = process.argv.slice(2);
const results = noResults();
const files = inOrder(FOLDERS.flatMap((folder) => filesUnder(join(root, folder), isTest)).filter(isWanted));

if (files.length > 0) await runTests();
else
  console.error(
    filters.length === 0 ? 'There are no tests.' : `No test file's path has ${filters.join(' or ')}.`,
  );
for (const file of results.empty) console.log(`NOT OK ${relative(root, file)}: holds no test`);
console.log(closingLine(results));
process.exitCode = results.failed > 0 || results.passed === 0 ? 1 : 0;

function isTest(name: string): boolean {
  return name.endsWith('.test.ts');
}

function isWanted(file: string): boolean {
  const path = relative(root, file).split(sep).join('/');
  return filters.length === 0 || filters.some((filter) => path.includes(filter.replace(/^\.\//, '')));
}

async function runTests(): Promise<void> {
  const keys = files.some(needsLargeKeys) ? makeLargeKeys() : undefined;
  const events = run({ files, cwd: root, concurrency: CONCURRENCY });
  // The stream is read once, for the report and the count alike.
  const report = process.stdout.isTTY ? events.compose(spec()) : events.compose(compactReport(root));
  events.on('data', (event) => tally(results, event));
  for await (const text of report) process.stdout.write(text);
  keys?.kill();
}

/** Makes the keys that the last files need while the others run; a file that comes first makes or waits for its own. */
function makeLargeKeys(): ChildProcess {
  const program = join(root, 'packages', 'circuits', 'tools', 'prepare-development-keys.ts');
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'ignore', 'inherit'] });
  child.unref();
  return child;
}
