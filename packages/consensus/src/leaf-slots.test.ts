import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leafInRound, STEP } from '@sero/protocol';
import { dueErasures } from './leaf-slots.ts';

const ROUND = 77n;
const PERIODS = [0, 1, 2, 3, 4, 5, 100, 2 ** 32 - 1];
const STEPS = Array.from({ length: 256 }, (_, step) => step);

const numbers = (event: Parameters<typeof dueErasures>[0]): number[] => {
  const due = dueErasures(event);
  assert.ok(due.every(({ round }) => round === event.round));
  return due.map(({ leaf }) => leaf);
};

test('the one vote of propose, soft and cert takes its leaf along, in periods 0 to 2 and nowhere else', () => {
  for (const period of PERIODS) {
    for (const step of STEPS) {
      const expected = period < 3 && step <= STEP.cert ? [leafInRound(period, step)] : [];
      assert.deepEqual(
        numbers({ kind: 'voted', round: ROUND, period, step }),
        expected,
        `${period}, ${step}`,
      );
    }
  }
});

test('leaving a period takes all leaves of it and of those before, but those that later periods share', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, leaf) => leaf);
  assert.deepEqual(
    PERIODS.map((period) => numbers({ kind: 'left-period', round: ROUND, period })),
    [upTo(4), upTo(8), upTo(12), upTo(12), upTo(12), upTo(12), upTo(12), upTo(12)],
  );
});

test('leaving a round takes its 16 leaves', () => {
  assert.deepEqual(
    numbers({ kind: 'left-round', round: ROUND }),
    Array.from({ length: 16 }, (_, leaf) => leaf),
  );
});

test('no event takes a leaf that a later vote of an honest player needs', () => {
  // A player votes once in propose, soft and cert of a period, any number of times in the steps after, and never goes back to a period.
  for (const past of PERIODS) {
    for (const next of PERIODS.filter((period) => period > past)) {
      const gone = new Set([
        ...STEPS.flatMap((step) => numbers({ kind: 'voted', round: ROUND, period: past, step })),
        ...numbers({ kind: 'left-period', round: ROUND, period: past }),
      ]);
      for (const step of STEPS) assert.ok(!gone.has(leafInRound(next, step)), `${past}, then ${next}`);
    }
    for (const voted of STEPS) {
      const gone = numbers({ kind: 'voted', round: ROUND, period: past, step: voted });
      for (const step of STEPS) {
        const again = step === voted && step <= STEP.cert;
        if (!again) assert.ok(!gone.includes(leafInRound(past, step)), `${voted}, then ${step}`);
      }
    }
  }
});

test('whatever a player does in a round, no leaf of a period that it left can sign, but in the periods that share leaves', () => {
  for (const period of PERIODS) {
    const gone = numbers({ kind: 'left-period', round: ROUND, period });
    for (const step of STEPS) assert.equal(gone.includes(leafInRound(period, step)), period < 3);
  }
});
