import { concat, fromHex, leBytes, leInteger } from './bytes.ts';
import { EdwardsPoint, L } from './edwards25519.ts';

/** What no honest key makes: the small subgroup of edwards25519, and second spellings of its points. */

/** The eight points of small order, the identity first: multiples of one of order 8. */
export const SMALL_ORDER: readonly EdwardsPoint[] = multiplesOf(
  EdwardsPoint.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
);

function multiplesOf(generator: EdwardsPoint): EdwardsPoint[] {
  const points = [EdwardsPoint.ZERO];
  for (let i = 1; i < 8; i++) points.push(points[i - 1]!.add(generator));
  return points;
}

/**
 * All spellings of points of small order that are not canonical: y = p and y = p + 1 with either sign, and the sign of
 * x = 0 at y = 1 and y = -1. (No other point of the curve with y < 19 has a known discrete logarithm, so no signature can
 * be made for one.)
 */
export const NOT_CANONICAL: readonly Uint8Array[] = [
  `ed${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(31)}`,
  `ee${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(31)}`,
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(31)}`,
].map(fromHex);

/** Every spelling of a y that reduces: p to 2^255 - 1, with either sign. */
export const UNREDUCED: readonly Uint8Array[] = Array.from({ length: 38 }, (_, i) => {
  const bytes = fromHex(`${(0xed + (i >> 1)).toString(16)}${'ff'.repeat(30)}7f`);
  if (i % 2 === 1) bytes[31]! |= 0x80;
  return bytes;
});

/** The point that bytes spell for a decoder that reduces y and takes any sign (ZIP 215). */
export function decodeLoosely(bytes: Uint8Array): EdwardsPoint {
  return EdwardsPoint.fromBytes(bytes, true);
}

/** [scalar]point for any point and any scalar, zero included. */
export function product(point: EdwardsPoint, scalar: bigint): EdwardsPoint {
  // Scalars of the subgroup are reduced modulo L, which is wrong for points with torsion: by hand, then.
  let sum = EdwardsPoint.ZERO;
  for (const bit of scalar.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

/** All second spellings of a scalar in 32 bytes: with L added once to fifteen times. */
export function unreducedScalars(scalar: Uint8Array): Uint8Array[] {
  return Array.from({ length: 15 }, (_, i) => leInteger(scalar) + BigInt(i + 1) * L)
    .filter((value) => value < 1n << 256n)
    .map((value) => leBytes(value, 32));
}

/** The bytes with one bit flipped. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
}

/** The bytes cut to each shorter length, and longer by some zeros. */
export function wrongLengths(bytes: Uint8Array): Uint8Array[] {
  const cut = Array.from({ length: bytes.length }, (_, length) => bytes.slice(0, length));
  return [...cut, ...[1, 2, 32].map((more) => concat(bytes, new Uint8Array(more)))];
}
