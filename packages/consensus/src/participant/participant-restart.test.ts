import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOTTOM, STEP } from '@sero/protocol';
import { decodeLogRecord, encodeLogRecord } from '../log-record.ts';
import { block, PARAMS, startWorld, type TestWorld, valueFrom } from './participant-test-support.ts';

const MESSAGE = new Uint8Array(1);

/** A world in which the participant is in period 1 of round 1, after bottom won. */
function inPeriodOne(): TestWorld {
  const world = startWorld();
  world.sync();
  world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM)));
  world.sync();
  return world;
}

/** A certificate for v, and its block. */
function decide(world: TestWorld): void {
  const v = valueFrom(world, 'v', 1);
  world.participant().receive({ type: 'block', bytes: block('v').bytes });
  world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
}

/** The process starts on a log of these records of round 1. */
function startOn(world: TestWorld, records: readonly Uint8Array[]): void {
  for (const record of records) world.log.append(1n, record);
  world.crash((length) => length);
  world.journal.length = 0;
  world.sync();
}

describe('a restart', () => {
  test('on a log that was not cut begins the round as anybody does: nothing of the old one starts its clock', () => {
    const first = inPeriodOne();
    const old = [...first.log.replay()];
    assert.ok(old.length > 0);
    // The old round ended, and its records are there again.
    const world = startWorld({ transactions: false });
    world.sync();
    decide(world);
    world.sync();
    startOn(world, old);
    world.pass(2 * PARAMS.pace.idle);
    world.sync();
    // Whoever's clock had started would have proposed before the crash, and would not again.
    const own = world.sent.flatMap((sent) =>
      sent.type === 'vote' && sent.vote.step === STEP.propose ? [sent.vote.round] : [],
    );
    assert.deepEqual(own, [2n]);
  });

  test('erases the keys of a period that the log’s events end, though the record that named them was torn', () => {
    // What is too long for one record stands in several, the leaves in the last: a crash may leave those before it.
    const torn = [...inPeriodOne().log.replay()].map((bytes) => {
      const { events } = decodeLogRecord(bytes);
      return encodeLogRecord({ events, votes: [], erased: [] });
    });
    const world = startWorld();
    world.sync();
    assert.notEqual(world.keys.sign(1n, 0, STEP.next, MESSAGE), undefined);
    startOn(world, torn);
    for (const step of [STEP.propose, STEP.soft, STEP.cert, STEP.next]) {
      assert.equal(world.keys.steal(1n, 0, step, MESSAGE), undefined);
    }
    assert.notEqual(world.keys.sign(1n, 1, STEP.soft, MESSAGE), undefined);
  });

  test('erases the keys of a round whose block is final, though a crash kept them', () => {
    const world = startWorld();
    world.sync();
    decide(world);
    // Block and certificate are durable, the erasures are not.
    world.crash(() => 0);
    assert.notEqual(world.keys.steal(1n, 0, STEP.cert, MESSAGE), undefined);
    world.sync();
    for (const step of [STEP.propose, STEP.soft, STEP.cert, STEP.next]) {
      for (const period of [0, 1, 2, 3]) {
        assert.equal(world.keys.steal(1n, period, step, MESSAGE), undefined);
      }
    }
    assert.notEqual(world.keys.sign(2n, 0, STEP.soft, MESSAGE), undefined);
  });
});
