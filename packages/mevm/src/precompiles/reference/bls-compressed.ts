import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { G1, type G1Point } from './bls-points.ts';

const { Fp } = bls12_381.fields;
const COMPRESSED = 0x80;
const INFINITY = 0x40;
const LARGER = 0x20;

/**
 * A point of G1 from 48 bytes (the Zcash encoding, BLS signatures draft, appendix A): three flags, then the abscissa.
 *
 * @returns undefined where the flags, the abscissa or the subgroup are not right
 */
export function decodeCompressedG1(bytes: Uint8Array): G1Point | undefined {
  const flags = bytes[0]!;
  const isLarger = (flags & LARGER) !== 0;
  if ((flags & COMPRESSED) === 0) return undefined;
  const x = bytesToNumberBE(bytes) & ((1n << 381n) - 1n);
  if ((flags & INFINITY) !== 0) return x === 0n && !isLarger ? G1.ZERO : undefined;
  if (x >= Fp.ORDER) return undefined;
  const square = Fp.create(Fp.mul(Fp.sqr(x), x) + 4n);
  // p = 3 mod 4: a root, where there is one.
  const root = Fp.pow(square, (Fp.ORDER + 1n) >> 2n);
  if (Fp.sqr(root) !== square) return undefined;
  const point = G1.fromAffine({ x, y: 2n * root > Fp.ORDER === isLarger ? root : Fp.neg(root) });
  return point.isTorsionFree() ? point : undefined;
}
