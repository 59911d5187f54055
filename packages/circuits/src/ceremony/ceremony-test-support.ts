import assert from 'node:assert/strict';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { concat, leBytes, Q } from '@sero/crypto';
import type { GroupEngine } from '@sero/prover';
import type { Beacon, Origin } from './contribution.ts';
import { CeremonyError, type CeremonyFault } from './errors.ts';
import { contributePowers, startPowers } from './phase1.ts';
import type { Powers } from './ptau.ts';

/** Transcripts for tests, and pieces of forged ones. */

export const BEACON: Beacon = { value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), iterationsPower: 10 };
export const NOTHING_TYPED = new Uint8Array(0);

/** Powers after contributions of these origins. */
export async function powersBy(
  engine: GroupEngine,
  power: number,
  ...origins: readonly Origin[]
): Promise<Powers> {
  let powers = await startPowers(engine, power);
  for (const origin of origins) {
    powers = (await contributePowers(engine, powers, origin, NOTHING_TYPED)).result;
  }
  return powers;
}

/** The work is refused with this code. */
export async function refused(code: CeremonyFault, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof CeremonyError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Packed points with another one at an index. */
export function replaced(points: Uint8Array, index: number, point: Uint8Array): Uint8Array {
  const out = points.slice();
  out.set(point, index * point.length);
  return out;
}

/** A point of G1 plus one of order 3, in the bytes of GroupEngine: on the curve, outside the subgroup. */
export function withSmallOrder(point: Uint8Array): Uint8Array {
  const { Fp } = bls12_381.fields;
  const { Point } = bls12_381.G1;
  const montgomery = Fp.create(1n << 384n);
  const [x, y] = [0, 1].map((i) => {
    const bytes = Buffer.from(point.subarray(48 * i, 48 * (i + 1))).reverse();
    return Fp.div(BigInt(`0x${bytes.toString('hex')}`), montgomery);
  });
  // (0, 2) has order 3: y^2 = 4.
  const sum = Point.fromAffine({ x: x!, y: y! })
    .add(Point.fromAffine({ x: 0n, y: 2n }))
    .toAffine();
  return concat(leBytes(Fp.mul(sum.x, montgomery), 48), leBytes(Fp.mul(sum.y, montgomery), 48));
}

/** A point of the curve of G2 that lies outside the subgroup, in the bytes of GroupEngine. */
export function outsideG2(): Uint8Array {
  const { Fp, Fp2 } = bls12_381.fields;
  const montgomery = Fp.create(1n << 384n);
  for (let i = 1n; ; i++) {
    const x = Fp2.fromBigTuple([i, 0n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.fromBigTuple([4n, 4n]));
    if (Fp2.eql(Fp2.pow(square, (Fp.ORDER ** 2n - 1n) / 2n), Fp2.ONE)) {
      const y = Fp2.sqrt(square);
      assert.equal(bls12_381.G2.Point.fromAffine({ x, y }).isTorsionFree(), false);
      return concat(...[x.c0, x.c1, y.c0, y.c1].map((value) => leBytes(Fp.mul(value, montgomery), 48)));
    }
  }
}

export const scalar = (value: bigint): Uint8Array => leBytes(((value % Q) + Q) % Q, 32);

/** Two points of G1, one with something added and one with the same taken away: their sum is what it was. */
export async function shifted(
  engine: GroupEngine,
  points: Uint8Array,
  [first, second]: readonly [number, number],
  by: Uint8Array,
): Promise<Uint8Array> {
  const minus = await engine.subtract('g1', new Uint8Array(by.length), by);
  const at = (index: number): Uint8Array => points.subarray(index * by.length, (index + 1) * by.length);
  const bent = replaced(points, first, await engine.subtract('g1', at(first), by));
  return replaced(bent, second, await engine.subtract('g1', at(second), minus));
}
