import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOTTOM, STEP } from '@sero/protocol';
import { startWorld, type TestWorld, valueFrom } from './participant-test-support.ts';

/** The log throws, which is a bug: its failures go to `done`. */
function breakLog({ log }: TestWorld): void {
  log.append = () => {
    throw new TypeError('a bug');
  };
}

test('a bug stops the participant, which says why, and after it says nothing: better silent than wrong', () => {
  const world = startWorld();
  world.sync();
  breakLog(world);
  const votes = [1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM));
  assert.throws(() => world.receive(...votes), new TypeError('a bug'));
  assert.deepEqual(
    world.halts.map((halt) => [halt.reason, 'error' in halt && halt.error.message]),
    [['failed', 'a bug']],
  );
  const { length } = world.journal;
  world.sync();
  world.pass(60_000);
  world.receive(world.vote(1, STEP.soft, valueFrom(world, 'v', 1)));
  world.participant().onTransactions();
  assert.deepEqual(world.journal.slice(length), []);
});
