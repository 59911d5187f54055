import { bls12_381 } from '@noble/curves/bls12-381.js';
import type { PointFault } from './errors.ts';

/**
 * Compressed points of BLS12-381 in the ZCash format (draft-irtf-cfrg-pairing-friendly-curves-11, appendix C):
 * x big-endian, c1 before c0 in G2; the first three bits of the first byte are flags: compressed (always 1),
 * infinity, and whether y is the larger of the two roots.
 *
 * Decoding is done here and not by noble, because each fault must have its own code and because infinity,
 * which noble decodes, is never a point of a proof or of a key.
 */

const { Fp, Fp2 } = bls12_381.fields;

export const G1 = bls12_381.G1.Point;
export const G2 = bls12_381.G2.Point;
export type G1Point = typeof G1.BASE;
export type G2Point = typeof G2.BASE;
/** c0 + c1 * i, the coordinates of G2. */
export type Fp2Element = ReturnType<G2Point['toAffine']>['x'];

/** Bytes of a compressed point of G1. */
export const G1_BYTES = 48;
/** Bytes of a compressed point of G2. */
export const G2_BYTES = 96;

const FLAG_COMPRESSED = 0x80;
const FLAG_INFINITY = 0x40;
const FLAG_LARGER_ROOT = 0x20;
const PAYLOAD = 0x1f;

const G1_B = 4n;
const G2_B = Fp2.fromBigTuple([4n, 4n]);

function bigEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let i = 0; i < bytes.length; i += 8) value = (value << 64n) | view.getBigUint64(i);
  return value;
}

function writeBigEndian(out: Uint8Array, offset: number, value: bigint): void {
  const view = new DataView(out.buffer, out.byteOffset + offset, G1_BYTES);
  let rest = value;
  for (let i = G1_BYTES - 8; i >= 0; i -= 8) {
    view.setBigUint64(i, rest & 0xffff_ffff_ffff_ffffn);
    rest >>= 64n;
  }
}

/** The coordinates' bytes without flags, or the fault of the flags. */
function readFlags(bytes: Uint8Array): PointFault | { payload: Uint8Array; larger: boolean } {
  const first = bytes[0]!;
  if ((first & FLAG_COMPRESSED) === 0) return 'point-not-canonical';
  // Not slice(): a Buffer's is a view, and clearing the flags would write into the caller's bytes.
  const payload = new Uint8Array(bytes);
  payload[0] = first & PAYLOAD;
  const larger = (first & FLAG_LARGER_ROOT) !== 0;
  if ((first & FLAG_INFINITY) !== 0) {
    return larger || payload.some((byte) => byte !== 0) ? 'point-not-canonical' : 'point-at-infinity';
  }
  return { payload, larger };
}

/** The larger root is the one above (p-1)/2; in Fp2 c1 decides, and c0 where c1 is zero. */
const isLarger = (y: bigint): boolean => y > (Fp.ORDER - 1n) / 2n;
const isLarger2 = (y: Fp2Element): boolean => (y.c1 === 0n ? isLarger(y.c0) : isLarger(y.c1));

/** noble throws where there is no root; here that is an answer. */
function rootOrUndefined<T>(root: () => T): T | undefined {
  try {
    return root();
  } catch {
    return undefined;
  }
}

/** Decodes 48 bytes to a point of the curve, whatever its order. Only tools and tests want that: see `decodeG1`. */
export function decompressG1(bytes: Uint8Array): G1Point | PointFault {
  if (bytes.length !== G1_BYTES) return 'point-not-canonical';
  const read = readFlags(bytes);
  if (typeof read === 'string') return read;
  const x = bigEndian(read.payload);
  if (x >= Fp.ORDER) return 'point-not-canonical';
  const y = rootOrUndefined(() => Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), G1_B)));
  if (y === undefined) return 'point-not-on-curve';
  return G1.fromAffine({ x, y: isLarger(y) === read.larger ? y : Fp.neg(y) });
}

/** Decodes 96 bytes to a point of the twist, whatever its order. Only tools and tests want that: see `decodeG2`. */
export function decompressG2(bytes: Uint8Array): G2Point | PointFault {
  if (bytes.length !== G2_BYTES) return 'point-not-canonical';
  const read = readFlags(bytes);
  if (typeof read === 'string') return read;
  const c1 = bigEndian(read.payload.subarray(0, G1_BYTES));
  const c0 = bigEndian(read.payload.subarray(G1_BYTES));
  if (c0 >= Fp.ORDER || c1 >= Fp.ORDER) return 'point-not-canonical';
  const x = Fp2.fromBigTuple([c0, c1]);
  const y = rootOrUndefined(() => Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2_B)));
  if (y === undefined) return 'point-not-on-curve';
  return G2.fromAffine({ x, y: isLarger2(y) === read.larger ? y : Fp2.neg(y) });
}

/** Decodes 48 bytes to a point of G1 other than infinity, or says what is wrong with them. */
export function decodeG1(bytes: Uint8Array): G1Point | PointFault {
  const point = decompressG1(bytes);
  if (typeof point === 'string') return point;
  return point.isTorsionFree() ? point : 'point-not-in-subgroup';
}

/** Decodes 96 bytes to a point of G2 other than infinity, or says what is wrong with them. */
export function decodeG2(bytes: Uint8Array): G2Point | PointFault {
  const point = decompressG2(bytes);
  if (typeof point === 'string') return point;
  return point.isTorsionFree() ? point : 'point-not-in-subgroup';
}

/** Compresses an affine point of the first curve; coordinates must be reduced. */
export function encodeG1({ x, y }: { readonly x: bigint; readonly y: bigint }): Uint8Array {
  const out = new Uint8Array(G1_BYTES);
  writeBigEndian(out, 0, x);
  out[0]! |= FLAG_COMPRESSED | (isLarger(y) ? FLAG_LARGER_ROOT : 0);
  return out;
}

/** Compresses an affine point of the twist; coordinates must be reduced. */
export function encodeG2({ x, y }: { readonly x: Fp2Element; readonly y: Fp2Element }): Uint8Array {
  const out = new Uint8Array(G2_BYTES);
  writeBigEndian(out, 0, x.c1);
  writeBigEndian(out, G1_BYTES, x.c0);
  out[0]! |= FLAG_COMPRESSED | (isLarger2(y) ? FLAG_LARGER_ROOT : 0);
  return out;
}
