import { pippenger } from '@noble/curves/abstract/curve.js';
import { blake2b } from './blake.ts';
import { concat, leBytes, leInteger } from './bytes.ts';
import { CryptoError } from './errors.ts';
import { fieldToBytes, R_J, scalarFromBytes, toScalar } from './field.ts';
import {
  clearCofactor,
  isInPrimeSubgroup,
  JubjubPoint,
  multiply,
  multiplyPublic,
  type Point,
  pointFromBytes,
  pointToBytes,
  SPEND_BASE,
} from './jubjub.ts';

/**
 * RedJubjub (Zcash protocol, section 5.4.7) over the base G_s with our own domains, as the design's section
 * "Signature and identity" fixes it. One signature a transaction, under the re-randomised key rk.
 */

/** Bytes of randomness that each of `randomizer` and `sign` takes. */
export const SIGNING_RANDOMNESS = 80;

/** alpha = toS(80 random bytes): what turns ask and AK into rsk and rk. */
export function randomizer(random: Uint8Array): bigint {
  if (random.length !== SIGNING_RANDOMNESS) {
    throw new CryptoError('wrong-length', `a randomizer takes ${SIGNING_RANDOMNESS} random bytes`);
  }
  return toScalar(random);
}

/** rsk = ask + alpha mod r_J. */
export function randomizeSecret(ask: bigint, alpha: bigint): bigint {
  return (ask + alpha) % R_J;
}

/** rk = AK + [alpha]G_s. */
export function randomizePublic(ak: Point, alpha: bigint): Point {
  return ak.add(multiply(SPEND_BASE, alpha));
}

/**
 * Signs hash_e. The nonce hashes the key, fresh randomness and the message together, so that neither a broken
 * generator nor a repeated message gives the key away.
 *
 * @param rsk scalar in (0, r_J)
 * @param hashE field element
 * @param random 80 random bytes
 * @returns R (32 bytes) || s (32 bytes, little-endian)
 */
export function sign(rsk: bigint, hashE: bigint, random: Uint8Array): Uint8Array {
  if (random.length !== SIGNING_RANDOMNESS) {
    throw new CryptoError('wrong-length', `signing takes ${SIGNING_RANDOMNESS} random bytes`);
  }
  const rk = pointToBytes(multiply(SPEND_BASE, rsk));
  const message = fieldToBytes(hashE);
  const nu = toScalar(blake2b('SERO_RedJ_N', leBytes(rsk, 32), random, rk, message));
  const r = pointToBytes(multiply(SPEND_BASE, nu));
  const s = (nu + challenge(r, rk, message) * rsk) % R_J;
  return concat(r, leBytes(s, 32));
}

/** What a verifier needs; all of it public. */
export interface SignedHash {
  /** 32 bytes, canonical, in the prime-order subgroup, not the identity. */
  readonly rk: Uint8Array;
  /** hash_e, a field element. */
  readonly hashE: bigint;
  /** 64 bytes: R || s. */
  readonly signature: Uint8Array;
}

/** True where [8](-[s]G_s + R + [c]rk) is the identity, s < r_J, R and rk are canonical and rk is fit to be a key. */
export function verify(item: SignedHash): boolean {
  const terms = decode(item);
  if (terms === undefined) return false;
  const { r, rk, s, c } = terms;
  return clearCofactor(r.add(multiplyPublic(rk, c)).subtract(multiplyPublic(SPEND_BASE, s))).is0();
}

/**
 * True where every signature is valid, but for a probability of 2^-128 (Zcash protocol, appendix B.1): the sum of
 * the single equations, each with its own random coefficient, cofactored like the single one.
 *
 * @param random16 gives 16 random bytes a call; never from the signers
 */
export function verifyBatch(items: readonly SignedHash[], random16: () => Uint8Array): boolean {
  const points: Point[] = [];
  const scalars: bigint[] = [];
  let baseScalar = 0n;
  for (const item of items) {
    const terms = decode(item);
    if (terms === undefined) return false;
    const z = coefficient(random16());
    points.push(terms.r, terms.rk);
    scalars.push(z, (z * terms.c) % R_J);
    baseScalar = (baseScalar + z * terms.s) % R_J;
  }
  if (points.length === 0) return true;
  points.push(SPEND_BASE);
  scalars.push(baseScalar === 0n ? 0n : R_J - baseScalar);
  return clearCofactor(pippenger(JubjubPoint, points, scalars)).is0();
}

/** A batch coefficient in [1, 2^128): a source that gives zeros would let signatures cancel out. */
function coefficient(random: Uint8Array): bigint {
  const z = leInteger(random);
  if (random.length !== 16 || z === 0n) {
    throw new CryptoError(
      'randomness-broken',
      'a batch coefficient takes 16 random bytes that are not all zero',
    );
  }
  return z;
}

function challenge(r: Uint8Array, rk: Uint8Array, message: Uint8Array): bigint {
  return toScalar(blake2b('SERO_RedJ_C', r, rk, message));
}

function decode({
  rk,
  hashE,
  signature,
}: SignedHash): { r: Point; rk: Point; s: bigint; c: bigint } | undefined {
  if (signature.length !== 64) return undefined;
  const rBytes = signature.subarray(0, 32);
  try {
    const key = pointFromBytes(rk);
    if (key.is0() || !isInPrimeSubgroup(key)) return undefined;
    return {
      r: pointFromBytes(rBytes),
      rk: key,
      s: scalarFromBytes(signature.subarray(32)),
      c: challenge(rBytes, rk, fieldToBytes(hashE)),
    };
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}
