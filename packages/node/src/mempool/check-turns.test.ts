import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { handClock, settle } from '../test-support.ts';
import { checkTurns } from './check-turns.ts';

function scene() {
  const clock = handClock();
  const checked: number[] = [];
  let isFull = false;
  const turns = checkTurns(clock, () => isFull);
  const never = new AbortController().signal;

  async function check(number: number, signal = never): Promise<number> {
    await turns(signal);
    signal.throwIfAborted();
    checked.push(number);
    return number;
  }
  return {
    clock,
    checked,
    full(now: boolean): void {
      isFull = now;
    },
    check,
  };
}

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('checks of transactions', () => {
  it('begin at once where few come', async () => {
    const { clock, checked, check } = scene();
    for (let time = 0; time < 10; time++) {
      for (const number of numbers(8 * time, 8)) void check(number);
      await settle();
      assert.equal(checked.length, 8 * (time + 1));
      await clock.pass(100);
    }
  });

  it('are done together where many come, the first few at once, none later than a tenth of a second', async () => {
    const { clock, checked, check } = scene();
    for (const number of numbers(0, 20)) void check(number);
    await settle();
    assert.deepEqual(checked, numbers(0, 8));
    await clock.pass(60);
    for (const number of numbers(20, 5)) void check(number);
    await clock.pass(39);
    await settle();
    assert.equal(checked.length, 8);
    await clock.pass(1);
    await settle();
    assert.deepEqual(checked, numbers(0, 25));
    // The stream goes on: the next ones wait from the first one on.
    void check(25);
    await settle();
    assert.equal(checked.length, 25);
    await clock.pass(100);
    await settle();
    assert.equal(checked.length, 26);
  });

  it('begin at once again when the stream is over', async () => {
    const { clock, checked, check } = scene();
    for (const number of numbers(0, 20)) void check(number);
    await clock.pass(100);
    await clock.pass(200);
    void check(20);
    await settle();
    assert.equal(checked.length, 21);
  });

  it('answer each its own', async () => {
    const { clock, check } = scene();
    const answers = numbers(0, 12).map((number) => check(number));
    await clock.pass(100);
    assert.deepEqual(await Promise.all(answers), numbers(0, 12));
  });

  it('that nobody waits for any more leave, and hold up no stop', async () => {
    const { clock, checked, check } = scene();
    for (const number of numbers(0, 8)) void check(number);
    const abort = new AbortController();
    const answers = numbers(8, 3).map((number) => check(number, abort.signal));
    const refused = Promise.all(answers.map((answer) => assert.rejects(answer, { message: 'stopping' })));
    abort.abort(new Error('stopping'));
    await refused;
    assert.equal(clock.waiting(), 0);
    assert.deepEqual(checked, numbers(0, 8));
  });

  it('are few while more wait for a block than the next ones take, in their order, and all again after that', async () => {
    const { clock, checked, check, full } = scene();
    full(true);
    for (const number of numbers(0, 60)) void check(number);
    await settle();
    assert.equal(checked.length, 8);
    await clock.pass(100);
    assert.deepEqual(checked, numbers(0, 24));
    await clock.pass(100);
    assert.equal(checked.length, 40);
    full(false);
    void check(60);
    await clock.pass(100);
    assert.deepEqual(checked, numbers(0, 61));
    assert.equal(clock.waiting(), 0);
  });

  it('wait no longer than a second, however much waits for a block', async () => {
    const { clock, checked, check, full } = scene();
    full(true);
    for (const number of numbers(0, 200)) void check(number);
    await clock.pass(900);
    assert.equal(checked.length, 8 + 9 * 16);
    await clock.pass(100);
    assert.deepEqual(checked, numbers(0, 200));
    assert.equal(clock.waiting(), 0);
  });
});
