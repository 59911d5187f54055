import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { earlierFigures, page } from './doc.ts';
import { type Figure, sampled } from './harness.ts';
import { commitOf, thisRun, UNRECORDED } from './run.ts';
import { temporaryDirectories } from './temporary.ts';

const directories = temporaryDirectories();
after(() => directories.clear());

const now = (name: string): Figure => sampled({ name, what: `What ${name} is.` }, [1, 2, 3], 'ms');
const of = (name: string, commit: string): Figure => ({
  ...now(name),
  machine: 'another machine',
  date: '2026-01-02 03:04 UTC',
  commit,
});

/** Cells of a row of a table that begins so. */
const cells = (text: string, first: string): string[] =>
  text
    .split('\n')
    .find((line) => line.startsWith(`| ${first} |`))!
    .slice(2, -2)
    .split(' | ');

describe('the page of figures', () => {
  it('says beside each row of which run it is, and of each run when it was and at which commit', () => {
    const text = page(
      [now('a.one'), of('a.two', 'c0ffee'), of('a.three', 'c0ffee'), of('a.four', 'bad')],
      [],
      [],
    );
    const { machine, date, commit } = thisRun();
    assert.deepEqual(cells(text, '1'), ['1', date, commit, machine]);
    assert.deepEqual(cells(text, '2'), ['2', '2026-01-02 03:04 UTC', 'c0ffee', 'another machine']);
    assert.deepEqual(cells(text, '3').slice(0, 3), ['3', '2026-01-02 03:04 UTC', 'bad']);
    const runs = ['a.one', 'a.two', 'a.three', 'a.four'].map((name) => cells(text, name).at(-1));
    assert.deepEqual(runs, ['1', '2', '2', '3']);
  });

  it('has as many cells in each row, of figures that were not measured too', () => {
    const missing = [{ name: 'a.large', what: 'Gigabytes.' }];
    const text = page([now('a.one')], missing, [{ name: 'a.out', because: 'no compiler' }]);
    const table = text.split('\n').filter((line) => line.startsWith('| a.') || line.startsWith('| figure'));
    assert.deepEqual(
      table.map((line) => line.split('|').length),
      [9, 9, 9, 9],
    );
  });

  it('has one row of a figure that is left out here and was measured by an earlier run', () => {
    const out = ['a.one', 'a.out'].map((name) => ({ name, because: 'no compiler' }));
    const text = page([of('a.one', 'old')], [], out);
    assert.deepEqual(
      text.split('\n').flatMap((line) => /^\| (a\.\S+) \| (\S+ \S+)/.exec(line)?.slice(1, 3).join(' ') ?? []),
      ['a.one 2 ms', 'a.out not measured'],
    );
  });

  it('takes from earlier runs what this one did not measure, of a figure that was measured twice the later line', () => {
    const lines = [of('a.one', 'old'), of('a.two', 'old'), of('a.two', 'newer')].map((figure) =>
      JSON.stringify(figure),
    );
    const found = earlierFigures(['a line of something else', ...lines, ''].join('\n'), [now('a.one')]);
    assert.deepEqual(found, [of('a.two', 'newer')]);
  });

  it('says of lines without date and commit that nobody wrote them down', () => {
    const { date: _date, commit: _commit, ...old } = of('a.one', 'x');
    const [found] = earlierFigures(JSON.stringify(old), []);
    assert.deepEqual([found!.date, found!.commit], [UNRECORDED, UNRECORDED]);
  });
});

describe('a figure', () => {
  it('carries date and commit on its line', () => {
    const { date, commit } = JSON.parse(JSON.stringify(now('a.one'))) as Figure;
    assert.match(date, /^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    assert.equal(commit, thisRun().commit);
  });

  it('names the commit of its sources, and says where they were changed since', () => {
    const folder = directories.make();
    assert.equal(commitOf(folder), UNRECORDED);
    const git = (...parameters: string[]): string => {
      const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
      const { status, stdout, stderr } = spawnSync('git', ['-C', folder, ...who, ...parameters], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      return stdout.trim();
    };
    git('init', '--quiet');
    for (const name of ['one.ts', 'figures.md']) writeFileSync(join(folder, name), 'before');
    git('add', '.');
    git('commit', '--quiet', '--message', 'first');
    const head = git('rev-parse', '--short=12', 'HEAD');
    assert.equal(commitOf(folder), head);
    writeFileSync(join(folder, 'figures.md'), 'after');
    assert.equal(commitOf(folder), head, 'figures are written to a document');
    writeFileSync(join(folder, 'one.ts'), 'after');
    assert.equal(commitOf(folder), `${head} with changes`);
  });
});
