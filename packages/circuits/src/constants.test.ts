import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GENERATED } from '../tools/generate-constants.ts';

for (const [name, text] of Object.entries(GENERATED)) {
  test(`circom/${name} is what tools/generate-constants.ts makes of @sero/crypto`, () => {
    assert.equal(readFileSync(new URL(`../circom/${name}`, import.meta.url), 'utf8'), text());
  });
}
