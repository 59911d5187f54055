import { type EdwardsPoint, edwards } from '@noble/curves/abstract/edwards.js';
import { blake2s256 } from './blake.ts';
import { concat, expectLength, leBytes, leInteger, utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';
import { invert, isField, modQ, Q, R_J } from './field.ts';

/**
 * Jubjub: -u^2 + v^2 = 1 + d u^2 v^2 over BLS12-381's scalar field, d = -(10240/10241), subgroup order r_J,
 * cofactor 8 (Zcash protocol, section 5.4.9.3). Points are noble's extended points, whose x is the u of the
 * designs and whose y is the v.
 *
 * Not constant-time: JavaScript's big integers take time that depends on their values, whatever the algorithm.
 * `multiply` uses noble's fixed sequence of additions for secret scalars, which hides the pattern of
 * operations but not what each one costs. Use it where an attacker cannot time single operations; native
 * backends are the place for keys on shared machines.
 */
export type Point = EdwardsPoint;

const D = modQ(-10240n * invert(10241n));

/** Zcash's generator of the prime subgroup, needed by noble only to describe the curve. */
const Curve = edwards({
  p: Q,
  n: R_J,
  h: 8n,
  a: Q - 1n,
  d: D,
  Gx: 0x11dafe5d23e1218086a365b99fbf3d3be72f6afd7d1f72623e6b071492d1122bn,
  Gy: 0x1d523cf1ddab1a1793132e78c866c0c33e26ba5cc220fed7cc3f870e59d292aan,
});

/** The point type as a constructor, for multi-scalar multiplication. */
export const JubjubPoint = Curve;

export const IDENTITY: Point = Curve.ZERO;

/** The curve's constant d, for circuits. */
export const JUBJUB_D: bigint = D;

/** Affine coordinates (u, v). */
export interface AffinePoint {
  readonly u: bigint;
  readonly v: bigint;
}

/** The point's affine coordinates. */
export function toAffine(point: Point): AffinePoint {
  const { x, y } = point.toAffine();
  return { u: x, v: y };
}

/** The point with these coordinates; throws `point-not-canonical` off the curve or outside [0, q). */
export function fromAffine({ u, v }: AffinePoint): Point {
  // noble takes coordinates up to 2^256 and reduces them.
  if (!isField(u) || !isField(v))
    throw new CryptoError('point-not-canonical', 'coordinates must lie in [0, q)');
  try {
    const point = Curve.fromAffine({ x: u, y: v });
    point.assertValidity();
    return point;
  } catch {
    if (u === 0n && v === 1n) return IDENTITY;
    throw new CryptoError('point-not-canonical', 'these coordinates are not on Jubjub');
  }
}

/** 32 bytes: v little-endian, the low bit of u in the top bit. */
export function pointToBytes(point: Point): Uint8Array {
  const { u, v } = toAffine(point);
  return leBytes(v | ((u & 1n) << 255n), 32);
}

/**
 * Decodes 32 bytes strictly (ZIP 216): v below q, v on the curve, and no sign bit where u is zero.
 * Small-order and out-of-subgroup points do decode; `isInPrimeSubgroup` and `isSmallOrder` tell them.
 */
export function pointFromBytes(bytes: Uint8Array): Point {
  expectLength(bytes, 32, 'point');
  const packed = leInteger(bytes);
  const sign = packed >> 255n;
  const v = packed & ((1n << 255n) - 1n);
  if (v >= Q) throw new CryptoError('point-not-canonical', 'v is not below the modulus');
  const u = recoverU(v, sign);
  if (u === undefined) throw new CryptoError('point-not-canonical', 'no point of Jubjub has this encoding');
  return Curve.fromAffine({ x: u, y: v });
}

/** The u of given v and sign bit, or undefined where there is none (or where u = 0 carries a sign). */
function recoverU(v: bigint, sign: bigint): bigint | undefined {
  const square = (v * v) % Q;
  // 1 + d v^2 is never zero: -1/d is not a square.
  const ratio = ((square - 1n + Q) * invert(1n + D * square)) % Q;
  if (ratio === 0n) return sign === 0n ? 0n : undefined;
  let root: bigint;
  try {
    root = Curve.Fp.sqrt(ratio);
  } catch {
    return undefined;
  }
  return (root & 1n) === sign ? root : Q - root;
}

/** True in the prime-order subgroup, the identity included. */
export function isInPrimeSubgroup(point: Point): boolean {
  return point.isTorsionFree();
}

/** True where [8]P is the identity. */
export function isSmallOrder(point: Point): boolean {
  return point.isSmallOrder();
}

/** [scalar]P by a fixed sequence of additions, for secret scalars in [0, r_J). */
export function multiply(point: Point, scalar: bigint): Point {
  return scalar === 0n ? IDENTITY : point.multiply(scalar);
}

/** [scalar]P for public scalars in [0, r_J): faster, its time shows the scalar. */
export function multiplyPublic(point: Point, scalar: bigint): Point {
  return point.multiplyUnsafe(scalar);
}

/** [8]P: clears the cofactor. */
export function clearCofactor(point: Point): Point {
  return point.clearCofactor();
}

/**
 * GroupHash (Zcash protocol, section 5.4.9.5, with our own domains): BLAKE2s of message and counter gives a
 * candidate encoding, times the cofactor; candidates that do not decode or give the identity are passed over.
 *
 * @param personalisation at most 8 ASCII characters
 */
export function groupHash(personalisation: string, message: string): Point {
  for (let counter = 0; counter < 256; counter++) {
    const candidate = blake2s256(personalisation, concat(utf8(message), Uint8Array.of(counter)));
    const point = tryDecode(candidate)?.clearCofactor();
    if (point !== undefined && !point.is0()) return point;
  }
  throw new CryptoError('group-hash-exhausted', 'no counter gave a point');
}

function tryDecode(bytes: Uint8Array): Point | undefined {
  try {
    return pointFromBytes(bytes);
  } catch {
    return undefined;
  }
}

/** G: base of viewing keys and of one-time addresses. */
export const VIEW_BASE: Point = groupHash('SERO_gvw', 'view');

/** G_s: base of spend keys and of RedJubjub, independent of G. */
export const SPEND_BASE: Point = groupHash('SERO_gsp', 'spend');

VIEW_BASE.precompute(8);
SPEND_BASE.precompute(8);
