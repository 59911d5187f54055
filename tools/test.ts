// Runs every *.test.ts of the workspace, then those whose outcome depends on the prover once more with each other prover:
//
//   npm test                                  all of it
//   npm test -- PART-OF-A-PATH ...            only these files, with the fastest prover
//   npm test -- --backend NAME [PART ...]     only these with this prover; without a path, its part of the whole
//
// SERO_PROVER=NAME does what --backend does. The last line is `N passed, N failed`, the sum, which .ci/run repeats; test-report.ts
// says what is counted, test-backends.ts which files depend on the prover and which of them are left out where.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { filesUnder } from './files.ts';
import { BACKENDS, CHOICE, dependentFiles, othersThan, type Part, partOf } from './test-backends.ts';
import { inOrder } from './test-order.ts';
import { closingLine, compactReport, noResults, type Results, sumOf, tally } from './test-report.ts';

const FOLDERS = ['packages', 'test', 'tools', 'bench'];
/** Test files at a time. Proving takes both cores of a small machine, so more would only wait. */
const CONCURRENCY = 2;
/** Where Node keeps what it compiled, if anywhere. */
const COMPILED = 'NODE_COMPILE_CACHE';

const root = join(import.meta.dirname, '..');
const { values, positionals: filters } = parseArgs({
  options: { backend: { type: 'string' } },
  allowPositionals: true,
});
const wished = values.backend ?? (process.env[CHOICE] || undefined);
const all = FOLDERS.flatMap((folder) => filesUnder(join(root, folder), isTest)).map(fromRoot);

keepCompiled();
const summary: string[] = [];
const sum = sumOf(await runAll());
for (const line of summary) console.log(line);
console.log(closingLine(sum));
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;

/**
 * Has the hundreds of processes of a run compile each module once between them: most load the same ones, which takes a second of
 * computing otherwise. What was compiled goes with the run, since it has programs that tests write under names used once.
 */
function keepCompiled(): void {
  if (process.env[COMPILED] !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'sero-compiled-'));
  process.env[COMPILED] = folder;
  // An exit, unlike the end by a signal, takes the folder along.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
}

function isTest(name: string): boolean {
  return name.endsWith('.test.ts');
}

function fromRoot(file: string): string {
  return relative(root, file).split(sep).join('/');
}

function isWanted(file: string): boolean {
  return filters.some((filter) => file.includes(filter.replace(/^\.\//, '')));
}

async function runAll(): Promise<Results[]> {
  const backend = BACKENDS.find((name) => name === wished);
  if (wished !== undefined && backend === undefined) {
    console.error(`No prover is called ${wished}: ${BACKENDS.join(', ')} are.`);
    return [];
  }
  const files = filters.length === 0 ? all : all.filter(isWanted);
  if (files.length === 0) {
    console.error(
      filters.length === 0 ? 'There are no tests.' : `No test file's path has ${filters.join(' or ')}.`,
    );
    return [];
  }
  if (filters.length > 0)
    return [await runPart({ ...(backend === undefined ? {} : { backend }), files, leftOut: [] })];
  const dependent = dependentFiles(root, files);
  if (backend !== undefined) return [await runPart(partOf(backend, dependent))];

  // Not before it is needed: the tests of one package run while another does not even load.
  const [{ describeBackend }, { openBackend }] = await Promise.all([
    import('@sero/prover'),
    import('@sero/prover/node'),
  ]);
  const fastest = await openBackend();
  await fastest.close();
  const others = othersThan(fastest);
  const results = [await runPart({ files, leftOut: [] }, describeBackend(fastest))];
  for (const other of others.run) results.push(await runPart(partOf(other, dependent)));
  for (const { backend, because } of others.not) summary.push(`# no run with ${backend}: ${because}`);
  return results;
}

/** Says what is left out, runs the files, and counts. */
async function runPart(
  { backend, files, leftOut }: Part,
  name = `prover: ${backend ?? 'the fastest'}`,
): Promise<Results> {
  if (backend === undefined) delete process.env[CHOICE];
  else process.env[CHOICE] = backend;
  const results = noResults();
  console.log(`# ${name}: ${files.length} of ${all.length} test files`);
  for (const { file, because } of leftOut) console.log(`# left out with ${backend}: ${file}: ${because}`);
  if (files.length > 0) await runTests(inOrder(files), results);
  for (const file of results.empty) console.log(`NOT OK ${fromRoot(file)}: holds no test`);
  summary.push(`# ${name}: ${closingLine(results)}, in ${files.length} files`);
  return results;
}

async function runTests(files: readonly string[], results: Results): Promise<void> {
  const events = run({
    files: files.map((file) => join(root, file)),
    cwd: root,
    concurrency: CONCURRENCY,
  });
  // The stream is read once, for the report and the count alike.
  const report = process.stdout.isTTY ? events.compose(spec()) : events.compose(compactReport(root));
  events.on('data', (event) => tally(results, event));
  for await (const text of report) process.stdout.write(text);
}
