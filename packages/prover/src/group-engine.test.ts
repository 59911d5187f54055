import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { concat, leBytes, Q, toField } from '@sero/crypto';
import fc from 'fast-check';
import { ProverError } from './errors.ts';
import { GROUP_POINT_BYTES, type Group, type GroupEngine } from './group-engine.ts';
import { createReferenceGroupEngine } from './group-reference.ts';
import { openBackend } from './open-backend.ts';

/** The engine of the backend in use against the reference, which stands on noble. */

const backend = await openBackend();
after(() => backend.close());
const engine = backend.groups;
const reference = createReferenceGroupEngine();
const GROUPS: readonly Group[] = ['g1', 'g2'];

const pack = (...scalars: readonly bigint[]): Uint8Array =>
  concat(...scalars.map((scalar) => leBytes(scalar, 32)));
/** Ends of windows, of the halves that an endomorphism cuts scalars into, and of the field. */
const X_SQUARED = 0xd201000000010000n ** 2n;
const EDGES: readonly bigint[] = [
  ...[0n, 1n, 2n, 7n, 8n, 9n, 15n, 16n, 17n, 127n, 128n, 129n, 1024n, 1025n],
  ...[X_SQUARED - 1n, X_SQUARED, X_SQUARED + 1n, X_SQUARED ** 2n % Q, 1n << 254n, Q - 2n, Q - 1n],
];
const random = (seed: number): bigint => toField(new Uint8Array(64).fill(seed));
const SCALARS = pack(...EDGES, ...Array.from({ length: 11 }, (_, i) => random(i + 1)));
const COUNT = SCALARS.length / 32;
const OTHERS = pack(...Array.from({ length: COUNT - EDGES.length }, (_, i) => random(i + 50)), ...EDGES);

const POINTS = {
  g1: await reference.multiplyGenerator('g1', SCALARS),
  g2: await reference.multiplyGenerator('g2', SCALARS),
} as const;

/** Both engines do the same. */
async function agree<T>(call: (on: GroupEngine) => Promise<T>): Promise<T> {
  const result = await call(engine);
  assert.deepEqual(result, await call(reference));
  return result;
}

for (const group of GROUPS) {
  const size = GROUP_POINT_BYTES[group];
  const points = POINTS[group];

  test(`${group}: multiples of the generator, in tables of each size`, async () => {
    assert.deepEqual(await engine.multiplyGenerator(group, SCALARS), points);
    for (const count of [600, 8200]) {
      const many = new Uint8Array(32 * count);
      many.set(SCALARS, 32 * (count - COUNT));
      const made = await engine.multiplyGenerator(group, many);
      assert.deepEqual(made.subarray(size * (count - COUNT)), points);
      assert.ok(made.subarray(0, size * (count - COUNT)).every((byte) => byte === 0));
    }
  });

  test(`${group}: each point by its own scalar, infinity and the edges of scalars among them`, async () => {
    await agree((on) => on.multiplyEach(group, points, OTHERS));
  });

  test(`${group}: points by powers of a scalar`, async () => {
    for (const [first, factor] of [
      [1n, random(3)],
      [random(4), random(5)],
      [random(6), 1n],
      [0n, 0n],
      [Q - 1n, Q - 1n],
    ] as const) {
      await agree((on) => on.multiplyPowers(group, points, pack(first), pack(factor)));
    }
  });

  test(`${group}: powers in Lagrange form give back the powers' sums`, async () => {
    for (const power of [0, 1, 2, 3])
      await agree((on) => on.lagrange(group, points.subarray(0, size * 2 ** power)));
    // All alike: the butterflies meet equal and opposite points.
    const alike = concat(...Array.from({ length: 4 }, () => points.subarray(size, 2 * size)));
    await agree((on) => on.lagrange(group, alike));
  });

  test(`${group}: sums over rows, of no term, of one and of many, of terms that cancel out`, async () => {
    const indices = Uint32Array.from({ length: COUNT }, (_, i) => (i * 7) % COUNT);
    indices[COUNT - 1] = indices[COUNT - 2]!;
    const coefficients = concat(OTHERS.subarray(0, 32 * (COUNT - 2)), pack(random(8), Q - random(8)));
    const starts = Uint32Array.of(0, 0, 1, 6, 20, COUNT - 2, COUNT);
    const sums = await agree((on) => on.combineRows(group, points, { starts, indices, coefficients }));
    assert.ok(sums.subarray(0, size).every((byte) => byte === 0));
    assert.ok(sums.subarray(5 * size).every((byte) => byte === 0));
  });

  test(`${group}: sums of multiples, by scalars of several lengths`, async () => {
    await agree((on) => on.multiExp(group, points, OTHERS, 32));
    for (const length of [1, 4, 16, 31]) {
      const scalars = Uint8Array.from({ length: COUNT * length }, (_, i) => (i * 89) & 0xff);
      await agree((on) => on.multiExp(group, points, scalars, length));
    }
    assert.ok(
      (await engine.multiExp(group, new Uint8Array(0), new Uint8Array(0), 16)).every((byte) => byte === 0),
    );
  });

  test(`${group}: differences, of equal points and of infinity too`, async () => {
    const others = await reference.multiplyEach(group, points, OTHERS);
    await agree((on) => on.subtract(group, points, others));
    await agree((on) => on.subtract(group, points, points));
    await agree((on) => on.subtract(group, new Uint8Array(points.length), points));
  });

  test(`${group}: both forms that transcripts hash`, async () => {
    await agree((on) => on.encode(group, points, 'uncompressed'));
    await agree((on) => on.encode(group, points, 'compressed'));
  });

  test(`${group}: infinity, points off the curve, outside the subgroup, and with coordinates above q are found`, async () => {
    const good = points.subarray(size);
    assert.equal(await agree((on) => on.firstBad(group, good)), undefined);
    assert.equal(await agree((on) => on.firstBad(group, points)), 0);
    const offCurve = good.slice();
    offCurve[3 * size + 5]! ^= 1;
    assert.equal(await agree((on) => on.firstBad(group, offCurve)), 3);
    const outside = concat(good, smallOrder(group), good);
    assert.equal(await agree((on) => on.firstBad(group, outside)), COUNT - 1);
    const q =
      0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
    for (let at = 0; at < size; at += 48) {
      const above = good.slice();
      above[20 * size + at + 47]! |= 0x80;
      assert.equal(await agree((on) => on.firstBad(group, above)), 20);
      const zero = concat(new Uint8Array(at), leBytes(q, 48), new Uint8Array(size - at - 48));
      assert.equal(await agree((on) => on.firstBad(group, zero)), 0);
    }
  });

  test(`${group}: lengths that do not fit, scalars that are not below r, and rows that fall are refused`, async () => {
    const refused = (code: string, call: (on: GroupEngine) => Promise<unknown>): Promise<unknown> =>
      Promise.all(
        [engine, reference].map((on) =>
          assert.rejects(call(on), (error) => error instanceof ProverError && error.code === code),
        ),
      );
    const ones = pack(...Array.from({ length: COUNT }, () => 1n));
    const big = concat(ones.subarray(32), leBytes(Q, 32));
    await refused('field-not-canonical', (on) => on.multiplyGenerator(group, big));
    await refused('field-not-canonical', (on) => on.multiplyEach(group, points, big));
    await refused('field-not-canonical', (on) => on.multiplyPowers(group, points, leBytes(Q, 32), pack(1n)));
    await refused('field-not-canonical', (on) => on.multiExp(group, points, big, 32));
    await refused('packed-length', (on) => on.multiplyGenerator(group, new Uint8Array(31)));
    await refused('packed-length', (on) => on.multiplyEach(group, points, ones.subarray(32)));
    await refused('packed-length', (on) => on.multiplyEach(group, points.subarray(1), ones));
    await refused('packed-length', (on) => on.lagrange(group, points.subarray(0, 3 * size)));
    await refused('packed-length', (on) => on.lagrange(group, new Uint8Array(0)));
    await refused('packed-length', (on) => on.multiExp(group, points, ones, 16));
    await refused('packed-length', (on) => on.subtract(group, points, points.subarray(size)));
    await refused('packed-length', (on) => on.encode(group, points.subarray(1), 'compressed'));
    const rows = {
      starts: Uint32Array.of(0, 2),
      indices: Uint32Array.of(0, 1),
      coefficients: ones.subarray(0, 64),
    };
    for (const bad of [
      { ...rows, starts: Uint32Array.of(0, 3) },
      { ...rows, starts: Uint32Array.of(1, 2) },
      { ...rows, starts: Uint32Array.of(0, 2, 1, 2) },
      { ...rows, indices: Uint32Array.of(0, COUNT) },
      { ...rows, coefficients: ones.subarray(0, 32) },
    ]) {
      await refused('packed-length', (on) => on.combineRows(group, points, bad));
    }
  });

  test(`${group}: work that was called off before it began ends with the reason`, async () => {
    const reason = new RangeError('enough');
    await assert.rejects(engine.multiplyGenerator(group, SCALARS, AbortSignal.abort(reason)), reason);
  });
}

test('products of pairings: e(a G, H) e(-G, a H) is one, and nothing else is', async () => {
  const pair = (a: bigint, b: bigint, c: bigint, d: bigint): Promise<boolean> =>
    agree(async (on) =>
      on.pairingProductIsOne(
        await on.multiplyGenerator('g1', pack(a, b)),
        await on.multiplyGenerator('g2', pack(c, d)),
      ),
    );
  assert.equal(await pair(random(1), Q - 1n, 1n, random(1)), true);
  assert.equal(await pair(random(1), Q - 1n, 1n, random(2)), false);
  assert.equal(await pair(0n, 1n, 1n, 0n), true);
  assert.equal(await pair(0n, 1n, 1n, 1n), false);
  assert.equal(await engine.pairingProductIsOne(new Uint8Array(0), new Uint8Array(0)), true);
});

test('any scalars: multiples of multiples are multiples of the product', async () => {
  const scalar = fc.bigInt({ min: 0n, max: Q - 1n });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...GROUPS),
      fc.array(fc.tuple(scalar, scalar), { maxLength: 20 }),
      async (group, pairs) => {
        const [first, second] = [pack(...pairs.map(([a]) => a)), pack(...pairs.map(([, b]) => b))];
        const twice = await engine.multiplyEach(group, await engine.multiplyGenerator(group, first), second);
        const once = await engine.multiplyGenerator(group, pack(...pairs.map(([a, b]) => (a * b) % Q)));
        assert.deepEqual(twice, once);
      },
    ),
    { numRuns: 30 },
  );
});

/** A point of the curve times r: of an order that divides the cofactor. */
function smallOrder(group: Group): Uint8Array {
  const { Fp, Fp2 } = bls12_381.fields;
  const montgomery = (...values: readonly bigint[]): Uint8Array =>
    concat(...values.map((value) => leBytes(Fp.mul(value, Fp.create(1n << 384n)), 48)));
  for (let x = 1n; ; x++) {
    try {
      if (group === 'g1') {
        const y = Fp.sqrt(Fp.add(x ** 3n, 4n));
        const base = bls12_381.G1.Point.fromAffine({ x, y });
        const point = base.multiplyUnsafe(Q - 1n).add(base);
        if (!point.is0()) return montgomery(point.toAffine().x, point.toAffine().y);
      } else {
        const x2 = Fp2.fromBigTuple([x, 0n]);
        const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x2), x2), Fp2.fromBigTuple([4n, 4n])));
        const base = bls12_381.G2.Point.fromAffine({ x: x2, y });
        const point = base.multiplyUnsafe(Q - 1n).add(base);
        const at = point.toAffine();
        if (!point.is0()) return montgomery(at.x.c0, at.x.c1, at.y.c0, at.y.c1);
      }
    } catch {
      // No point with this x: the next one.
    }
  }
}
