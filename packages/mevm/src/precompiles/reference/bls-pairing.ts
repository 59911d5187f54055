import { bls12_381 } from '@noble/curves/bls12-381.js';
import { truthWord } from '../bytes.ts';
import {
  decodeFp,
  decodeG1,
  decodeG2,
  encodeG1,
  encodeG2,
  FP_BYTES,
  G1_BYTES,
  type G1Point,
  G2_BYTES,
  type G2Point,
} from './bls-points.ts';

const { Fp12 } = bls12_381.fields;
const PAIR = G1_BYTES + G2_BYTES;

/** Whether a product of pairings is one; infinity is a point of both groups (EIP-2537, "ABI for pairing check"). */
export function blsPairing(input: Uint8Array): Uint8Array | undefined {
  if (input.length === 0 || input.length % PAIR !== 0) return undefined;
  const pairs: { g1: G1Point; g2: G2Point }[] = [];
  for (let at = 0; at < input.length; at += PAIR) {
    const g1 = decodeG1(input.subarray(at, at + G1_BYTES));
    const g2 = decodeG2(input.subarray(at + G1_BYTES, at + PAIR));
    if (g1?.isTorsionFree() !== true || g2?.isTorsionFree() !== true) return undefined;
    if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
  }
  return truthWord(Fp12.eql(bls12_381.pairingBatch(pairs), Fp12.ONE));
}

/** A point of G1 from an element of the field: map, isogeny, cofactor (EIP-2537, "field_to_curve"; RFC 9380, 8.8.1). */
export function blsMapFpToG1(input: Uint8Array): Uint8Array | undefined {
  if (input.length !== FP_BYTES) return undefined;
  const element = decodeFp(input);
  if (element === undefined) return undefined;
  return encodeG1(mapG1(element));
}

/** A point of G2 from an element of the extension field (RFC 9380, 8.8.2). */
export function blsMapFp2ToG2(input: Uint8Array): Uint8Array | undefined {
  if (input.length !== 2 * FP_BYTES) return undefined;
  const [real, imaginary] = [decodeFp(input), decodeFp(input, FP_BYTES)];
  if (real === undefined || imaginary === undefined) return undefined;
  return encodeG2(mapG2([real, imaginary]));
}

// What noble declares is the map alone, over an extension field; what it gives is a point, its cofactor cleared.
const mapG1 = bls12_381.G1.mapToCurve as unknown as (element: bigint) => G1Point;
const mapG2 = bls12_381.G2.mapToCurve as unknown as (element: readonly bigint[]) => G2Point;
