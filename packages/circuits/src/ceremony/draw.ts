import { bls12_381 } from '@noble/curves/bls12-381.js';
import { concat, invert, leBytes, Q } from '@sero/crypto';
import type { GroupEngine } from '@sero/prover';
import type { WordStream } from './chacha.ts';

/**
 * Elements drawn from a stream of words as snarkjs draws them, so that both find the same points for the same hash.
 * Points have the bytes of GroupEngine.
 */

const { G1, G2, fields } = bls12_381;
const { Fp, Fp2 } = fields;
const FQ_BYTES = 48;
const HALF = (Fp.ORDER - 1n) / 2n;
/** The curve's parameter (draft-irtf-cfrg-pairing-friendly-curves-11, section 4.2.1). */
const X = -0xd201000000010000n;
/** Of G1: (x - 1)^2 / 3. */
const COFACTOR_1 = (X - 1n) ** 2n / 3n;
/** RFC 9380, section 8.8.2, clears the cofactor of G2 with h times this: the faster way to h is through it and back. */
const EFFECTIVE_2 = 3n * (X ** 2n - 1n);

/** A number below `modulus`: words of 64 bits, the lowest first, the high half of each drawn first; too large ones again. */
function drawBelow(next: WordStream, modulus: bigint, bits: number): bigint {
  const words = Math.ceil(bits / 64);
  const mask = (1n << BigInt(bits)) - 1n;
  for (;;) {
    let value = 0n;
    for (let i = 0; i < words; i++) {
      const high = BigInt(next());
      value |= ((high << 32n) | BigInt(next())) << BigInt(64 * i);
    }
    if ((value & mask) < modulus) return value & mask;
  }
}

/** What is drawn is taken for an element in Montgomery form. */
const FROM_MONTGOMERY_R = invert((1n << 256n) % Q);
const FROM_MONTGOMERY_Q = Fp.inv(Fp.create(1n << 384n));
const TO_MONTGOMERY_Q = Fp.create(1n << 384n);

/** A scalar, in [0, r). */
export function drawScalar(next: WordStream): bigint {
  return (drawBelow(next, Q, 255) * FROM_MONTGOMERY_R) % Q;
}

const drawCoordinate = (next: WordStream): bigint =>
  Fp.mul(drawBelow(next, Fp.ORDER, 381), FROM_MONTGOMERY_Q);

const packed = (...coordinates: readonly bigint[]): Uint8Array =>
  concat(...coordinates.map((value) => leBytes(Fp.mul(value, TO_MONTGOMERY_Q), FQ_BYTES)));

/** noble throws where there is no root. */
function rootOf<T>(root: () => T): T | undefined {
  try {
    return root();
  } catch {
    return undefined;
  }
}

/** A point of G1: x and which root until there is a point on the curve, then times the cofactor. */
export function drawG1(next: WordStream): Uint8Array {
  for (;;) {
    const x = drawCoordinate(next);
    const larger = (next() & 1) === 1;
    const root = rootOf(() => Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n)));
    if (root === undefined) continue;
    const y = root > HALF === larger ? root : Fp.neg(root);
    const point = G1.Point.fromAffine({ x, y }).multiplyUnsafe(COFACTOR_1).toAffine();
    return packed(point.x, point.y);
  }
}

/** A point of G2, likewise. */
export async function drawG2(engine: GroupEngine, next: WordStream): Promise<Uint8Array> {
  const b = Fp2.fromBigTuple([4n, 4n]);
  for (;;) {
    const c0 = drawCoordinate(next);
    const x = Fp2.fromBigTuple([c0, drawCoordinate(next)]);
    const larger = (next() & 1) === 1;
    const root = rootOf(() => Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b)));
    if (root === undefined) continue;
    const isLarger = root.c1 === 0n ? root.c0 > HALF : root.c1 > HALF;
    const base = G2.Point.fromAffine({ x, y: isLarger === larger ? root : Fp2.neg(root) });
    const point = base.clearCofactor().toAffine();
    const cleared = packed(point.x.c0, point.x.c1, point.y.c0, point.y.c1);
    return engine.multiplyEach('g2', cleared, leBytes(invert(EFFECTIVE_2), 32));
  }
}
