import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STEP } from '@sero/protocol';
import { explore } from './explore.ts';
import { modelOf } from './model.ts';
import { replay } from './replay.ts';
import { FORKING, RUNS } from './scopes.ts';
import { traceText } from './trace.ts';

const MOST_STATES = 1_000_000;

test('no way leads to certificates for two values, through every state of two periods', () => {
  const model = modelOf(RUNS.plain.scope);
  const found = explore(model, { mostStates: MOST_STATES, isReduced: false });
  assert.equal(found.isComplete, true);
  assert.equal(found.fork, undefined);
  assert.ok(found.states > 50_000, `${found.states} states`);
  assert.deepEqual(explore(model, { mostStates: MOST_STATES, isReduced: false }), found);
});

test('every value can get a certificate in each period that it is in, so that a fork is only ever kept away', () => {
  const model = modelOf(RUNS.plain.scope);
  const { certificates } = explore(model, { mostStates: MOST_STATES, isReduced: false });
  assert.deepEqual(
    certificates,
    model.slots.filter(({ step }) => step === STEP.cert),
  );
});

test('nor does one where the empty block takes the place of new ones', () => {
  const model = modelOf(RUNS['plain-empty'].scope);
  const found = explore(model, { mostStates: MOST_STATES, isReduced: false });
  assert.equal(found.isComplete, true);
  assert.equal(found.fork, undefined);
  assert.ok(found.certificates.some(({ value }) => model.values[value]!.name === 'E'));
});

for (const [m, originals] of [
  [3, [2, 1, 1]],
  [1, [2, 0, 0]],
] as const) {
  test(`nor does one with three periods and fast recovery, m = ${m}`, () => {
    const scope = { ...RUNS['three-periods'].scope, originals, emptyBlockPeriod: m };
    const found = explore(modelOf(scope), { mostStates: MOST_STATES, isReduced: true });
    assert.equal(found.isComplete, true);
    assert.equal(found.fork, undefined);
    assert.ok(found.states > 50_000, `${found.states} states`);
    assert.deepEqual(new Set(found.certificates.map(({ period }) => period)), new Set([0, 1, 2]));
  });
}

test('an honest player never says two things at one step, whenever its timers end', () => {
  const model = modelOf({ faults: 1, originals: [1, 0], emptyBlockPeriod: 3, nextVotes: 1, recovery: true });
  const found = explore(model, { mostStates: MOST_STATES, isReduced: false });
  assert.equal(found.isComplete, true);
  assert.equal(found.saysTwice, false);
  assert.ok(found.states > 50_000, `${found.states} states`);
});

test('nor does one among seven players of whom the Byzantine one weighs two', () => {
  const found = explore(modelOf(RUNS['two-faults'].scope), { mostStates: MOST_STATES, isReduced: true });
  assert.equal(found.isComplete, true);
  assert.equal(found.fork, undefined);
  assert.ok(found.states > 10_000, `${found.states} states`);
});

for (const [mutant, name] of FORKING) {
  for (const isReduced of [false, true]) {
    test(`without the rule that mutant ${mutant} breaks there is a fork, and whole players make both blocks final (${isReduced ? 'reduced' : 'plain'})`, () => {
      const model = modelOf({ ...RUNS[name].scope, mutant });
      const { fork } = explore(model, { mostStates: MOST_STATES, isReduced });
      assert.ok(fork !== undefined);
      const commits = replay(model, fork);
      const what = traceText(model, fork).join('\n');
      assert.equal(commits.length, 2, what);
      assert.notEqual(commits[0]!.player, commits[1]!.player, what);
      assert.notEqual(commits[0]!.value, commits[1]!.value, what);
    });
  }
}
