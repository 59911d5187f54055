import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  committeeOf,
  DEVELOPMENT,
  isCanonicalChoice,
  isNextStep,
  mayVoteBottom,
  PRODUCTION,
  STEP,
} from './index.ts';
import { refusal } from './test-support.ts';

const STEPS = Array.from({ length: 256 }, (_, step) => step);
const VOTED = STEPS.filter((step) => step !== STEP.propose);

test('next steps are 3 to 255, late, redo and down among them', () => {
  assert.deepEqual(STEPS.filter(isNextStep), STEPS.slice(3));
  assert.deepEqual(
    [STEP.propose, STEP.soft, STEP.cert, STEP.next, STEP.late, STEP.redo, STEP.down],
    [0, 1, 2, 3, 253, 254, 255],
  );
  for (const step of [-1, 256, 1_000]) assert.equal(isNextStep(step), false);
});

test('bottom is for next_k and down only, and down is for nothing else', () => {
  assert.deepEqual(STEPS.filter(mayVoteBottom), [...STEPS.slice(3, 253), 255]);
  assert.deepEqual(
    STEPS.filter((step) => isCanonicalChoice(step, true)),
    [...STEPS.slice(3, 253), 255],
  );
  assert.deepEqual(
    STEPS.filter((step) => isCanonicalChoice(step, false)),
    STEPS.slice(0, 255),
  );
});

test('each step has the committee that the file names for it', () => {
  const total = 1_000_000n;
  const named: [number, number, number][] = [
    [STEP.soft, 2990, 2267],
    [STEP.cert, 2990, 2267],
    [STEP.next, 5000, 3838],
    [7, 5000, 3838],
    [252, 5000, 3838],
    [STEP.late, 500, 320],
    [STEP.redo, 2400, 1768],
    [STEP.down, 6000, 4560],
  ];
  for (const [step, size, threshold] of named) {
    assert.deepEqual(committeeOf(PRODUCTION.committees, step, total), {
      size: BigInt(size),
      threshold: BigInt(threshold),
      everyUnit: false,
    });
  }
  assert.deepEqual(committeeOf(PRODUCTION.committees, STEP.propose, total), {
    size: 20n,
    threshold: 0n,
    everyUnit: false,
  });
});

test('the small profile bears the faults it promises: 4 nodes one, 7 two, 20 six', () => {
  for (const [nodes, faults] of [
    [4n, 1n],
    [7n, 2n],
    [20n, 6n],
  ] as const) {
    for (const step of VOTED) {
      const { size, threshold, everyUnit } = committeeOf(DEVELOPMENT.committees, step, nodes);
      assert.deepEqual([size, threshold, everyUnit], [nodes, nodes - faults, true]);
      // Two quorums meet in an honest unit, and the honest ones make a quorum alone.
      assert.ok(2n * threshold - nodes > faults && nodes - faults >= threshold);
      // One less, and two quorums need not meet in one.
      assert.ok(2n * (threshold - 1n) - nodes <= faults);
    }
    assert.equal(committeeOf(DEVELOPMENT.committees, STEP.propose, nodes).everyUnit, true);
  }
});

test('a committee as large as all stake is all stake, its threshold scaled and rounded up past the share', () => {
  for (const total of [1n, 2n, 3n, 4n, 19n, 500n, 2_989n, 2_990n]) {
    const { size, threshold, everyUnit } = committeeOf(PRODUCTION.committees, STEP.cert, total);
    assert.deepEqual([size, everyUnit], [total, true]);
    assert.equal(threshold, (total * 2267n) / 2990n + 1n);
    assert.ok(threshold * 2990n > total * 2267n && (threshold - 1n) * 2990n <= total * 2267n);
    assert.ok(threshold <= total, 'everybody together is always enough');
  }
  assert.equal(committeeOf(PRODUCTION.committees, STEP.cert, 2_991n).everyUnit, false);
});

test('thresholds are reached by everybody together and by nobody, for any total and step', () => {
  for (const { committees } of [PRODUCTION, DEVELOPMENT]) {
    for (let total = 1n; total < 7_000n; total += total < 50n ? 1n : 97n) {
      for (const step of [1, 2, 3, 253, 254, 255]) {
        const { size, threshold } = committeeOf(committees, step, total);
        assert.ok(threshold > 0n && threshold <= size && size <= total);
      }
    }
  }
});

test('what is no step has no committee', () => {
  for (const step of [-1, 256, 1.5, Number.NaN]) {
    assert.throws(() => committeeOf(PRODUCTION.committees, step, 100n), refusal('step-not-canonical'));
  }
});
