import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShares } from './shares.ts';

test('one client has no more than a share, all together no more than there are, and a place that is left is taken', () => {
  const shares = createShares(3, 2);
  const [first, second] = [shares.enter('a'), shares.enter('a')];
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(shares.enter('a'), undefined);
  const other = shares.enter('b');
  assert.ok(other !== undefined);
  assert.equal(shares.enter('c'), undefined);
  first();
  assert.ok(shares.enter('c') !== undefined);
  other();
  assert.ok(shares.enter('a') !== undefined);
  assert.equal(shares.enter('a'), undefined);
});
