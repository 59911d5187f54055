import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEVELOPMENT, PRODUCTION } from '@sero/protocol';
import { consensusParams } from '../parameters.ts';
import { deadline, filterTime, withArrival } from './filter-time.ts';

const SMALL = consensusParams(DEVELOPMENT);
const LARGE = consensusParams(PRODUCTION);

test('the profile’s longest time counts until five winners were seen, and in later periods', () => {
  for (const params of [SMALL, LARGE]) {
    const { filterMax, filterMin } = params.pace;
    assert.equal(filterTime(params, 0, [0, 0, 0, 0]), filterMax);
    assert.equal(filterTime(params, 1, [0, 0, 0, 0, 0]), filterMax);
    assert.equal(filterTime(params, 0, [0, 0, 0, 0, 0]), filterMin);
  }
});

test('the 38th of 40 arrivals counts, with 50 ms more, whatever their order', () => {
  const arrivals = Array.from({ length: 40 }, (_, i) => 300 + 10 * ((7 * i) % 40));
  assert.equal(filterTime(SMALL, 0, arrivals), 300 + 10 * 37 + 50);
  assert.equal(filterTime(LARGE, 0, arrivals), 300 + 10 * 37 + 50);
});

test('it keeps within the profile’s bounds', () => {
  const of = (ms: number) => Array.from({ length: 40 }, () => ms);
  assert.equal(filterTime(SMALL, 0, of(9_999)), SMALL.pace.filterMax);
  assert.equal(filterTime(LARGE, 0, of(0)), LARGE.pace.filterMin);
});

test('forty arrivals are kept, the last ones', () => {
  const kept = Array.from({ length: 50 }, (_, i) => i).reduce<readonly number[]>(withArrival, []);
  assert.deepEqual(
    kept,
    Array.from({ length: 40 }, (_, i) => i + 10),
  );
});

test('a period ends later than the first: the profiles’ deadlines', () => {
  assert.deepEqual([deadline(SMALL, 0), deadline(SMALL, 1)], [4_000, 8_000]);
  assert.deepEqual([deadline(LARGE, 0), deadline(LARGE, 9)], [4_000, 17_000]);
});
