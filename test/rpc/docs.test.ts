import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { METHODS } from '@sero/api';
import { RPC_DOCS, rpcDocs } from '../../tools/docs/rpc.ts';

test('docs/rpc.md is what the program writes: run tools/docs/rpc.ts where it is not', () => {
  assert.equal(readFileSync(RPC_DOCS, 'utf8'), rpcDocs());
});

test('the page has every method, and nothing in it is undefined', () => {
  const page = rpcDocs();
  for (const name of Object.keys(METHODS)) assert.ok(page.includes(`### ${name}\n`), name);
  assert.doesNotMatch(page, /undefined|\[object|NaN/);
});
