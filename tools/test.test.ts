import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openBackend } from '@sero/prover/node';
import { othersThan } from './test-backends.ts';
import { inOrder, LONG } from './test-order.ts';

// The runner looks for tests beside its own folder, so it is run in a small repository of its own.
const root = mkdtempSync(join(tmpdir(), 'runner-'));
after(() => rmSync(root, { recursive: true }));
cpSync(join(import.meta.dirname, 'fixtures', 'runner'), root, { recursive: true });
mkdirSync(join(root, 'tools', 'checks'), { recursive: true });
for (const name of [
  ...['test.ts', 'test-backends.ts', 'test-order.ts', 'test-report.ts', 'module-graph.ts', 'files.ts'],
  ...['checks/module-name.ts', 'checks/workspace.ts'],
]) {
  cpSync(join(import.meta.dirname, name), join(root, 'tools', name));
}
symlinkSync(join(import.meta.dirname, '..', 'node_modules'), join(root, 'node_modules'));
mkdirSync(join(root, 'packages', 'one', 'node_modules'));
writeFileSync(
  join(root, 'packages', 'one', 'node_modules', 'theirs.test.ts'),
  "throw new Error('not ours');",
);
writeFileSync(join(root, 'package.json'), '{ "type": "module" }');

// One whose outcome depends on the prover, and one that is left out with each but the fastest.
const choosing = `import { test } from 'node:test';
test('chooses', () => console.log('chosen: ' + (process.env['SERO_PROVER'] ?? 'none')));`;
mkdirSync(join(root, 'packages', 'three'));
writeFileSync(join(root, 'packages', 'three', 'choosing.test.ts'), choosing);
writeFileSync(join(root, 'tools', 'choosing.test.ts'), choosing);

// Two that are long in this repository, by their names.
for (const name of ['rpc/load', 'crash/kill']) {
  const file = join(root, 'test', `${name}.test.ts`);
  mkdirSync(dirname(file));
  writeFileSync(file, "import { test } from 'node:test'; test('is long', () => undefined);");
}

mkdirSync(join(root, 'packages', 'four'));
writeFileSync(
  join(root, 'packages', 'four', 'keeping.test.ts'),
  `import { existsSync } from 'node:fs'; import { getCompileCacheDir } from 'node:module'; import { dirname } from 'node:path'; import { test } from 'node:test';
test('keeps', () => console.log('compiled in ' + (existsSync(getCompileCacheDir()) && dirname(getCompileCacheDir()))));`,
);

const run = (...args: string[]) => runWith({}, ...args);

/** @param changes variables that are other here, or not there */
function runWith(changes: Readonly<Record<string, string | undefined>>, ...args: string[]) {
  // Under a test runner node:test runs nothing more, which this variable tells it; and the prover is chosen here.
  const { NODE_TEST_CONTEXT: _, SERO_PROVER: __, ...env } = process.env;
  const result = spawnSync(process.execPath, ['tools/test.ts', ...args], {
    cwd: root,
    env: { ...env, ...changes },
    encoding: 'utf8',
  });
  const lines = result.stdout.trimEnd().split('\n');
  return { status: result.status, lines, last: lines.at(-1), errors: result.stderr };
}

describe('npm test', () => {
  it('counts subtests as tests, suites not, and ends with the count', () => {
    const { status, last, lines } = run('passing');
    assert.equal(last, '3 passed, 0 failed, 2 skipped');
    assert.equal(status, 0);
    assert.ok(lines.includes('# tests 5'));
    assert.ok(lines.includes('# pass 3'));
  });

  it('fails when a test does, and tells where and why, once', () => {
    const { status, last, lines } = run('failing');
    assert.equal(last, '1 passed, 2 failed');
    assert.equal(status, 1);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('not ok')),
      ['not ok: inner (test/failing.test.ts:4:17)'],
    );
    assert.ok(lines.includes('    Error: the reason'));
    assert.ok(lines.includes('printed by the test'));
  });

  it('fails when a file ends before its tests begin', () => {
    const { status, last } = run('crashing');
    assert.equal(last, '0 passed, 1 failed');
    assert.equal(status, 1);
  });

  it('fails when a file holds no test, which node itself would count as one passed', () => {
    const { status, last, lines } = run('empty');
    assert.equal(last, '0 passed, 1 failed');
    assert.equal(status, 1);
    assert.ok(lines.includes('NOT OK test/empty.test.ts: holds no test'));
  });

  it('fails when no test is found', () => {
    const { status, last, errors } = run('no-such-path');
    assert.equal(last, '0 passed, 0 failed');
    assert.equal(status, 1);
    assert.match(errors, /no-such-path/);
  });

  it('runs long files first, the longest before the others, and short ones in their order', () => {
    const { lines, last } = run('test/rpc/load', 'packages/one/src', 'test/crash/kill');
    assert.equal(last, '5 passed, 0 failed, 2 skipped');
    assert.deepEqual(
      lines.flatMap((line) => line.match(/^ok (.*): \d+ tests/)?.[1] ?? []),
      ['test/crash/kill.test.ts', 'test/rpc/load.test.ts', 'packages/one/src/passing.test.ts'],
    );
    assert.deepEqual(inOrder(['x/b.test.ts', LONG[1]!, 'x/a.test.ts', LONG[0]!]), [
      ...[LONG[0], LONG[1]],
      ...['x/b.test.ts', 'x/a.test.ts'],
    ]);
  });

  it('knows long files by names that they have', () => {
    for (const file of LONG) assert.ok(existsSync(join(import.meta.dirname, '..', file)), file);
    assert.equal(new Set(LONG).size, LONG.length);
  });

  it('has what one file compiled used by all, and kept no longer than the run, but where the caller keeps it', () => {
    const folderOf = (lines: readonly string[]): string =>
      lines.find((line) => line.startsWith('compiled in '))!.slice('compiled in '.length);
    const folder = folderOf(runWith({ NODE_COMPILE_CACHE: undefined }, 'keeping').lines);
    assert.ok(isAbsolute(folder));
    assert.equal(existsSync(folder), false);
    const kept = join(root, 'kept');
    assert.equal(folderOf(runWith({ NODE_COMPILE_CACHE: kept }, 'keeping').lines), kept);
    assert.ok(existsSync(kept));
  });

  it('takes several filters, and runs no fixture and no test of a dependency', () => {
    const { lines, last } = run('./packages/one', 'test/failing');
    assert.equal(last, '4 passed, 2 failed, 2 skipped');
    assert.deepEqual(
      lines.filter((line) => /\.test\.ts: \d+ tests, \d+ ms$/.test(line)).map((line) => line.split(':')[0]),
      ['ok packages/one/src/passing.test.ts', 'NOT OK test/failing.test.ts'],
    );
  });

  const chosen = (lines: readonly string[]): string[] =>
    lines.filter((line) => line.startsWith('chosen: ')).map((line) => line.slice(8));

  it('runs everything with the fastest prover, and what depends on the prover with each other one too', async () => {
    const fastest = await openBackend({ environment: {} });
    await fastest.close();
    const others = othersThan(fastest);
    const { lines, last, status } = run();
    assert.deepEqual(chosen(lines), ['none', 'none', ...others.run]);
    for (const backend of others.run) {
      assert.ok(lines.includes(`# prover: ${backend}: 1 passed, 0 failed, in 1 files`));
      const left = lines.filter((line) => line.startsWith(`# left out with ${backend}: `));
      assert.equal(left.length, 1);
      assert.match(left[0]!, /tools\/choosing\.test\.ts: ./);
    }
    for (const { backend, because } of others.not) {
      assert.ok(lines.includes(`# no run with ${backend}: ${because}`));
    }
    assert.equal(last, `${9 + others.run.length} passed, 4 failed, 2 skipped`);
    assert.equal(status, 1, 'what failed with one prover failed');
  });

  it('runs what is asked for with the prover that is asked for, by an argument or by the environment', () => {
    for (const { lines, last } of [
      run('--backend', 'reference', 'choosing'),
      runWith({ SERO_PROVER: 'reference' }, 'choosing'),
    ]) {
      assert.deepEqual(chosen(lines), ['reference', 'reference']);
      assert.equal(last, '2 passed, 0 failed');
    }
    const { lines, last } = run('--backend', 'wasm');
    assert.deepEqual(chosen(lines), ['wasm'], 'without a path, its part of the whole');
    assert.equal(last, '1 passed, 0 failed');
  });

  it('fails where no prover has the name', () => {
    const { status, last, errors } = run('--backend', 'Wasm', 'choosing');
    assert.equal(last, '0 passed, 0 failed');
    assert.equal(status, 1);
    assert.match(errors, /Wasm: native, portable, wasm, reference/);
  });
});
