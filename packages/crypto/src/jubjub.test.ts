import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AffinePoint,
  CryptoError,
  clearCofactor,
  fieldToBytes,
  fromAffine,
  fromHex,
  groupHash,
  IDENTITY,
  invert,
  isInPrimeSubgroup,
  isSmallOrder,
  JUBJUB_D,
  leBytes,
  leInteger,
  modQ,
  multiply,
  multiplyPublic,
  type Point,
  pointFromBytes,
  pointToBytes,
  Q,
  R_J,
  SPEND_BASE,
  toAffine,
  toHex,
  VIEW_BASE,
} from './index.ts';

interface PointVector {
  u: string;
  v: string;
  encoding: string;
}
interface Vectors {
  d: string;
  subgroupOrder: string;
  viewBase: PointVector;
  spendBase: PointVector;
  multiples: { base: 'viewBase' | 'spendBase'; scalar: string; point: PointVector }[];
  sum: { point: PointVector };
  smallOrder: { order: number; point: PointVector }[];
  outsidePrimeSubgroup: PointVector[];
  refusedEncodings: { why: string; encoding: string }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/jubjub.json', import.meta.url), 'utf8'),
);
const BASES = { viewBase: VIEW_BASE, spendBase: SPEND_BASE };

// A second implementation: the affine law of the curve, inversions and all.

const ZERO: AffinePoint = { u: 0n, v: 1n };

function affineAdd(a: AffinePoint, b: AffinePoint): AffinePoint {
  const product = modQ(JUBJUB_D * modQ(a.u * b.u) * modQ(a.v * b.v));
  return {
    u: modQ((a.u * b.v + a.v * b.u) * invert(1n + product)),
    v: modQ((a.v * b.v + a.u * b.u) * invert(1n - product)),
  };
}

function affineMultiply(point: AffinePoint, scalar: bigint): AffinePoint {
  let [sum, power] = [ZERO, point];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = affineAdd(sum, power);
    power = affineAdd(power, power);
  }
  return sum;
}

const scalar = fc.oneof(
  fc.bigInt({ min: 0n, max: R_J - 1n }),
  fc.constantFrom(0n, 1n, 2n, 8n, R_J - 1n, R_J - 2n, 2n ** 128n),
);
const few = { numRuns: 25 };

function assertSame(point: Point, expected: PointVector): void {
  const { u, v } = toAffine(point);
  assert.deepEqual([u, v], [BigInt(expected.u), BigInt(expected.v)]);
  assert.equal(toHex(pointToBytes(point)), expected.encoding);
  assert.ok(pointFromBytes(fromHex(expected.encoding)).equals(point));
}

test('the curve is Jubjub: d = -(10240/10241), subgroup order, both group hashes', () => {
  assert.equal(JUBJUB_D, 0x2a9318e74bfa2b48f5fd9207e6bd7fd4292d7f6d37579d2601065fd6d6343eb1n);
  assert.equal(JUBJUB_D, BigInt(vectors.d));
  assert.equal(R_J, BigInt(vectors.subgroupOrder));
  assertSame(VIEW_BASE, vectors.viewBase);
  assertSame(SPEND_BASE, vectors.spendBase);
});

test('multiples and sums of the bases are those of the Python reference', () => {
  for (const { base, scalar, point } of vectors.multiples) {
    assertSame(multiply(BASES[base], BigInt(scalar)), point);
    assertSame(multiplyPublic(BASES[base], BigInt(scalar)), point);
  }
  assertSame(VIEW_BASE.add(SPEND_BASE), vectors.sum.point);
});

test("the group hash with Sapling's beacon gives all of Sapling's generators", () => {
  // Zcash protocol, 5.4.9.5, and zcash-test-vectors, test-vectors/json/sapling_generators.json.
  const beacon = '096b36a5804bfacef1691e173c366a47ff5ba84a44f26ddd7e8d9f79d5b42df0';
  const generators = [
    ['Zcash_G_', '', '30b5f2aaad325630bcdddbce4d67656d05fd1cc2d037bb5375b6e96d9e01a1d7'],
    ['Zcash_H_', '', 'e7e85de0f7f97a46d249a1f5ea51df50cc48490f8401c9de7a2adf1807d1b6d4'],
    ['Zcash_J_', '', '65002bc736faf7a3422effffe8b855e18fba96a0158a9efca584bf40549d36e1'],
    ['Zcash_PH', 'r', 'ac776c796563fcd44cc49cfaea8bb796952c266e47779d94574c10ad01754b11'],
    ['Zcash_cv', 'v', 'd7c86706f5817aa718cd1cfad03233bcd64a7789fd9422d3b17af6823a7e6ac6'],
    ['Zcash_cv', 'r', '8b6a0b38b9faae3c3b803b47b0f146ad50ab221e6e2afbe6dbde45cba9d381ed'],
    ['Zcash_PH', '\0\0\0\0', 'ca3c2432d4abbf7732464ec08b2e47f95edc7e836b16c979571b52d3a2879ea8'],
    ['Zcash_PH', '\x01\0\0\0', '9118bf4e3cc50d7be8d3fa98ebbe3a1f25d901c0421189f733fe435b7f8c5d01'],
    ['Zcash_PH', '\x02\0\0\0', '57d493972c50ed8098b484177f2ab28b53e88c8e6ca400e09eee4ed200152eb6'],
    ['Zcash_PH', '\x03\0\0\0', 'e97035a3ec4b7184856a1fa1a1af0351b747d9d8cb0a0791d8ca564b0ce47e2f'],
  ] as const;
  for (const [personalisation, message, encoding] of generators) {
    assert.equal(toHex(pointToBytes(groupHash(personalisation, beacon + message))), encoding);
  }
});

test("Sapling's signing keys: sk to vk, re-randomised by alpha to rsk and rvk", () => {
  // zcash-test-vectors, test-vectors/json/sapling_signatures.json: sk, vk, alpha, rsk, rvk.
  const base = pointFromBytes(fromHex('30b5f2aaad325630bcdddbce4d67656d05fd1cc2d037bb5375b6e96d9e01a1d7'));
  const cases = [
    [
      '18e28dea5c11817aeeb21a19981d28368ec438afc25a8db94ebe08d7a0288e09',
      '9b0153b03d320fe23e2834d5d61dbb1f519b3f41f8f946152bf0c3f247d11807',
      'ffd1a1273252b187f4ed326dfc98853e2917c2b36379b175da63b9ef6dda6c08',
      '6087383b30559b31609085b9009645ceb6a0c6612599d72880728e61244e7d03',
      'c1babcb6eae2b994ee6d65c10b9dad5940dc735b07504daed1e46b0709b45136',
    ],
    [
      '059654f961273dafda3b2677b35c18af6b11adfb9ee90b48935e557c8d5d9c04',
      'faf6c3b737e8e611aafea52f03bb2786e18353ebe0d3139e3c54498780c8c199',
      'c30b96208da800e10af02542ce694b7ed76a28299f85998e5d610812681bf003',
      'c8a1ea19efcf3d90e52b4cb981c6632d437cd5243e6fa5d6f0bf5d8ef5788c08',
      'd524dce7734069758a91f007a869505dfc4aba1720594d4d74f007700e62ee00',
    ],
  ] as const;
  for (const [sk, vk, alpha, rsk, rvk] of cases) {
    const [secret, shift] = [leInteger(fromHex(sk)), leInteger(fromHex(alpha))];
    assert.equal(toHex(pointToBytes(multiply(base, secret))), vk);
    assert.equal((secret + shift) % R_J, leInteger(fromHex(rsk)));
    const shifted = pointFromBytes(fromHex(vk)).add(multiply(base, shift));
    assert.equal(toHex(pointToBytes(shifted)), rvk);
  }
});

test('random multiples and sums are those of the affine law, on the bases and on points of any order', () => {
  const point = fc.tuple(scalar, fc.nat(7)).map(([n, i]) => {
    const torsion = pointFromBytes(fromHex(vectors.smallOrder[i]!.point.encoding));
    return multiply(VIEW_BASE, n).add(torsion);
  });
  fc.assert(
    fc.property(point, point, scalar, (a, b, n) => {
      assert.deepEqual(toAffine(a.add(b)), affineAdd(toAffine(a), toAffine(b)));
      assert.deepEqual(toAffine(a.add(a)), affineAdd(toAffine(a), toAffine(a)));
      assert.ok(a.subtract(a).equals(IDENTITY));
      const expected = affineMultiply(toAffine(a), n);
      assert.deepEqual(toAffine(multiply(a, n)), expected);
      assert.deepEqual(toAffine(multiplyPublic(a, n)), expected);
      assert.deepEqual(toAffine(clearCofactor(a)), affineMultiply(toAffine(a), 8n));
      assert.ok(fromAffine(toAffine(a)).equals(a));
    }),
    few,
  );
  fc.assert(
    fc.property(scalar, (n) => {
      assert.deepEqual(toAffine(multiply(SPEND_BASE, n)), affineMultiply(toAffine(SPEND_BASE), n));
    }),
    few,
  );
});

test('ZIP 216: both spellings with a sign bit on u = 0 are refused', () => {
  for (const encoding of [
    '0100000000000000000000000000000000000000000000000000000000000080',
    '00000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7edf3',
  ]) {
    assert.throws(() => pointFromBytes(fromHex(encoding)), refusal);
    const unsigned = fromHex(encoding);
    unsigned[31]! &= 0x7f;
    assert.equal(isSmallOrder(pointFromBytes(unsigned)), true);
  }
});

test('every encoding that the Python reference refuses is refused', async (t) => {
  for (const { why, encoding } of vectors.refusedEncodings) {
    await t.test(why, () => assert.throws(() => pointFromBytes(fromHex(encoding)), refusal));
  }
});

test('adding q to v is no second spelling, where the sum still fits', () => {
  for (const v of [0n, 1n, 2n ** 255n - Q - 1n]) {
    assert.throws(() => pointFromBytes(leBytes(v + Q, 32)), refusal);
    assert.throws(() => pointFromBytes(leBytes((v + Q) | (1n << 255n), 32)), refusal);
  }
});

test('the eight points of small order decode, have their order, and are told from the others', () => {
  assert.equal(new Set(vectors.smallOrder.map(({ point }) => point.encoding)).size, 8);
  for (const { order, point } of vectors.smallOrder) {
    const decoded = pointFromBytes(fromHex(point.encoding));
    assertSame(decoded, point);
    assert.equal(isSmallOrder(decoded), true);
    assert.equal(isInPrimeSubgroup(decoded), order === 1);
    const orders = [1, 2, 4, 8].filter((n) => affineMultiply(toAffine(decoded), BigInt(n)).u === 0n);
    const first = orders.find((n) => affineMultiply(toAffine(decoded), BigInt(n)).v === 1n);
    assert.equal(first, order);
  }
});

test('a point of the subgroup plus any torsion but zero is outside it, and not of small order', () => {
  assert.equal(vectors.outsidePrimeSubgroup.length, 7);
  for (const vector of vectors.outsidePrimeSubgroup) {
    const point = pointFromBytes(fromHex(vector.encoding));
    assertSame(point, vector);
    assert.equal(isInPrimeSubgroup(point), false);
    assert.equal(isSmallOrder(point), false);
    assert.equal(isInPrimeSubgroup(clearCofactor(point)), true);
  }
  for (const base of [VIEW_BASE, SPEND_BASE]) {
    assert.equal(isInPrimeSubgroup(base), true);
    assert.equal(isSmallOrder(base), false);
  }
});

test('whatever the bytes, a point is decoded that encodes to them, or they are refused with a typed error', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.bigInt({ min: 0n, max: Q - 1n }).map(fieldToBytes),
  );
  let decoded = 0;
  fc.assert(
    fc.property(anything, (bytes) => {
      let point: Point;
      try {
        point = pointFromBytes(bytes);
      } catch (error) {
        assert.ok(error instanceof CryptoError);
        return;
      }
      decoded++;
      const { u, v } = toAffine(point);
      assert.equal(modQ(v * v - u * u - 1n - JUBJUB_D * modQ(u * u) * modQ(v * v)), 0n);
      assert.deepEqual(pointToBytes(point), bytes);
    }),
    { numRuns: 300 },
  );
  assert.ok(decoded > 0, 'about half of all v have a point');
});

test('points of 31 and of 33 bytes are refused', () => {
  const encoding = pointToBytes(VIEW_BASE);
  for (const bytes of [
    encoding.subarray(1),
    encoding.subarray(0, 31),
    Uint8Array.of(...encoding, 0),
    new Uint8Array(),
  ]) {
    assert.throws(
      () => pointFromBytes(bytes),
      (error) => error instanceof CryptoError && error.code === 'wrong-length',
    );
  }
});

test('coordinates off the curve or not canonical are refused', () => {
  const { u, v } = toAffine(VIEW_BASE);
  const wrong = [
    { u, v: modQ(v + 1n) },
    { u: v, v: u },
    { u: 0n, v: 0n },
    { u: u + Q, v },
    { u, v: v + Q },
    { u: -1n, v },
    { u: 0n, v: 1n + Q },
  ];
  for (const point of wrong) assert.throws(() => fromAffine(point), refusal);
  assert.ok(fromAffine(ZERO).equals(IDENTITY));
});

test('another domain, another base; and no domain longer than eight bytes', () => {
  const points = [
    ['SERO_gvw', 'view'],
    ['SERO_gsp', 'view'],
    ['SERO_gvw', 'spend'],
    ['SERO_gvw', ''],
  ].map(([personalisation, message]) => toHex(pointToBytes(groupHash(personalisation!, message!))));
  assert.equal(new Set(points).size, points.length);
  assert.throws(() => groupHash('SERO_gvw2', 'view'), CryptoError);
});

function refusal(error: unknown): boolean {
  return error instanceof CryptoError && error.code === 'point-not-canonical';
}
