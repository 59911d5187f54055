import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { commandsOf, documents, readCommands } from './commands.ts';
import { runCommands } from './run-commands.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Commands that CI runs itself, each the whole of its subject: a test that ran them would run itself, or all of it twice. */
const RUN_BY_CI: readonly string[] = ['npm test', 'npm run demo'];

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

  it('finds commands at all, those that CI runs among them', () => {
    const all = documents(ROOT).flatMap((document) => readCommands(ROOT, document));
    for (const text of RUN_BY_CI)
      assert.ok(
        all.some((command) => command.text === text),
        text,
      );
  });
});
