import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { CLI_DOCS, cliDocs } from '../../tools/docs/cli.ts';

it('docs/cli.md says what the program does: write it again with node tools/docs/cli.ts', () => {
  assert.equal(readFileSync(CLI_DOCS, 'utf8'), cliDocs());
});
