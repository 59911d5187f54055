import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawAt, draws } from './random.ts';
import { CLEAR, type Conditions, createShaper, SEGMENT } from './shaping.ts';

const shaped = (change: Partial<Conditions>, draw: Parameters<typeof createShaper>[1] = () => 0.5) =>
  createShaper(() => ({ ...CLEAR, ...change }), draw);

describe('what a link does to a stream', () => {
  it('is nothing where no condition is set', () => {
    const { release } = shaped({});
    assert.equal(release(10, 1), 10);
    assert.equal(release(10, 100_000), 10);
  });

  it('delays every byte', () => {
    assert.equal(shaped({ delay: 40 }).release(10, 1), 50);
  });

  it('never lets later bytes out before earlier ones', () => {
    const often = draws('seed', 'jitter');
    const { release } = shaped({ jitter: 50 }, () => often());
    let last = 0;
    for (let now = 0; now < 1_000; now += 5) {
      const due = release(now, 100);
      assert.ok(due >= last && due >= now);
      last = due;
    }
  });

  it('lets no more bytes through than its rate', () => {
    const { release } = shaped({ rate: 1_000 });
    assert.equal(release(0, 500), 500);
    assert.equal(release(0, 500), 1_000, 'behind those before');
    assert.equal(release(5_000, 100), 5_100, 'and a pause saves nothing up');
  });

  it('makes a lost segment and all behind it wait, twice as long for one that is lost again', () => {
    // Segment 1 is lost twice, no other.
    const { release } = shaped({ loss: 0.1, retransmit: 200 }, (purpose, segment, time) =>
      purpose === 'loss' && segment === 1 && time < 2 ? 0 : 0.9,
    );
    assert.equal(release(0, SEGMENT), 0);
    assert.equal(release(1, SEGMENT), 601, '200 ms and 400 ms more');
    assert.equal(release(2, SEGMENT), 601, 'what is whole waits for what is not');
    assert.equal(release(700, SEGMENT), 700);
  });

  it('brings everything through in the end, however much is lost', () => {
    assert.equal(shaped({ loss: 0.9 }, () => 0).release(0, 10 * SEGMENT), 200 * 63);
  });

  it('does the same to a stream however it is cut into pieces', () => {
    const draw = (purpose: string, segment: number, time: number) => drawAt('seed', purpose, segment, time);
    const whole = shaped({ loss: 0.2 }, draw).release(0, 40 * SEGMENT);
    const inPieces = shaped({ loss: 0.2 }, draw);
    let last = 0;
    for (let left = 40 * SEGMENT; left > 0; left -= 500) last = inPieces.release(0, Math.min(500, left));
    assert.equal(last, whole);
  });
});

describe('what is drawn', () => {
  it('follows from seed and place alone, and looks like chance', () => {
    assert.equal(drawAt('a', 'b', 1), drawAt('a', 'b', 1));
    assert.notEqual(drawAt('a', 'b', 1), drawAt('a', 'b1'));
    assert.notEqual(drawAt('a', 'b', 1), drawAt('c', 'b', 1));
    const next = draws('a', 'b');
    const mean = Array.from({ length: 4_000 }, () => next()).reduce((sum, x) => sum + x, 0) / 4_000;
    assert.ok(Math.abs(mean - 0.5) < 0.03, `${mean}`);
  });
});
