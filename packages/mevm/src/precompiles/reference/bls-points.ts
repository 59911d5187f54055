import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { isZero } from '../bytes.ts';

/** Encodings of EIP-2537: elements of the field take 64 bytes, big-endian, of which the first 16 are zero. */

const { Fp, Fp2 } = bls12_381.fields;
export const G1 = bls12_381.G1.Point;
export const G2 = bls12_381.G2.Point;
export type G1Point = InstanceType<typeof G1>;
export type G2Point = InstanceType<typeof G2>;

export const FP_BYTES = 64;
export const G1_BYTES = 128;
export const G2_BYTES = 256;

/** y^2 = x^3 + 4 and y^2 = x^3 + 4 (1 + u). */
const B1 = 4n;
const B2 = Fp2.fromBigTuple([4n, 4n]);

/** An element of the field at a place; undefined where it is p or more. */
export function decodeFp(bytes: Uint8Array, from = 0): bigint | undefined {
  const element = bytesToNumberBE(bytes.subarray(from, from + FP_BYTES));
  return element < Fp.ORDER ? element : undefined;
}

/** A point of the curve, of the subgroup or not; zeros stand for infinity; undefined where it is none. */
export function decodeG1(bytes: Uint8Array): G1Point | undefined {
  const [x, y] = [decodeFp(bytes), decodeFp(bytes, FP_BYTES)];
  if (x === undefined || y === undefined) return undefined;
  if (isZero(bytes)) return G1.ZERO;
  return Fp.sqr(y) === Fp.create(Fp.mul(Fp.sqr(x), x) + B1) ? G1.fromAffine({ x, y }) : undefined;
}

/** A point of the twist, of the subgroup or not; the real part of each coordinate comes first. */
export function decodeG2(bytes: Uint8Array): G2Point | undefined {
  const parts = [0, 1, 2, 3].map((i) => decodeFp(bytes, FP_BYTES * i));
  if (parts.includes(undefined)) return undefined;
  if (isZero(bytes)) return G2.ZERO;
  const [x0, x1, y0, y1] = parts as [bigint, bigint, bigint, bigint];
  const [x, y] = [Fp2.fromBigTuple([x0, x1]), Fp2.fromBigTuple([y0, y1])];
  const isOnCurve = Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), B2));
  return isOnCurve ? G2.fromAffine({ x, y }) : undefined;
}

function encode(length: number, elements: readonly bigint[]): Uint8Array {
  const out = new Uint8Array(length);
  for (const [i, element] of elements.entries()) out.set(numberToBytesBE(element, FP_BYTES), FP_BYTES * i);
  return out;
}

export function encodeG1(point: G1Point): Uint8Array {
  if (point.is0()) return new Uint8Array(G1_BYTES);
  const { x, y } = point.toAffine();
  return encode(G1_BYTES, [x, y]);
}

export function encodeG2(point: G2Point): Uint8Array {
  if (point.is0()) return new Uint8Array(G2_BYTES);
  const { x, y } = point.toAffine();
  return encode(G2_BYTES, [x.c0, x.c1, y.c0, y.c1]);
}
