import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdwardsPoint } from './edwards25519.ts';
import { NOT_CANONICAL, SMALL_ORDER } from './edwards25519-test-support.ts';
import { decodePrimeOrder, rememberingDecoder } from './remembered-keys.ts';

const { BASE } = EdwardsPoint;

test('a key is decoded once, and known from any copy of its bytes', () => {
  const decode = rememberingDecoder(2, decodePrimeOrder);
  const bytes = BASE.toBytes();
  const first = decode(bytes);
  bytes.fill(0);
  assert.ok(first?.equals(BASE));
  assert.equal(decode(BASE.toBytes()), first);
  assert.equal(decode(bytes), undefined);
});

test('the oldest key makes room for a new one, and is decoded again', () => {
  const decode = rememberingDecoder(2, decodePrimeOrder);
  const keys = [1n, 2n, 3n].map((scalar) => BASE.multiply(scalar).toBytes());
  const [first, second, third] = keys.map(decode);
  assert.equal(decode(keys[2]!), third);
  assert.equal(decode(keys[1]!), second);
  const again = decode(keys[0]!);
  assert.notEqual(again, first);
  assert.ok(again?.equals(BASE));
});

test('what is no key is refused each time, and pushes no key out', () => {
  const decode = rememberingDecoder(1, decodePrimeOrder);
  const known = decode(BASE.toBytes());
  const refused = [
    ...NOT_CANONICAL,
    ...SMALL_ORDER.map((point) => point.toBytes()),
    ...SMALL_ORDER.slice(1).map((point) => BASE.add(point).toBytes()),
    BASE.toBytes().subarray(1),
  ];
  for (const bytes of [...refused, ...refused]) {
    assert.equal(decode(bytes), undefined);
    assert.equal(decode(BASE.toBytes()), known);
  }
});
