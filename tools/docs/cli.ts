// Writes docs/cli.md from the program itself:  node tools/docs/cli.ts

import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { buildProgram, EXIT_CODES, examplesOf, type Io } from '@sero/cli';

type Command = ReturnType<typeof buildProgram>;

/** Where it stands. */
export const CLI_DOCS = new URL('../../docs/cli.md', import.meta.url);

/** A world in which nothing runs: the program is only looked at. */
function nowhere(): Io {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  return { stdin, stdout, stderr, env: {}, cwd: '/', signal: new AbortController().signal };
}

/** The text of docs/cli.md. */
export function cliDocs(): string {
  const program = buildProgram(nowhere());
  const commands = program.commands.filter((command) => command.name() !== 'help');
  return `${[
    '# The command `sero`',
    '<!-- Written by tools/docs/cli.ts from the program: change the program, then run it. -->',
    'In a checkout `npm run sero -- balance` stands for `sero balance`.',
    '## Conventions',
    CONVENTIONS,
    '## Options of every command',
    options(program),
    '## Exit codes',
    exitCodes(),
    '## Commands',
    index(commands),
    ...commands.flatMap((command) => section(command, 'sero', 3)),
  ].join('\n\n')}\n`;
}

const CONVENTIONS = `- The answer goes to stdout, and nothing else does. Progress, questions, warnings and failures go to stderr.
- \`--json\` gives one JSON object on stdout. Amounts, heights and asset numbers are decimal strings in the smallest unit (1 SERO is
  10^18), bytes are hexadecimal. A failure is one object on stderr: \`{"error":{"exit","code","message","hint"}}\`; \`code\` is stable.
- Bars and colours are drawn on a terminal only; \`NO_COLOR\`, \`TERM=dumb\` and \`--no-color\` turn colours off.
- Amounts are exact: digits with a point, and the unit if you like (\`1.5\`, \`"1.5 SERO"\`, \`20 GOLD\`). SERO has 18 decimal places, tokens have none.
- Words, viewing keys and passwords come from a question, a file or standard input, never from arguments: other users of a machine can
  read those. \`SERO_PASSWORD_FILE\` names a file with the password.
- What costs money asks first. \`--yes\` answers; where nobody can be asked and \`--yes\` is not said, nothing happens.
- Files: \`wallet/\`, \`node/\` and \`devnet/\` below one directory, each for one process at a time. The keystore is encrypted with a password,
  the wallet's store with a key from the keystore; both are readable by their owner alone.`;

function exitCodes(): string {
  const rows = Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  return ['| code | meaning |', '|---|---|', ...rows].join('\n');
}

function index(commands: readonly Command[]): string {
  const rows = commands.map(
    (command) => `| [\`${command.name()}\`](#sero-${command.name()}) | ${command.summary()} |`,
  );
  return ['| command | |', '|---|---|', ...rows].join('\n');
}

/** A command and those below it. */
function section(command: Command, above: string, level: number): string[] {
  const name = `${above} ${command.name()}`;
  const args = command.registeredArguments.filter(({ description }) => description !== '');
  const parts = [
    `${'#'.repeat(level)} ${name}`,
    command.description(),
    command.commands.length === 0 ? `    ${name} ${command.usage()}` : '',
    examples(command),
    args.length === 0 ? '' : list(args.map((arg) => [arg.name(), arg.description])),
    options(command),
  ].filter((part) => part !== '');
  return [...parts, ...command.commands.flatMap((child) => section(child, name, level + 1))];
}

function examples(command: Command): string {
  const found = examplesOf(command);
  if (found.length === 0) return '';
  const width = Math.max(...found.map(({ line }) => line.length));
  return ['```', ...found.map(({ line, says }) => `${line.padEnd(width)}   # ${says}`), '```'].join('\n');
}

function options(command: Command): string {
  const help = command.createHelp();
  return list(
    command.options
      .filter(({ hidden }) => !hidden)
      .map((option) => [option.flags, help.optionDescription(option)]),
  );
}

function list(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([term, says]) => `- \`${term}\`: ${says}`).join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(CLI_DOCS, cliDocs());
