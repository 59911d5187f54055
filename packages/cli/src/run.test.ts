import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { examplesOf } from './command.ts';
import { EXIT_CODES } from './exit.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';
import { runCli } from './run.ts';

function world(env: Record<string, string> = {}, isTTY = false) {
  const chunks: { out: string[]; err: string[] } = { out: [], err: [] };
  const stream = (into: string[]) =>
    Object.assign(
      new PassThrough().on('data', (chunk) => into.push(String(chunk))),
      { isTTY, columns: 80 },
    );
  const io: Io = {
    stdin: Object.assign(new PassThrough().end(), { isTTY: false }),
    stdout: stream(chunks.out),
    stderr: stream(chunks.err),
    env: { SERO_DIR: '/nonexistent/sero', ...env },
    cwd: '/',
    signal: new AbortController().signal,
  };
  return { io, out: () => chunks.out.join(''), err: () => chunks.err.join('') };
}

async function run(args: readonly string[], env?: Record<string, string>, isTTY?: boolean) {
  const { io, out, err } = world(env, isTTY);
  return { code: await runCli(args, io), out: out(), err: err() };
}

/** Every command, those below others too. */
function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

const ALL = commandsOf(buildProgram(world().io)).filter((command) => command.name() !== 'help');

describe('the program', () => {
  it('shows examples before everything else in its help, and each of them names the command it stands with', async () => {
    const { code, out } = await run(['help', 'send']);
    assert.equal(code, 0);
    assert.match(out, /^Examples:\n {2}sero send /);
    for (const command of ALL) {
      const leads = command.commands.length > 0 && command.name() !== 'tx';
      if (leads && command.parent !== null) continue;
      assert.ok(examplesOf(command).length > 0, `${command.name()} has no example`);
      for (const { line } of examplesOf(command)) assert.match(line, /\bsero /);
    }
  });

  it('has a help text of every command, whatever its options default to', () => {
    for (const command of ALL) assert.ok(command.helpInformation().includes('Usage:'), command.name());
  });

  it('says of every command, argument and option what it is', () => {
    for (const command of ALL) {
      assert.notEqual(command.description(), '', command.name());
      for (const argument of command.registeredArguments) {
        assert.notEqual(argument.description, '', argument.name());
      }
      for (const { description, flags } of command.options) assert.notEqual(description, '', flags);
    }
  });

  it('takes no secret as an argument: what is one comes from a file', () => {
    const secrets = /pass|word|seed|secret|tk|watch|phrase/;
    for (const command of ALL) {
      for (const { long, flags, required } of command.options) {
        if (required && secrets.test(long ?? '')) assert.match(flags, /<file>/, flags);
      }
      for (const argument of command.registeredArguments) assert.doesNotMatch(argument.name(), secrets);
    }
  });

  it('suggests what was meant, with exit code 2', async () => {
    const command = await run(['blance']);
    assert.equal(command.code, 2);
    assert.match(command.err, /Did you mean balance\?/);
    assert.equal(command.out, '');
    const option = await run(['balance', '--aset', 'GOLD']);
    assert.equal(option.code, 2);
    assert.match(option.err, /Did you mean --asset\?/);
  });

  it('shows help for nothing at all, as a mistake: stdout stays empty', async () => {
    const { code, out, err } = await run([]);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(err, /Usage: sero/);
  });

  it('says a failure as one JSON object on stderr with --json, wherever that stands', async () => {
    for (const args of [
      ['--json', 'balance'],
      ['balance', '--json'],
      ['send', '--json'],
      ['--json', 'nothing'],
    ]) {
      const { code, out, err } = await run(args);
      assert.equal(out, '');
      const { error } = JSON.parse(err) as { error: { exit: number; code: string; message: string } };
      assert.equal(error.exit, code);
      assert.notEqual(error.code, '');
    }
  });

  it('ends with 7 where there is no wallet, and says how to make one as it was called itself', async () => {
    const direct = await run(['balance']);
    assert.equal(direct.code, EXIT_CODES.wallet.code);
    assert.match(direct.err, /make or restore one: sero init/);
    const throughNpm = await run(['balance'], { npm_lifecycle_event: 'sero' });
    assert.match(throughNpm.err, /make or restore one: npm run sero -- init/);
  });

  it('colours a failure on a terminal, and not where NO_COLOR, --no-color or TERM=dumb says so', async () => {
    const colour = '\u001b[';
    assert.ok((await run(['balance'], {}, true)).err.includes(colour));
    assert.ok(!(await run(['balance'], { NO_COLOR: '1' }, true)).err.includes(colour));
    assert.ok(!(await run(['balance'], { TERM: 'dumb' }, true)).err.includes(colour));
    assert.ok(!(await run(['--no-color', 'balance'], {}, true)).err.includes(colour));
    assert.ok(!(await run(['balance'], {}, false)).err.includes(colour));
  });

  it('refuses a node’s address that is none, and a port that is none', async () => {
    for (const url of ['localhost:8645', 'file:///etc/passwd', 'nonsense']) {
      assert.equal((await run(['node', 'status', '--node', url])).code, 2, url);
    }
    for (const port of ['-1', '65536', '1e3', 'x']) {
      assert.equal((await run(['devnet', `--port=${port}`])).code, 2, port);
    }
    assert.equal((await run(['devnet'], { SERO_RPC_PORT: 'x' })).code, 2);
  });

  it('keeps to the table of exit codes: each number once', () => {
    const codes = Object.values(EXIT_CODES).map(({ code }) => code);
    assert.equal(new Set(codes).size, codes.length);
  });
});
