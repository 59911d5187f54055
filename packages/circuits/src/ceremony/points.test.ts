import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOf, finiteIndices, pickPoints, pointAt } from './points.ts';

/** More than V8 takes as arguments of one call; shape B divides 120,499 points by delta. */
const MANY = 1 << 18;

test('points are picked, however many there are', () => {
  const points = new Uint8Array(96 * MANY);
  for (let i = 0; i < MANY; i += 2) points[96 * i + 95] = 1 + (i % 255);
  const finite = finiteIndices('g1', points);
  assert.equal(finite.length, MANY / 2);
  const picked = pickPoints('g1', points, finite);
  assert.equal(countOf('g1', picked), MANY / 2);
  for (const i of [0, 1, 2, MANY / 2 - 1]) {
    assert.deepEqual(pointAt('g1', picked, i), pointAt('g1', points, 2 * i));
  }
});
