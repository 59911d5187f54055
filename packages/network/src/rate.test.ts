import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { manualClock } from './manual-clock-test-support.ts';
import { createRateLimiter } from './rate.ts';

describe('rate limits', () => {
  it('give a burst at once and then so much a second, to each key', () => {
    const clock = manualClock();
    const rate = createRateLimiter({ burst: 3, perSecond: 2 }, clock);
    assert.deepEqual(
      [1, 1, 1, 1].map((cost) => rate.take('a', cost)),
      [true, true, true, false],
    );
    assert.equal(rate.take('b', 3), true);
    assert.equal(rate.wait('a', 1), 500);
    clock.advance(499);
    assert.equal(rate.take('a', 1), false);
    clock.advance(1);
    assert.equal(rate.take('a', 1), true);
    assert.equal(rate.take('a', 1), false);
  });

  it('never let more through in any time than the burst and the rate', () => {
    const clock = manualClock();
    const rate = createRateLimiter({ burst: 10, perSecond: 5 }, clock);
    let taken = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      while (rate.take('a', 1)) taken++;
      clock.advance(10);
    }
    assert.ok(taken <= 10 + 50 && taken >= 58, `${taken}`);
  });

  it('take nothing for what does not fit, but all of what is forced', () => {
    const rate = createRateLimiter({ burst: 3, perSecond: 2 }, manualClock());
    assert.equal(rate.take('a', 2), true);
    assert.equal(rate.take('a', 2), false);
    assert.equal(rate.take('a', 1), true, 'the one that is left');
    rate.force('a', 4);
    assert.equal(rate.wait('a', 0), 2_000);
    assert.equal(rate.wait('a', 1), 2_500);
  });

  it('save up no more than a burst, however long a key is at rest', () => {
    const clock = manualClock();
    const rate = createRateLimiter({ burst: 3, perSecond: 2 }, clock);
    rate.take('a', 1);
    clock.advance(1_000_000);
    assert.deepEqual([rate.take('a', 3), rate.take('a', 1)], [true, false]);
  });

  it('never let through what costs more than the burst', () => {
    const clock = manualClock();
    const rate = createRateLimiter({ burst: 3, perSecond: 2 }, clock);
    clock.advance(1_000_000);
    assert.equal(rate.take('a', 4), false);
  });

  it('forget keys that are at rest', () => {
    const clock = manualClock();
    const rate = createRateLimiter({ burst: 1, perSecond: 1 }, clock);
    for (let i = 0; i < 1_000; i++) rate.take(`${i}`, 1);
    clock.advance(1_000);
    for (let i = 0; i < 100; i++) rate.take(`new ${i}`, 1);
    assert.ok(rate.size() <= 100, `${rate.size()}`);
  });
});
