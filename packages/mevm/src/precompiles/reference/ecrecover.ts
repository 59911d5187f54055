import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { slicePadded } from '../bytes.ts';

const { Point } = secp256k1;
const { Fp, Fn } = Point;

/** The point with an abscissa and the parity of its ordinate, or undefined where the curve has none. */
function liftX(x: bigint, isOdd: boolean): InstanceType<typeof Point> | undefined {
  const square = Fp.create(Fp.mul(Fp.sqr(x), x) + 7n);
  // p = 3 mod 4: a root, where there is one (SEC 1, section 2.3.4).
  const root = Fp.pow(square, (Fp.ORDER + 1n) >> 2n);
  if (Fp.sqr(root) !== square) return undefined;
  return Point.fromAffine({ x, y: ((root & 1n) === 1n) === isOdd ? root : Fp.neg(root) });
}

/**
 * The address that signed: hash, v, r and s, of 32 bytes each (Yellow Paper, appendix F).
 *
 * @returns 32 bytes, or none where the signature is not valid: v is 27 or 28, and s may be in either half
 */
export function ecrecover(input: Uint8Array): Uint8Array {
  const empty = new Uint8Array(0);
  const word = (i: number): bigint => bytesToNumberBE(slicePadded(input, 32 * i, 32));
  const [hash, v, r, s] = [word(0), word(1), word(2), word(3)];
  if (v !== 27n && v !== 28n) return empty;
  if (r === 0n || r >= Fn.ORDER || s === 0n || s >= Fn.ORDER) return empty;
  const point = liftX(r, v === 28n);
  if (point === undefined) return empty;
  const inverse = Fn.inv(r);
  const ofPoint = Fn.mul(s, inverse);
  const ofBase = Fn.neg(Fn.mul(Fn.create(hash), inverse));
  const key = point.multiplyUnsafe(ofPoint).add(Point.BASE.multiplyUnsafe(ofBase));
  if (key.is0()) return empty;
  const out = new Uint8Array(32);
  out.set(keccak_256(key.toBytes(false).subarray(1)).subarray(12), 12);
  return out;
}
