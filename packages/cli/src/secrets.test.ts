import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, it } from 'node:test';
import { CliError } from './errors.ts';
import type { Io } from './io.ts';
import { confirmed, newPassword, readPassword } from './secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'sero-secrets-'));
after(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** A terminal whose person answers each question with the next line. */
function terminal(answers: readonly string[], env: Record<string, string> = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const said: string[] = [];
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const left = [...answers];
  stderr.on('data', (chunk) => {
    const text = String(chunk);
    said.push(text);
    if (/\? |\[y\/N\]|password|again/i.test(text) && left.length > 0)
      setImmediate(() => stdin.write(`${left.shift() ?? ''}\n`));
  });
  const stop = new AbortController();
  const io: Io = { stdin, stdout: new PassThrough(), stderr, env, cwd: folder, signal: stop.signal };
  return { io, stop, said: () => said.join('') };
}

function noTerminal(env: Record<string, string> = {}, input = ''): Io {
  const stdin = Object.assign(new PassThrough(), { isTTY: false });
  stdin.end(input);
  return {
    stdin,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env,
    cwd: folder,
    signal: new AbortController().signal,
  };
}

const usage = (error: unknown): boolean => error instanceof CliError && error.exit === 'usage';

describe('a password', () => {
  it('is the first line of the file that an option names, else of the one that the environment names, else of stdin', async () => {
    const [one, two] = [file('one', 'of the option\r\nnot this\n'), file('two', 'of the environment\n')];
    const env = { SERO_PASSWORD_FILE: two };
    assert.equal(await readPassword({ io: noTerminal(env), file: one }), 'of the option');
    assert.equal(await readPassword({ io: noTerminal(env), file: undefined }), 'of the environment');
    assert.equal(await readPassword({ io: noTerminal({}, ' with spaces \n'), file: '-' }), ' with spaces ');
  });

  it('is asked for on a terminal, and what is typed is not shown', async () => {
    const { io, said } = terminal(['hidden password']);
    assert.equal(await readPassword({ io, file: undefined }), 'hidden password');
    assert.doesNotMatch(said(), /hidden password/);
    assert.match(said(), /Password/);
  });

  it('is no argument and no guess: without file and terminal it is a mistake that says what to do', async () => {
    await assert.rejects(readPassword({ io: noTerminal(), file: undefined }), (error: CliError) => {
      assert.match(error.hint!, /--password-file/);
      return usage(error);
    });
    await assert.rejects(readPassword({ io: noTerminal(), file: file('empty', '\n') }), usage);
    await assert.rejects(readPassword({ io: noTerminal(), file: join(folder, 'missing') }), usage);
  });

  it('has at least eight characters when it is new', async () => {
    await assert.rejects(newPassword({ io: noTerminal(), file: file('short', 'seven77\n') }), usage);
    assert.equal(await newPassword({ io: noTerminal(), file: file('long', 'eight888\n') }), 'eight888');
  });

  it('interrupted is an interruption', async () => {
    const { io, stop } = terminal([]);
    const asked = readPassword({ io, file: undefined });
    setImmediate(() => stop.abort());
    await assert.rejects(asked, { name: 'AbortPromptError' });
  });
});

describe('a question', () => {
  it('is answered with y or yes, and with no by everything else', async () => {
    for (const [answer, expected] of [
      ['y', true],
      ['YES', true],
      ['', false],
      ['n', false],
      ['yesterday', false],
    ] as const) {
      assert.equal(await confirmed(terminal([answer]).io, false, 'Send it?'), expected, answer);
    }
  });

  it('is not asked with --yes, and refused where nobody can be asked', async () => {
    const { io, said } = terminal([]);
    assert.equal(await confirmed(io, true, 'Send it?'), true);
    assert.equal(said(), '');
    await assert.rejects(confirmed(noTerminal(), false, 'Send it?'), usage);
  });
});
