import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import fc from 'fast-check';
import { decodeG1, decodeG2, decompressG1, decompressG2, encodeG1, encodeG2, G1, G2 } from './points.ts';
import {
  aliasG1,
  g1,
  g2,
  infinityBytes,
  offCurveG1,
  randomField,
  strayG1,
  strayG2,
  torsionG1,
} from './test-support.ts';

const { Fp } = bls12_381.fields;

test('compression and decompression agree with noble on random points of both groups', () => {
  for (let i = 0; i < 20; i++) {
    const [p, q] = [g1(randomField()), g2(randomField())];
    assert.deepEqual(encodeG1(p.toAffine()), p.toBytes());
    assert.deepEqual(encodeG2(q.toAffine()), q.toBytes());
    const [p2, q2] = [decodeG1(p.toBytes()), decodeG2(q.toBytes())];
    assert.ok(typeof p2 !== 'string' && p2.equals(p));
    assert.ok(typeof q2 !== 'string' && q2.equals(q));
  }
});

test('both signs of y survive the round trip', () => {
  const [p, q] = [g1(5n), g2(5n)];
  for (const point of [p, p.negate()]) {
    const back = decodeG1(encodeG1(point.toAffine()));
    assert.ok(typeof back !== 'string' && back.equals(point));
  }
  for (const point of [q, q.negate()]) {
    const back = decodeG2(encodeG2(point.toAffine()));
    assert.ok(typeof back !== 'string' && back.equals(point));
  }
});

test('the generators have the encodings of the standard', () => {
  assert.equal(Buffer.from(encodeG1(G1.BASE.toAffine())).toString('hex').slice(0, 16), '97f1d3a73197d794');
  assert.equal(Buffer.from(encodeG2(G2.BASE.toAffine())).toString('hex').slice(0, 16), '93e02b6052719f60');
});

test('a point whose flag of compression is missing is refused', () => {
  const bytes = g1(7n).toBytes();
  bytes[0]! &= 0x7f;
  assert.equal(decodeG1(bytes), 'point-not-canonical');
  const bytes2 = g2(7n).toBytes();
  bytes2[0]! &= 0x7f;
  assert.equal(decodeG2(bytes2), 'point-not-canonical');
});

test('infinity is recognised and refused, its other spellings are not canonical', () => {
  assert.equal(decodeG1(infinityBytes(48)), 'point-at-infinity');
  assert.equal(decodeG2(infinityBytes(96)), 'point-at-infinity');
  const signed = infinityBytes(48);
  signed[0] = 0xe0;
  assert.equal(decodeG1(signed), 'point-not-canonical');
  const padded = infinityBytes(48);
  padded[47] = 1;
  assert.equal(decodeG1(padded), 'point-not-canonical');
  const bare = infinityBytes(48);
  bare[0] = 0x40;
  assert.equal(decodeG1(bare), 'point-not-canonical');
});

test('x + p, a second spelling of x, is refused', () => {
  // A point whose x leaves room for x + p below 2^381.
  let found: Uint8Array | undefined;
  for (let i = 1n; found === undefined; i++) found = aliasG1(g1(i).toBytes());
  assert.equal(decodeG1(found), 'point-not-canonical');
  assert.equal(decodeG1(encodeG1({ x: Fp.ORDER, y: 0n })), 'point-not-canonical');
  for (const [c0, c1] of [
    [Fp.ORDER, 1n],
    [1n, Fp.ORDER],
  ]) {
    const bytes = encodeG2({ x: { c0: c0!, c1: c1! }, y: { c0: 0n, c1: 0n } });
    assert.equal(decodeG2(bytes), 'point-not-canonical');
  }
});

test('an x with no point on it is refused', () => {
  assert.equal(decodeG1(offCurveG1()), 'point-not-on-curve');
  let refused = 0;
  for (let c0 = 1n; c0 < 20n; c0++) {
    const result = decompressG2(encodeG2({ x: { c0, c1: 0n }, y: { c0: 0n, c1: 0n } }));
    if (result === 'point-not-on-curve') refused++;
  }
  assert.ok(refused > 0 && refused < 19);
});

test('points outside the subgroup decompress but do not decode', () => {
  for (const point of [strayG1(), torsionG1()]) {
    const bytes = encodeG1(point.toAffine());
    assert.notEqual(typeof decompressG1(bytes), 'string');
    assert.equal(decodeG1(bytes), 'point-not-in-subgroup');
  }
  const bytes = encodeG2(strayG2().toAffine());
  assert.notEqual(typeof decompressG2(bytes), 'string');
  assert.equal(decodeG2(bytes), 'point-not-in-subgroup');
});

test('a wrong length is refused', () => {
  assert.equal(decodeG1(new Uint8Array(0)), 'point-not-canonical');
  assert.equal(decodeG1(g1(3n).toBytes().subarray(1)), 'point-not-canonical');
  assert.equal(decodeG2(g1(3n).toBytes()), 'point-not-canonical');
});

test('whatever the bytes, decoding answers and agrees with noble on what is a point', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (bytes) => {
      bytes[0]! = (bytes[0]! & 0x3f) | 0x80;
      const ours = decodeG1(bytes);
      let nobles = true;
      try {
        G1.fromBytes(bytes).assertValidity();
      } catch {
        nobles = false;
      }
      assert.equal(typeof ours !== 'string', nobles);
    }),
    { numRuns: 200 },
  );
});

test('decoding leaves the bytes as they were, a Buffer too', () => {
  const bytes = Buffer.from(g1(7n).toBytes());
  const bytes2 = Buffer.from(g2(7n).toBytes());
  const [before, before2] = [bytes.toString('hex'), bytes2.toString('hex')];
  assert.notEqual(typeof decodeG1(bytes), 'string');
  assert.notEqual(typeof decodeG2(bytes2), 'string');
  assert.deepEqual([bytes.toString('hex'), bytes2.toString('hex')], [before, before2]);
});
