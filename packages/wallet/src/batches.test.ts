import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { batchesOf } from './batches.ts';

const QUARTER = 1 << 18;
const lengthsOf = (lengths: readonly number[]): number[][] =>
  batchesOf(lengths.map((length) => new Uint8Array(length))).map((batch) =>
    batch.map(({ length }) => length),
  );

describe('a batch of blocks', () => {
  it('has at most 256 of them', () => {
    const blocks = Array.from({ length: 600 }, () => new Uint8Array(1));
    assert.deepEqual(
      batchesOf(blocks).map(({ length }) => length),
      [256, 256, 88],
    );
  });

  it('has at most half a MiB, but for a block that is longer by itself', () => {
    assert.deepEqual(lengthsOf([QUARTER, QUARTER, 1]), [[QUARTER, QUARTER], [1]]);
    assert.deepEqual(lengthsOf([QUARTER, QUARTER + 1, 1]), [[QUARTER], [QUARTER + 1, 1]]);
    assert.deepEqual(lengthsOf([1, 5 * QUARTER, 1]), [[1], [5 * QUARTER], [1]]);
    assert.deepEqual(lengthsOf([]), []);
  });

  it('leaves none out, doubles none and keeps their order', () => {
    const length = fc.oneof(fc.nat(100), fc.nat(3 * QUARTER));
    fc.assert(
      fc.property(fc.array(length, { maxLength: 20 }), (lengths) => {
        const blocks = lengths.map((size) => ({ length: size }) as unknown as Uint8Array);
        const batches = batchesOf(blocks);
        assert.deepEqual(batches.flat(), blocks);
        assert.ok(batches.every((batch) => batch.length > 0));
      }),
    );
  });
});
