import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import { ed25519 as noble } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, expectLength, leInteger } from './bytes.ts';
import { decodeEdwards, EdwardsPoint, L } from './edwards25519.ts';

/**
 * Ed25519 (RFC 8032, section 5.1) with one rule of verification, the one that libsodium has: s < L; A and R in their
 * only spelling, on the curve and not of small order; R = [s]B - [h]A, not multiplied by the cofactor, compared as
 * bytes. A and R may have a part of small order beside a large one. Implementations that agree on honest signatures
 * disagree on the others ("Taming the many EdDSAs", Chalkias, Garillot, Nikolaenko, 2020), and a vote that half of the
 * network accepts splits it.
 */
export interface Ed25519 {
  /** @param seed 32 bytes. @returns 32 bytes. @throws CryptoError `wrong-length` */
  publicKey(seed: Uint8Array): Uint8Array;
  /** @param seed 32 bytes. @returns 64 bytes, R || s. @throws CryptoError `wrong-length` */
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /** Says no, and never throws, for any bytes of any length. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Ed25519 wherever JavaScript runs; not constant-time, as the README says. */
export const portableEd25519: Ed25519 = {
  publicKey(seed) {
    expectLength(seed, 32, 'Ed25519 seed');
    return noble.getPublicKey(seed);
  },

  sign(seed, message) {
    expectLength(seed, 32, 'Ed25519 seed');
    return noble.sign(message, seed);
  },

  verify(publicKey, message, signature) {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    const r = signature.subarray(0, 32);
    const s = leInteger(signature.subarray(32));
    if (s >= L) return false;
    const key = decodeEdwards(publicKey);
    if (key === undefined || key.isSmallOrder()) return false;
    const commitment = decodeEdwards(r);
    if (commitment === undefined || commitment.isSmallOrder()) return false;
    const h = leInteger(sha512(concat(r, publicKey, message))) % L;
    // h is reduced modulo L before it meets A, as libsodium does it: with torsion in A that decides.
    const expected = mulAddUnsafe(EdwardsPoint, [EdwardsPoint.BASE, key.negate()], [s, h]);
    return equalBytes(expected.toBytes(), r);
  },
};
