import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFill } from './fill.ts';

it('begins with a guess, and takes all where there is no limit', () => {
  assert.equal(createFill().most(100), 200);
  assert.equal(createFill().most(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
});

it('follows what transactions take', () => {
  const fill = createFill();
  assert.equal(fill.takes(100), 50);
  for (let i = 0; i < 30; i++) fill.took(100, 200);
  assert.equal(fill.most(100), 50);
  assert.equal(Math.round(fill.takes(100)), 200);
  for (let i = 0; i < 60; i++) fill.took(100, 25);
  assert.equal(fill.most(100), 399);
});

it('learns nothing from a block of a few, and one slow block does not stop the chain', () => {
  const fill = createFill();
  fill.took(7, 60_000);
  assert.equal(fill.most(100), 200);
  fill.took(8, 60_000);
  assert.equal(fill.most(100), 8);
  for (let i = 0; i < 60; i++) fill.took(8, 4);
  assert.equal(fill.most(100), 199);
});

it('takes no number of transactions for nothing', () => {
  const fill = createFill();
  for (let i = 0; i < 5_000; i++) fill.took(1_000, 0);
  assert.ok(Number.isFinite(fill.most(1_000)));
});
