import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, expectLength, leBytes, leInteger } from './bytes.ts';
import { decodeEdwards, EdwardsPoint, isOfPrimeOrder, L } from './edwards25519.ts';
import { CryptoError } from './errors.ts';
import { decodePrimeOrder, rememberingDecoder } from './remembered-keys.ts';

/** Bytes of a proof: Gamma (32) || c (16) || s (32). */
export const VRF_PROOF_LENGTH = 80;
/** Bytes of an output, beta. */
export const VRF_OUTPUT_LENGTH = 64;

/**
 * The verifiable random function ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381, section 5; suite 0x03). Keys are those of
 * RFC 8032.
 *
 * Stricter than the RFC in one thing: the public key Y and Gamma have to be in the prime-order subgroup, where the RFC
 * validates only that Y is not of small order. So one key has one spelling, and one pair of key and input one Gamma.
 * (Proofs are not unique: who knows the secret can choose another nonce. Outputs are.)
 */
export interface Vrf {
  /** @param secret 32 bytes. @returns 32 bytes. @throws CryptoError `wrong-length` */
  publicKey(secret: Uint8Array): Uint8Array;
  /** @param secret 32 bytes. @param alpha any length. @returns 80 bytes. @throws CryptoError `wrong-length` */
  prove(secret: Uint8Array, alpha: Uint8Array): Uint8Array;
  /** The 64 bytes of output of a valid proof; undefined, and never an exception, for all other bytes. */
  verify(publicKey: Uint8Array, alpha: Uint8Array, proof: Uint8Array): Uint8Array | undefined;
  /**
   * The 64 bytes of output of a proof that is known to be valid, such as one's own; it is not checked here.
   *
   * @throws CryptoError `wrong-length`, or `point-not-canonical` where Gamma is no point
   */
  outputOf(proof: Uint8Array): Uint8Array;
}

// Domain separators: RFC 9381, sections 5.4.1.1, 5.4.3 and 5.2; each hash begins with the suite and ends with zero.
const SUITE = 0x03;
const ENCODE_TO_CURVE = Uint8Array.of(SUITE, 0x01);
const CHALLENGE = Uint8Array.of(SUITE, 0x02);
const PROOF_TO_HASH = Uint8Array.of(SUITE, 0x03);
const BACK = Uint8Array.of(0x00);

/** Keeps more keys than a committee has, so that those of the round before are still there. */
const { decode: decodeKey } = rememberingDecoder(32, 4096, decodePrimeOrder);

/** The VRF wherever JavaScript runs; not constant-time, as the README says. */
export const portableVrf: Vrf = {
  publicKey(secret) {
    expectLength(secret, 32, 'VRF secret');
    return ed25519.getPublicKey(secret);
  },

  // Section 5.1; the nonce is that of section 5.4.2.2, deterministic as in RFC 8032.
  prove(secret, alpha) {
    expectLength(secret, 32, 'VRF secret');
    const { scalar: x, prefix, pointBytes: y } = ed25519.utils.getExtendedPublicKey(secret);
    const h = encodeToCurve(y, alpha);
    if (h === undefined) throw new CryptoError('group-hash-exhausted', 'no counter gives a point');
    const hBytes = h.toBytes();
    const gamma = h.multiply(x).toBytes();
    const k = leInteger(sha512(concat(prefix, hBytes))) % L;
    const u = EdwardsPoint.BASE.multiply(k).toBytes();
    const v = h.multiply(k).toBytes();
    const c = challenge(y, hBytes, gamma, u, v);
    const s = (k + leInteger(c) * x) % L;
    return concat(gamma, c, leBytes(s, 32));
  },

  // Section 5.3, with section 5.4.4 for the proof and section 5.4.5 for the key.
  verify(publicKey, alpha, proof) {
    if (publicKey.length !== 32 || proof.length !== VRF_PROOF_LENGTH) return undefined;
    const gammaBytes = proof.subarray(0, 32);
    const cBytes = proof.subarray(32, 48);
    const s = leInteger(proof.subarray(48));
    if (s >= L) return undefined;
    const y = decodeKey(publicKey);
    if (y === undefined) return undefined;
    const gamma = decodeEdwards(gammaBytes);
    if (gamma === undefined || !isOfPrimeOrder(gamma)) return undefined;
    const h = encodeToCurve(publicKey, alpha);
    if (h === undefined) return undefined;
    const c = leInteger(cBytes);
    const u = EdwardsPoint.BASE.multiplyUnsafe(s).add(mulAddUnsafe(EdwardsPoint, [y.negate()], [c]));
    const v = mulAddUnsafe(EdwardsPoint, [h, gamma.negate()], [s, c]);
    const expected = challenge(publicKey, h.toBytes(), gammaBytes, u.toBytes(), v.toBytes());
    return equalBytes(expected, cBytes) ? proofToHash(gamma) : undefined;
  },

  outputOf(proof) {
    expectLength(proof, VRF_PROOF_LENGTH, 'VRF proof');
    const gamma = decodeEdwards(proof.subarray(0, 32));
    if (gamma === undefined) throw new CryptoError('point-not-canonical', 'Gamma is not a point');
    return proofToHash(gamma);
  },
};

/**
 * Try and increment (section 5.4.1.1): hashes until the bytes spell a point, and clears its cofactor.
 *
 * @returns undefined where none of 256 counters does, which happens to one input in 2^256
 */
function encodeToCurve(salt: Uint8Array, alpha: Uint8Array): EdwardsPoint | undefined {
  for (let counter = 0; counter < 256; counter++) {
    const hash = sha512(concat(ENCODE_TO_CURVE, salt, alpha, Uint8Array.of(counter), BACK));
    const point = decodeEdwards(hash.subarray(0, 32))?.clearCofactor();
    if (point !== undefined && !point.is0()) return point;
  }
  return undefined;
}

/** Section 5.4.3: the first 16 bytes of a hash of five points. */
function challenge(
  ...points: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
): Uint8Array {
  return sha512(concat(CHALLENGE, ...points, BACK)).subarray(0, 16);
}

/** Section 5.2, for a Gamma that is decoded. */
function proofToHash(gamma: EdwardsPoint): Uint8Array {
  return sha512(concat(PROOF_TO_HASH, gamma.clearCofactor().toBytes(), BACK));
}
