import assert from 'node:assert/strict';
import { it } from 'node:test';
import { handClock } from '../test-support.ts';
import { createParticipantClock } from './local-clock.ts';

/** A participant's clock whose time a test sets apart from that of the timers. */
function scene(random = () => 0) {
  const clock = handClock();
  const pauses: number[] = [];
  let time: number | undefined;
  const ran: string[] = [];
  const runtime = {
    ...clock,
    setTimer(run: () => void, ms: number) {
      pauses.push(ms);
      return clock.setTimer(run, ms);
    },
  };
  const own = createParticipantClock(runtime, () => time ?? clock.now() + 0.75, random);
  return {
    clock,
    own,
    ran,
    pauses,
    setTime: (to: number | undefined) => {
      time = to;
    },
    set: (name: string, at: number, spread = 0) => own.setTimer(name, at, spread, () => ran.push(name)),
  };
}

it('tells whole ms that never fall', () => {
  const { own, setTime } = scene();
  setTime(7.9);
  assert.equal(own.now(), 7);
  setTime(3);
  assert.equal(own.now(), 7);
});

it('runs a timer at its time, and one whose time is past at once', async () => {
  const { clock, ran, set } = scene();
  set('late', 20);
  set('past', -5);
  await clock.pass(0);
  assert.deepEqual(ran, ['past']);
  await clock.pass(19);
  assert.deepEqual(ran, ['past']);
  await clock.pass(1);
  assert.deepEqual(ran, ['past', 'late']);
  assert.equal(clock.waiting(), 0);
});

it('waits on where the timer of the runtime comes early', async () => {
  const { clock, ran, set, setTime } = scene();
  set('one', 10);
  setTime(9);
  await clock.pass(10);
  assert.deepEqual(ran, []);
  setTime(10);
  await clock.pass(1);
  assert.deepEqual(ran, ['one']);
});

it('reaches times that no timer of the runtime reaches', async () => {
  const { clock, ran, set, pauses } = scene();
  const month = 2 ** 31 + 1_000;
  set('far', month);
  await clock.pass(2 ** 31 - 1);
  assert.deepEqual(ran, []);
  await clock.pass(1_001);
  assert.deepEqual(ran, ['far']);
  assert.ok(pauses.every((ms) => ms < 2 ** 31));
});

it('has one timer of a name, and forgets what is cleared', async () => {
  const { clock, own, ran, set } = scene();
  set('a', 10);
  set('a', 20);
  set('b', 10);
  own.clearTimer('b');
  own.clearTimer('nobody');
  await clock.pass(10);
  assert.deepEqual(ran, []);
  await clock.pass(10);
  assert.deepEqual(ran, ['a']);
  set('c', 30);
  set('d', 40);
  own.clear();
  await clock.pass(100);
  assert.deepEqual(ran, ['a']);
  assert.equal(clock.waiting(), 0);
});

it('draws a part of the spread', async () => {
  const { clock, ran, set } = scene(() => 0.5);
  set('spread', 10, 9);
  await clock.pass(13);
  assert.deepEqual(ran, []);
  await clock.pass(1);
  assert.deepEqual(ran, ['spread']);
});
