import { ed25519 } from '@noble/curves/ed25519.js';

/** The curve that Ed25519 and the VRF share (RFC 7748, section 4.1: edwards25519; cofactor 8). */
export const EdwardsPoint = ed25519.Point;
export type EdwardsPoint = InstanceType<typeof EdwardsPoint>;

/** Order of edwards25519's prime subgroup: 2^252 + 27742317777372353535851937790883648493. */
export const L = EdwardsPoint.Fn.ORDER;

/**
 * Decodes a point as RFC 8032, section 5.1.3 does, so that each has one spelling: y < 2^255 - 19, and no sign where
 * x = 0.
 *
 * @param bytes 32 bytes
 * @returns undefined where they spell no point of the curve
 */
export function decodeEdwards(bytes: Uint8Array): EdwardsPoint | undefined {
  try {
    return EdwardsPoint.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

/** True for the prime-order subgroup but for its identity: what a key, or a point made with one, has to be in. */
export function isOfPrimeOrder(point: EdwardsPoint): boolean {
  return !point.is0() && point.isTorsionFree();
}
