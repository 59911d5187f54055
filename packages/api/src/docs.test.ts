import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rpcPage } from '../tools/page.ts';
import { METHODS } from './methods.ts';

const page = rpcPage();

test('docs/rpc.md is what the program writes: run packages/api/tools/docs.ts where it is not', () => {
  assert.equal(readFileSync(new URL('../../../docs/rpc.md', import.meta.url), 'utf8'), page);
});

test('the page has every method, and nothing in it is undefined', () => {
  for (const name of Object.keys(METHODS)) assert.ok(page.includes(`### ${name}\n`), name);
  assert.doesNotMatch(page, /undefined|\[object/);
});
