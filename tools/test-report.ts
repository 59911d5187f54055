import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** How many tests, subtests included, ended how; and the files in which no test was found. */
export interface Results {
  passed: number;
  failed: number;
  skipped: number;
  readonly empty: string[];
}

/** Results before any event. */
export function noResults(): Results {
  return { passed: 0, failed: 0, skipped: 0, empty: [] };
}

/** The results of several runs as of one. */
export function sumOf(runs: readonly Results[]): Results {
  const count = (of: (results: Results) => number): number => runs.reduce((sum, one) => sum + of(one), 0);
  return {
    passed: count(({ passed }) => passed),
    failed: count(({ failed }) => failed),
    skipped: count(({ skipped }) => skipped),
    empty: runs.flatMap(({ empty }) => empty),
  };
}

/**
 * Takes one event of node's test runner into account.
 *
 * Tests are counted as node's closing summary counts them, with two differences. A cancelled test is a failed
 * one, and so is a file that holds no test: node reports such a file as one passed test named after its path,
 * so a file whose tests were lost would look well.
 */
export function tally(results: Results, event: TestEvent): void {
  if (event.type === 'test:pass' && event.data.nesting === 0 && event.data.name === event.data.file) {
    results.empty.push(event.data.file);
  }
  // With a file each file has a summary of its own; the one without is the sum.
  if (event.type === 'test:summary' && event.data.file === undefined) {
    const { counts } = event.data;
    results.passed = counts.passed - results.empty.length;
    results.failed = notPassed(counts) + results.empty.length;
    results.skipped = counts.skipped + counts.todo;
  }
}

/** The line that ends every run: `12 passed, 0 failed`, and `, 1 skipped` after it if any was. */
export function closingLine(results: Results): string {
  const skipped = results.skipped > 0 ? `, ${results.skipped} skipped` : '';
  return `${results.passed} passed, ${results.failed} failed${skipped}`;
}

/**
 * Makes a reporter for logs: one line a file, what the tests print, every failure in full where it happens,
 * and node's summary.
 *
 * @param root folder that paths are printed from
 */
export function compactReport(root: string) {
  return async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
    for await (const event of events) {
      if (event.type === 'test:stdout' || event.type === 'test:stderr') yield event.data.message;
      else if (event.type === 'test:fail') yield failure(event.data, root);
      else if (event.type === 'test:summary') yield event.data.file ? fileLine(event.data, root) : '';
      else if (event.type === 'test:diagnostic' && event.data.file === undefined)
        yield `# ${event.data.message}\n`;
    }
  };
}

type Failure = Extract<TestEvent, { type: 'test:fail' }>['data'];
type Summary = Extract<TestEvent, { type: 'test:summary' }>['data'];

/** Failed and cancelled tests. The types of node's summary lack its count of failed ones. */
function notPassed(counts: Summary['counts']): number {
  return counts.tests - counts.passed - counts.skipped - counts.todo;
}

function failure(data: Failure, root: string): string {
  const error = data.details.error as Error & { failureType?: string };
  // Such a test failed only because one inside it did, which has been told already.
  if (error.failureType === 'subtestsFailed') return '';
  const place = data.file === undefined ? '' : ` (${relative(root, data.file)}:${data.line}:${data.column})`;
  const name = data.name === data.file ? 'the file' : data.name;
  return `not ok: ${name}${place}\n${inspect(error.cause ?? error).replace(/^/gm, '    ')}\n`;
}

function fileLine(data: Summary, root: string): string {
  const verdict = notPassed(data.counts) === 0 ? 'ok' : 'NOT OK';
  const file = relative(root, data.file ?? '');
  return `${verdict} ${file}: ${data.counts.tests} tests, ${Math.round(data.duration_ms)} ms\n`;
}
