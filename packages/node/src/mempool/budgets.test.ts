import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBudgets, FAILURE } from './budgets.ts';

function budgets(options: Parameters<typeof createBudgets>[0] = {}) {
  const time = { now: 0 };
  return {
    time,
    ...createBudgets({ start: 80, perSecond: 8, reward: 8, most: 160, ...options }, () => time.now),
  };
}

test('a source can fail as often as its budget says, and is then refused before any work', () => {
  const source = budgets();
  for (let i = 0; i < 10; i++) assert.equal(source.take('a', FAILURE), true);
  assert.equal(source.take('a', FAILURE), false);
  assert.equal(source.take('b', FAILURE), true, 'others are not concerned');
});

test('time gives back the base rate, and no more than a new source has', () => {
  const source = budgets();
  for (let i = 0; i < 10; i++) source.take('a', FAILURE);
  assert.equal(source.waitFor('a', FAILURE), 1_000);
  source.time.now = 999;
  assert.equal(source.take('a', FAILURE), false);
  source.time.now = 1_000;
  assert.equal(source.take('a', FAILURE), true);
  source.time.now = 10_000_000;
  assert.equal(source.left('a'), 80);
});

test('a clock that goes back gives nothing and takes nothing', () => {
  const source = budgets();
  source.time.now = 5_000;
  source.take('a', 40);
  source.time.now = 0;
  assert.equal(source.left('a'), 40);
});

test('valid transactions earn up to the most, which time neither adds to nor takes', () => {
  const source = budgets();
  for (let i = 0; i < 100; i++) source.reward('a');
  assert.equal(source.left('a'), 160);
  source.time.now = 60_000;
  assert.equal(source.left('a'), 160);
});

test('only as many sources are remembered as is said; a forgotten one begins anew', () => {
  const source = budgets({ sources: 2 });
  source.take('a', 80);
  source.take('b', 80);
  assert.equal(source.left('a'), 0);
  source.left('c');
  assert.equal(source.left('a'), 0, 'it was seen after b');
  assert.equal(source.left('b'), 80);
});

test('while no time passes a budget never rises by failures, and what is given back is never more than was taken', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('fail', 'refuse', 'valid', 'nothing'), { maxLength: 100 }),
      (story) => {
        const source = budgets();
        for (const end of story) {
          const before = source.left('a');
          if (!source.take('a', FAILURE)) {
            assert.ok(before < FAILURE);
            continue;
          }
          if (end === 'refuse') source.giveBack('a', FAILURE - 1);
          if (end === 'nothing' || end === 'valid') source.giveBack('a', FAILURE);
          if (end === 'valid') source.reward('a');
          const after = source.left('a');
          if (end === 'fail') assert.equal(after, before - FAILURE);
          if (end === 'refuse') assert.equal(after, before - 1);
          if (end === 'nothing') assert.equal(after, before);
          if (end === 'valid') assert.equal(after, Math.min(160, before + 8));
        }
      },
    ),
  );
});
