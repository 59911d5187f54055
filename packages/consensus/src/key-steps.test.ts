import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeyStep, runKeySteps } from './key-steps.ts';
import { memorySlotFile } from './memory-disk.ts';
import type { Done, SlotFile } from './slot-file.ts';

function* counting(count: number, steps: string[]): Generator<KeyStep, void> {
  try {
    for (let i = 0; i < count; i++) {
      steps.push(`work ${i}`);
      yield i % 2 === 0 ? 'pause' : 'sync';
    }
  } finally {
    steps.push('wiped');
  }
}

const fileThat = (sync: (done: Done) => void): SlotFile => ({ ...memorySlotFile(0), sync });

test('work goes on only when the pause is over or the sync is done', () => {
  const steps: string[] = [];
  const waiting: (() => void)[] = [];
  const file = fileThat((done) => waiting.push(() => done()));
  runKeySteps(
    counting(4, steps),
    file,
    (resume) => waiting.push(resume),
    () => steps.push('done'),
  );
  for (let i = 0; i < 4; i++) {
    assert.equal(steps.at(-1), `work ${i}`);
    assert.equal(waiting.length, 1);
    waiting.pop()!();
  }
  assert.deepEqual(steps.slice(4), ['wiped', 'done']);
  assert.equal(waiting.length, 0);
});

test('work of a million steps that are answered at once needs no stack of a million calls', () => {
  const steps: string[] = [];
  let outcome: unknown = 'none';
  runKeySteps(
    counting(1_000_000, steps),
    fileThat((done) => done()),
    (resume) => resume(),
    (failure) => {
      outcome = failure;
    },
  );
  assert.equal(outcome, undefined);
  assert.equal(steps.length, 1_000_001);
});

test('where a sync fails, at once or later, the work is ended, its secrets wiped, and the failure told once', () => {
  for (const isLater of [false, true]) {
    const steps: string[] = [];
    const failures: unknown[] = [];
    let answer: (() => void) | undefined;
    const file = fileThat((done) => {
      const fail = (): void => done(new Error('no disk'));
      if (isLater) answer = fail;
      else fail();
    });
    runKeySteps(
      counting(9, steps),
      file,
      (resume) => resume(),
      (failure) => failures.push(failure),
    );
    answer?.();
    assert.deepEqual(steps, ['work 0', 'work 1', 'wiped']);
    assert.deepEqual(failures, [new Error('no disk')]);
  }
});

test('where the work itself fails its error is told', () => {
  const failures: unknown[] = [];
  function* failing(): Generator<KeyStep, void> {
    yield 'pause';
    throw new RangeError('broken');
  }
  runKeySteps(
    failing(),
    memorySlotFile(0),
    (resume) => resume(),
    (failure) => failures.push(failure),
  );
  assert.deepEqual(failures, [new RangeError('broken')]);
});
