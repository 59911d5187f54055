import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { commandsOf, documents, inlineCommands, readCommands } from './commands.ts';
import { runCommands } from './run-commands.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Commands that CI runs itself, each the whole of its subject: a test that ran them would run itself, or all of it twice. */
const RUN_BY_CI: readonly string[] = ['npm test', 'npm run demo'];

/** Scripts that a test starts through npm as they are typed: where. */
const RUN_BY_A_TEST: Readonly<Record<string, string>> = {
  devnet: 'test/cli/devnet.test.ts',
  sero: 'test/cli/devnet.test.ts',
};

/** Run here, with the quickest of what they can do. */
const RUN_HERE: Readonly<Record<string, string>> = { bench: 'npm run bench -- --only size.' };

/** The script that `npm run … name` or `npm test` starts. */
function scriptOf(text: string): string {
  const [, ...words] = text.split(' ').filter((word) => word !== '--silent');
  return words[0] === 'run' ? words[1]! : words[0]!;
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

  it('what a text says in passing runs, too: by CI, by a test that is named here, or here', async () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const ci = readFileSync(join(ROOT, '.ci', 'run'), 'utf8');
    const inline = documents(ROOT).flatMap((document) =>
      inlineCommands(document, readFileSync(join(ROOT, document), 'utf8')),
    );
    assert.ok(inline.length > 0);
    const here = new Set<string>();
    for (const { document, line, text } of inline) {
      const script = scriptOf(text);
      const at = `${document}:${line}: ${text}`;
      assert.ok(scripts[script] !== undefined, `there is no such script: ${at}`);
      const typed = script === 'test' ? 'npm test' : `npm run ${script}`;
      const [file, own] = [RUN_BY_A_TEST[script], RUN_HERE[script]];
      if (own !== undefined) here.add(own);
      else if (file !== undefined) assert.ok(readFileSync(join(ROOT, file), 'utf8').includes(typed), at);
      else assert.match(ci, new RegExp(`^${typed}( |$)`, 'm'), `nothing runs it: ${at}`);
    }
    const failure = await runCommands(
      ROOT,
      [...here].map((text) => ({ document: 'in passing', line: 0, text })),
    );
    assert.equal(failure, undefined);
  });

  it('finds commands at all, those that CI runs among them', () => {
    const ci = readFileSync(join(ROOT, '.ci', 'run'), 'utf8');
    const all = documents(ROOT).flatMap((document) => readCommands(ROOT, document));
    for (const text of RUN_BY_CI) {
      assert.ok(
        all.some((command) => command.text === text),
        text,
      );
      assert.match(ci, new RegExp(`^${text}( |$)`, 'm'), `CI does not run it: ${text}`);
    }
  });
});
