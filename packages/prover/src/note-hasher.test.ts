import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fieldToBytes, leBytes, poseidon, Q } from '@sero/crypto';
import { ProverError } from './errors.ts';
import { createPortableNoteHasher } from './note-hasher.ts';
import { randomField } from './test-support.ts';

const hasher = createPortableNoteHasher();
const pack = (values: readonly bigint[]): Uint8Array => concat(...values.map(fieldToBytes));

test('each tuple hashes to Poseidon of its four elements under tag 1, in order', () => {
  const tuples = [
    [0n, 0n, 0n, 0n],
    [1n, 2n, 3n, 4n],
    [4n, 3n, 2n, 1n],
    [Q - 1n, 0n, Q - 1n, 1n],
    Array.from({ length: 4 }, randomField),
  ];
  assert.deepEqual(hasher.hash4(pack(tuples.flat())), pack(tuples.map((tuple) => poseidon(1, tuple))));
});

test('no tuples hash to nothing', () => {
  assert.deepEqual(hasher.hash4(new Uint8Array(0)), new Uint8Array(0));
});

test('an element plus the modulus, a second spelling, is refused in each place', () => {
  for (let place = 0; place < 4; place++) {
    const packed = concat(
      ...[1n, 2n, 3n, 4n].map((value, i) => leBytes(i === place ? value + Q : value, 32)),
    );
    assert.throws(
      () => hasher.hash4(packed),
      (error) => error instanceof ProverError && error.code === 'field-not-canonical',
    );
  }
});

test('a tuple cut short is refused', () => {
  assert.throws(
    () => hasher.hash4(new Uint8Array(127)),
    (error) => error instanceof ProverError && error.code === 'packed-length',
  );
});
