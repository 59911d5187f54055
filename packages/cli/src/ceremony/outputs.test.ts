import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, beforeEach, describe, it } from 'node:test';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { expectNew, writeAllNew } from './outputs.ts';

describe('the results of a ceremony', () => {
  const made: string[] = [];
  let cwd: string;
  let stop: AbortController;
  const at = (name: string): string => join(cwd, name);
  const io = (): Io => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    return { stdin, stdout, stderr, env: {}, cwd, signal: stop.signal };
  };
  const bytes = Uint8Array.of(1, 2, 3);
  const isUsage = (error: unknown): boolean => error instanceof CliError && error.exit === 'usage';
  const write = (...paths: readonly string[]): Promise<void> =>
    writeAllNew(io(), ...paths.map((path) => ({ path, bytes })));

  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'sero-outputs-'));
    made.push(cwd);
    stop = new AbortController();
  });
  after(() => {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  });

  it('are written whole, for their owner alone, and nothing beside them', async () => {
    mkdirSync(at('under'));
    await write('a', 'under/b');
    assert.deepEqual(readdirSync(cwd, { recursive: true }).sort(), ['a', 'under', 'under/b']);
    for (const name of ['a', 'under/b']) {
      assert.deepEqual(new Uint8Array(readFileSync(at(name))), bytes);
      if (process.platform !== 'win32') assert.equal(statSync(at(name)).mode & 0o777, 0o600);
    }
  });

  it('are none where one cannot be written, and what stood there stays', async () => {
    writeFileSync(at('there'), 'older');
    await assert.rejects(write('a', 'there'), isUsage);
    await assert.rejects(write('there', 'a'), isUsage);
    await assert.rejects(write('a', 'nowhere/b'), isUsage);
    await assert.rejects(write('a', 'there/b'), isUsage);
    await assert.rejects(write('a', 'a'), isUsage);
    assert.deepEqual(readdirSync(cwd), ['there']);
    assert.equal(readFileSync(at('there'), 'utf8'), 'older');
  });

  it('are none where a directory takes the place of one', async () => {
    mkdirSync(at('b'));
    await assert.rejects(write('a', 'b'), isUsage);
    assert.deepEqual(readdirSync(cwd), ['b']);
  });

  it('are none where ctrl-C is pressed before they are all there, not even what was begun', async () => {
    const writing = write('a', 'b');
    assert.equal(readdirSync(cwd).length, 1);
    stop.abort();
    // A process ends here: what is to go has gone already.
    assert.deepEqual(readdirSync(cwd), []);
    await assert.rejects(writing, { name: 'AbortError' });
    assert.deepEqual(readdirSync(cwd), []);
  });

  it('are asked for before the work: what exists, what has no directory, two under one name, standard output', async () => {
    writeFileSync(at('there'), 'older');
    symlinkSync('nowhere', at('link'));
    for (const paths of [
      ['there'],
      ['a', 'there'],
      ['link'],
      ['nowhere/a'],
      ['there/a'],
      ['a', './a'],
      ['-'],
    ]) {
      await assert.rejects(expectNew(io(), ...paths), isUsage, paths.join(' '));
    }
    await expectNew(io(), 'a', 'b');
    assert.deepEqual(readdirSync(cwd).sort(), ['link', 'there']);
  });
});
