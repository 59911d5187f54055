import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOTTOM, emptyBlockValue, equalValues, isBottom, type Value, ValueType, valueKey } from './index.ts';
import { filler, flipped } from './test-support.ts';

const value: Value = { period: 3, proposer: filler(1, 32), digest: filler(2, 32) };

test('values are equal where every part is, and so are their keys', () => {
  const others: Value[] = [
    { ...value, period: 4 },
    { ...value, proposer: flipped(value.proposer, 31) },
    { ...value, digest: flipped(value.digest, 0) },
    BOTTOM,
    emptyBlockValue(value.digest),
  ];
  assert.ok(equalValues(value, { ...value, digest: value.digest.slice() }));
  assert.equal(valueKey(value), valueKey({ ...value, proposer: value.proposer.slice() }));
  for (const other of others) {
    assert.equal(equalValues(value, other), false);
    assert.notEqual(valueKey(value), valueKey(other));
  }
  assert.equal(new Set([value, ...others].map(valueKey)).size, 6);
});

test('bottom is all zeros; an empty block is not bottom', () => {
  assert.deepEqual(ValueType.serialize(BOTTOM), new Uint8Array(68));
  assert.ok(isBottom({ period: 0, proposer: new Uint8Array(32), digest: new Uint8Array(32) }));
  for (const other of [
    value,
    { ...BOTTOM, period: 1 },
    { ...BOTTOM, proposer: filler(1, 32) },
    emptyBlockValue(filler(1, 32)),
  ]) {
    assert.equal(isBottom(other), false);
  }
});
