import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes, Q } from '@sero/crypto';
import fc from 'fast-check';
import { decodeWtns, encodeWtns } from './wtns.ts';

const field = fc.bigInt({ min: 0n, max: Q - 1n });
const bytesOf = (elements: readonly bigint[]): Uint8Array =>
  new Uint8Array(elements.flatMap((element) => [...fieldToBytes(element)]));
const malformed = { name: 'CircuitError', code: 'wtns-malformed' } as const;

test('a .wtns file gives back its elements', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (elements) => {
      assert.deepEqual(decodeWtns(encodeWtns(bytesOf(elements))), elements);
    }),
  );
});

test('the file’s layout is the format’s', () => {
  const bytes = encodeWtns(bytesOf([1n, 2n]));
  assert.equal(bytes.length, 76 + 64);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 4)), 'wtns');
  assert.deepEqual([...bytes.subarray(4, 24)], [2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...bytes.subarray(24, 28)], [32, 0, 0, 0]);
  assert.deepEqual(
    bytes.subarray(28, 60),
    bytesOf([Q - 1n]).map((byte, i) => (i === 0 ? byte + 1 : byte)),
  );
  assert.deepEqual([...bytes.subarray(60, 76)], [2, 0, 0, 0, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0]);
});

test('a file cut short, lengthened, or with any byte of its frame changed is refused', () => {
  const bytes = encodeWtns(bytesOf([1n, 2n]));
  for (let length = 0; length < bytes.length; length++)
    assert.throws(() => decodeWtns(bytes.slice(0, length)), malformed);
  assert.throws(() => decodeWtns(new Uint8Array([...bytes, 0])), malformed);
  for (let at = 0; at < 76; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    assert.throws(() => decodeWtns(changed), malformed, `byte ${at}`);
  }
});

test('an element of q or more is refused', () => {
  const bytes = encodeWtns(bytesOf([1n, Q - 1n]));
  bytes[76 + 32]! += 1;
  assert.throws(() => decodeWtns(bytes), malformed);
});

test('a witness that is no whole number of elements is refused', () => {
  assert.throws(() => encodeWtns(new Uint8Array(33)), malformed);
});
