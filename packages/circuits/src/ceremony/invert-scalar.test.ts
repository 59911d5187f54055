import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invert, leBytes, leInteger, Q } from '@sero/crypto';
import fc from 'fast-check';
import { invertScalar } from './invert-scalar.ts';

const inverse = (value: bigint): bigint => leInteger(invertScalar(leBytes(value, 32)));

test('a scalar’s inverse is that of big integers', () => {
  const edges = [1n, 2n, (Q + 1n) / 2n, Q - 2n, Q - 1n, 1n << 254n, (1n << 254n) - 1n];
  for (let bits = 13n; bits < 254n; bits += 14n) edges.push(1n << bits, (1n << bits) - 1n, Q - (1n << bits));
  for (const value of edges) assert.equal(inverse(value), invert(value));
  fc.assert(fc.property(fc.bigInt({ min: 1n, max: Q - 1n }), (value) => inverse(value) === invert(value)));
});

test('zero has none, and gives zero', () => {
  assert.equal(inverse(0n), 0n);
});

test('what it is given stays as it is, and what it gives is its own', () => {
  const scalar = leBytes(5n, 32);
  invertScalar(scalar).fill(0);
  assert.deepEqual(scalar, leBytes(5n, 32));
  assert.equal(leInteger(invertScalar(scalar)), invert(5n));
});
