import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdwardsPoint } from './edwards25519.ts';
import { NOT_CANONICAL, SMALL_ORDER } from './edwards25519-test-support.ts';
import { decodePrimeOrder, rememberingDecoder } from './remembered-keys.ts';

const { BASE } = EdwardsPoint;

test('a key is decoded once, and known from any copy of its bytes', () => {
  const { decode } = rememberingDecoder(32, 2, decodePrimeOrder);
  const bytes = BASE.toBytes();
  const first = decode(bytes);
  bytes.fill(0);
  assert.ok(first?.equals(BASE));
  assert.equal(decode(BASE.toBytes()), first);
  assert.equal(decode(bytes), undefined);
});

test('the oldest key makes room for a new one, and is decoded again', () => {
  const { decode } = rememberingDecoder(32, 2, decodePrimeOrder);
  const keys = [1n, 2n, 3n].map((scalar) => BASE.multiply(scalar).toBytes());
  const [first, second, third] = keys.map(decode);
  assert.equal(decode(keys[2]!), third);
  assert.equal(decode(keys[1]!), second);
  const again = decode(keys[0]!);
  assert.notEqual(again, first);
  assert.ok(again?.equals(BASE));
});

test('what is no key is refused each time, and pushes no key out', () => {
  const { decode } = rememberingDecoder(32, 1, decodePrimeOrder);
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

/** A memory for two keys whose keys are their own bytes, and how often one was decoded since last asked. */
function counted() {
  let count = 0;
  const memory = rememberingDecoder(32, 2, (bytes) => {
    count++;
    return bytes;
  });
  return {
    ...memory,
    decodings: (keys: readonly Uint8Array[]) => {
      count = 0;
      for (const key of keys) memory.decode(key);
      return count;
    },
  };
}

test('who comes back with more keys than there is room for finds none of them, unless he has made room', () => {
  const { decodings, makeRoom } = counted();
  const keys = [1, 2, 3].map((i) => new Uint8Array(32).fill(i));
  assert.deepEqual([decodings(keys), decodings(keys)], [3, 3]);
  makeRoom(3);
  // Less room was asked for: what there is stays.
  makeRoom(1);
  assert.deepEqual([decodings(keys), decodings(keys), decodings(keys)], [1, 0, 0]);
});

test('bytes of another length are no key, and are not read', () => {
  const { decode, decodings } = counted();
  const lengths = [0, 31, 33, 64, 200_000, 2_000_000].map((length) => new Uint8Array(length));
  assert.equal(decodings(lengths), 0);
  for (const bytes of lengths) assert.equal(decode(bytes), undefined);
});
