import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { commandsOf, documents, inlineCommands, readCommands } from './commands.ts';
import { runCommands } from './run-commands.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Commands that CI runs itself, each the whole of its subject: a test that ran them would run itself, or all of it twice. */
const RUN_BY_CI: readonly string[] = ['npm test', 'npm run demo'];

/**
 * Commands in a text that a test names with just these arguments, or with a file in the place of FILE: the file, and how they stand
 * there. That the test runs them is not seen from here, only that it has not lost them.
 */
const RUN_BY_A_TEST: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'npm run devnet -- --solo': ['test/cli/support.ts', "startAnyDevnet(directory, '--solo'"],
  'npm run devnet -- --reset': ['test/cli/devnet.test.ts', "start('npm run devnet -- --reset')"],
  'npm run sero -- balance': ['test/cli/devnet.test.ts', '/^npm run sero -- balance( |$)/'],
  // With a story that takes less time: CI plays the long one.
  'npm run demo -- --json': ['test/demo/cli.test.ts', "demo('--json', '--scenario', path)"],
  'npm run demo -- --scenario FILE': ['test/demo/cli.test.ts', "demo('--scenario', path)"],
  // With a part of a small repository: the tests of this one would run this one again.
  'npm test -- packages/ledger': ['tools/test.test.ts', "run('./packages/one', "],
  'npm test -- --backend wasm': ['tools/test.test.ts', "run('--backend', 'wasm')"],
  'npm run pack': ['tools/pack/install.ts', "packAll(root, join(project, 'tarballs'))"],
  'npm run pack -- [folder]': ['tools/pack/install.ts', "packAll(root, join(project, 'tarballs'))"],
};

/** Commands in a text that are run here: as they stand, or with the least that what they leave open can be. */
const RUN_HERE: Readonly<Record<string, string>> = {
  'npm run --silent sero --': 'npm run --silent sero -- --version',
  'npm run sero -- --help': 'npm run sero -- --help',
  'npm run bench -- [--only PREFIX]': 'npm run bench -- --only size.',
  'npm run simulate': 'npm run simulate -- --seeds 1',
  'npm run simulate -- --seeds N [--scenario NAME] [--seed S] [--mutant NAME]':
    'npm run simulate -- --seeds 2 --scenario honest',
  // All runs take a quarter of an hour.
  'npm run explore': 'npm run explore -- --run plain',
};

/** What a person runs: it takes many minutes and writes the figures of one machine, so that no test can compare them. */
const RUN_BY_HAND: readonly string[] = [
  'npm run bench -- --doc',
  'npm run bench -- --large --only consensus.',
  'npm run bench -- --only network.',
];

/** The commands that a script starts, without what stands around them. */
function commandsOfScript(text: string): string[] {
  return [...text.matchAll(/^(npm (?:run|test)[^<|\n]*?) *(?:[<|].*)?$/gm)].map(([, command]) => command!);
}

describe('reading commands from Markdown', () => {
  const read = (...lines: string[]) =>
    commandsOf('x.md', lines.join('\n')).map(({ line, text }) => [line, text]);

  it('takes the lines of sh blocks, and of no other', () => {
    assert.deepEqual(
      read('text', '```sh', 'one', '', '# said', 'two', '```', '```ts', 'three', '```', 'four'),
      [
        [3, 'one'],
        [6, 'two'],
      ],
    );
  });

  it('joins what a backslash continues, under the line where it began', () => {
    assert.deepEqual(read('```sh', 'one \\', '  --two \\', '  --three', 'four', '```'), [
      [2, 'one --two --three'],
      [5, 'four'],
    ]);
  });

  it('takes what stands between backticks in a text and begins with npm, and nothing of a block', () => {
    const text = 'run `npm run a -- --b` or `npm`, or\n`npm test`\n```sh\n`npm run c`\n```\n';
    assert.deepEqual(
      inlineCommands('x.md', text).map((command) => [command.line, command.text]),
      [
        [1, 'npm run a -- --b'],
        [2, 'npm test'],
      ],
    );
  });
});

describe('every command in the documents runs as it stands', { concurrency: false }, () => {
  for (const document of documents(ROOT)) {
    const commands = readCommands(ROOT, document).filter(({ text }) => !RUN_BY_CI.includes(text));
    if (commands.length === 0) continue;
    it(`${document}: ${commands.length} commands, one after another`, async () => {
      const failure = await runCommands(ROOT, commands);
      assert.equal(failure, undefined);
    });
  }

  it('what a text says in passing has somebody who runs it with its arguments: CI, a person, this test, or a test names it', async () => {
    const ci = commandsOfScript(readFileSync(join(ROOT, '.ci', 'run'), 'utf8'));
    const inline = documents(ROOT).flatMap((document) =>
      inlineCommands(document, readFileSync(join(ROOT, document), 'utf8')),
    );
    assert.ok(inline.length > 0);
    for (const { document, line, text } of inline) {
      const test = RUN_BY_A_TEST[text];
      if (test !== undefined) {
        const [file, call] = test;
        assert.ok(readFileSync(join(ROOT, file), 'utf8').includes(call), `${file} does not name ${text}`);
        continue;
      }
      const isRun = RUN_HERE[text] !== undefined || RUN_BY_HAND.includes(text) || ci.includes(text);
      assert.ok(isRun, `nothing runs or names it: ${document}:${line}: ${text}`);
    }
    const said = new Set(inline.map(({ text }) => text));
    for (const text of [...Object.keys(RUN_BY_A_TEST), ...Object.keys(RUN_HERE), ...RUN_BY_HAND]) {
      assert.ok(said.has(text), `no document says it any more: ${text}`);
    }
    const failure = await runCommands(
      ROOT,
      Object.values(RUN_HERE).map((text) => ({ document: 'in passing', line: 0, text })),
    );
    assert.equal(failure, undefined);
  });

  it('finds commands at all, those that CI runs among them, word for word', () => {
    const ci = commandsOfScript(readFileSync(join(ROOT, '.ci', 'run'), 'utf8'));
    const all = documents(ROOT).flatMap((document) => readCommands(ROOT, document));
    for (const text of RUN_BY_CI) {
      assert.ok(
        all.some((command) => command.text === text),
        text,
      );
      assert.ok(ci.includes(text), `CI does not run it: ${text}`);
    }
  });

  it('takes a command of CI for what it is: other arguments are another command', () => {
    assert.deepEqual(
      commandsOfScript(
        'npm test </dev/null 2>&1 | tee "$log" || x\nnpm run demo -- --json </dev/null\n# npm run y\n',
      ),
      ['npm test', 'npm run demo -- --json'],
    );
  });
});
