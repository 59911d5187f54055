import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { Io } from './io.ts';
import { createOutput } from './output.ts';
import { createProgress } from './progress.ts';

function world(isTTY: boolean, quiet = false, env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const stream = (into: string[]) =>
    Object.assign(
      new PassThrough().on('data', (chunk) => into.push(String(chunk))),
      { isTTY, columns: 80, rows: 24 },
    );
  const io: Io = {
    stdin: new PassThrough(),
    stdout: stream(out),
    stderr: stream(err),
    env,
    cwd: '/',
    signal: new AbortController().signal,
  };
  const output = createOutput(io, { json: false, color: true, quiet, verbose: false });
  return { progress: createProgress(io, output), out: () => out.join(''), err: () => err.join('') };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPE = /\u001b\[/;

describe('progress', () => {
  it('turns and shows the latest report on a terminal, on stderr alone', async () => {
    const { progress, out, err } = world(true);
    const value = await progress.stage('Proving', async (report) => {
      report('half of it');
      return 7;
    });
    assert.equal(value, 7);
    assert.equal(out(), '');
    assert.match(err(), ESCAPE);
    assert.match(err(), /Proving: half of it/);
  });

  it('is plain lines elsewhere: the title once, no control characters', async () => {
    for (const plain of [world(false), world(true, false, { TERM: 'dumb' })]) {
      await plain.progress.stage('Proving', async (report) => {
        report('half of it');
        report('all of it');
      });
      assert.equal(plain.err(), 'Proving ...\n');
      assert.equal(plain.out(), '');
    }
  });

  it('is nothing with --quiet', async () => {
    const { progress, err } = world(true, true);
    assert.equal(await progress.stage('Proving', async () => 1), 1);
    assert.equal(err(), '');
  });

  it('hands a failure on as it is', async () => {
    for (const isTTY of [true, false]) {
      const failure = new Error('x');
      await assert.rejects(
        world(isTTY).progress.stage('Proving', async () => {
          throw failure;
        }),
        (error) => error === failure,
      );
    }
  });
});
