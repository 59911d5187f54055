import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { completionScript, SHELLS } from './completion.ts';
import { buildProgram } from './program.ts';

const PROGRAM = buildProgram({
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  cwd: '/',
  signal: new AbortController().signal,
});

/** What bash offers after these words. */
function offered(...words: string[]): string[] {
  const list = ['sero', ...words].map((word) => `'${word}'`).join(' ');
  const script = `complete() { :; }
${completionScript(PROGRAM, 'bash')}
COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _sero; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion', () => {
  it('offers the commands that begin like the word', () => {
    assert.deepEqual(offered('se'), ['send']);
    assert.deepEqual(offered('con').toSorted(), ['consolidate', 'contact']);
  });

  it('offers what stands below a command, and options of it and of every command', () => {
    assert.deepEqual(
      offered('account', '').filter((word) => !word.startsWith('-')),
      ['list', 'add', 'rename'],
    );
    assert.deepEqual(offered('audit', 'disclose', '--in'), ['--index']);
    assert.deepEqual(offered('send', '--js'), ['--json']);
    assert.deepEqual(offered('--json', 'node', 'sta').toSorted(), ['start', 'status']);
  });

  it('leaves the argument of an option to the shell’s files', () => {
    assert.deepEqual(offered('init', '--words-file', ''), []);
  });

  for (const shell of SHELLS) {
    it(`names every command in the script of ${shell}`, () => {
      const script = completionScript(PROGRAM, shell);
      for (const { name } of PROGRAM.commands.map((command) => ({ name: command.name() }))) {
        assert.ok(script.includes(name), name);
      }
      assert.ok(!script.includes('undefined'));
    });
  }

  it('is a script that each shell here can read', () => {
    const checks = { bash: ['-n'], zsh: ['-n'], fish: ['--no-execute'] } as const;
    const readable = SHELLS.flatMap((shell) => {
      const { status, error, stderr } = spawnSync(shell, checks[shell], {
        input: completionScript(PROGRAM, shell),
        encoding: 'utf8',
      });
      // A shell that is not installed cannot be asked; bash is.
      if (error !== undefined && shell !== 'bash') return [];
      assert.equal(status, 0, `${shell}: ${stderr}`);
      return [shell];
    });
    assert.ok(readable.includes('bash'));
  });
});
