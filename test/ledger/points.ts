import { bls12_381 } from '@noble/curves/bls12-381.js';
import { concat, invert, leBytes } from '@sero/crypto';

/** Compressed points of BLS12-381 that no honest prover makes. */

const { Fp, Fp2 } = bls12_381.fields;
const G1_COFACTOR = 0x396c8c005555e1568c00aaab0000aaabn;
const isLarger = (y: bigint): boolean => y > (Fp.ORDER - 1n) / 2n;

type G1Point = InstanceType<typeof bls12_381.G1.Point>;
type G2Point = InstanceType<typeof bls12_381.G2.Point>;

/** A point of the curve outside the subgroup. */
export function strayG1(): G1Point {
  for (let x = 1n; ; x++) {
    const y = root(() => Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n)));
    const point = y === undefined ? undefined : bls12_381.G1.Point.fromAffine({ x, y });
    if (point !== undefined && !point.isTorsionFree()) return point;
  }
}

/** Likewise on the twist. */
export function strayG2(): G2Point {
  for (let c0 = 1n; ; c0++) {
    const x = Fp2.fromBigTuple([c0, 1n]);
    const b = Fp2.fromBigTuple([4n, 4n]);
    const y = root(() => Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b)));
    const point = y === undefined ? undefined : bls12_381.G2.Point.fromAffine({ x, y });
    if (point !== undefined && !point.isTorsionFree()) return point;
  }
}

/** Compresses a point whatever its order, as noble would not. */
export function encodeG1(point: G1Point): Uint8Array {
  const { x, y } = point.toAffine();
  const bytes = leBytes(x, 48).reverse();
  return bytes.with(0, bytes[0]! | 0x80 | (isLarger(y) ? 0x20 : 0)) as Uint8Array;
}

export function encodeG2(point: G2Point): Uint8Array {
  const { x, y } = point.toAffine();
  const bytes = concat(leBytes(x.c1, 48).reverse(), leBytes(x.c0, 48).reverse());
  const larger = y.c1 === 0n ? isLarger(y.c0) : isLarger(y.c1);
  return bytes.with(0, bytes[0]! | 0x80 | (larger ? 0x20 : 0)) as Uint8Array;
}

/** A compressed x-coordinate with no point of the curve on it. */
export function offCurve(): Uint8Array {
  for (let x = 1n; ; x++) {
    if (root(() => Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n))) !== undefined) continue;
    const bytes = leBytes(x, 48).reverse();
    return bytes.with(0, bytes[0]! | 0x80) as Uint8Array;
  }
}

/** noble throws where there is no root. */
function root<T>(take: () => T): T | undefined {
  try {
    return take();
  } catch {
    return undefined;
  }
}

/** Compressed infinity. */
export const infinity = (length: number): Uint8Array => new Uint8Array(length).with(0, 0xc0) as Uint8Array;

/** -P: the other root. */
export const negated = (point: Uint8Array): Uint8Array => point.with(0, point[0]! ^ 0x20) as Uint8Array;

/** P plus a point whose order divides the cofactor: no pairing tells it from P. */
export function withTorsion(bytes: Uint8Array): Uint8Array {
  const stray = strayG1();
  const torsion = stray.subtract(stray.multiplyUnsafe(G1_COFACTOR).multiplyUnsafe(invert(G1_COFACTOR)));
  return encodeG1(bls12_381.G1.Point.fromBytes(bytes).add(torsion));
}

/** ([r]A, [1/r]B): the same product under the pairing. */
export function rescaled(a: Uint8Array, b: Uint8Array, r: bigint): { a: Uint8Array; b: Uint8Array } {
  return {
    a: bls12_381.G1.Point.fromBytes(a).multiply(r).toBytes(),
    b: bls12_381.G2.Point.fromBytes(b).multiply(invert(r)).toBytes(),
  };
}
