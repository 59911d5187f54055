import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTooOften } from './leader-share.ts';

test('a stake may lead what the derived bound says, and what chance explains', () => {
  // Of a million rounds chance explains a quarter of a hundredth at most. The bounds are those of docs/protocol.md, section 11.
  const rounds = 1_000_000;
  for (const [units, total, most] of [
    [1, 10, 111_000],
    [1, 5, 252_500],
    [4, 16, 341_000],
    [1, 3, 543_500],
  ] as const) {
    assert.equal(isTooOften({ rounds, led: most + 500 }, units, total), false, `${units} of ${total}`);
    assert.equal(isTooOften({ rounds, led: most + 3_000 }, units, total), true, `${units} of ${total}`);
  }
});

test('few rounds show only much too many', () => {
  assert.equal(isTooOften({ rounds: 160, led: 80 }, 4, 16), false);
  assert.equal(isTooOften({ rounds: 160, led: 83 }, 4, 16), true);
  assert.equal(isTooOften({ rounds: 480, led: 212 }, 4, 16), true);
  assert.equal(isTooOften({ rounds: 480, led: 0 }, 4, 16), false);
});
