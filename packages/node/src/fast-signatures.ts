import { hash } from 'node:crypto';
import {
  CryptoError,
  concat,
  type Ed25519,
  equalBytes,
  expectLength,
  VRF_PROOF_LENGTH,
  type Vrf,
} from '@sero/crypto';
import sodium from 'sodium-native';

/**
 * libsodium's Ed25519, and the VRF of @sero/crypto on libsodium's arithmetic: the same answers as the portable ones, to
 * the byte and for bytes that no honest key makes (the compliance suites of @sero/crypto run over both), in a fraction
 * of the time and without branches on secrets.
 *
 * Secrets derived here live in memory of sodium_malloc, locked and between guard pages, made once and wiped after each
 * use: nothing here waits, so no two calls meet in it. The 32 bytes of a seed are the caller's to keep.
 */

const locked = sodium.sodium_malloc(320);
/** Seed || public key, as libsodium keeps a key. */
const KEY = locked.subarray(0, 64);
/** SHA-512 of the seed (RFC 8032, section 5.1.5): x || prefix. */
const EXPANDED = locked.subarray(64, 128);
/** prefix || H, what the nonce hashes. */
const NONCE_INPUT = locked.subarray(128, 192);
/** The nonce before its reduction. */
const WIDE_NONCE = locked.subarray(192, 256);
const NONCE = locked.subarray(256, 288);
/** c x, and at last s. */
const RESPONSE = locked.subarray(288, 320);

// RFC 9381, sections 5.4.1.1, 5.4.3 and 5.2.
const ENCODE_TO_CURVE = Uint8Array.of(3, 1);
const CHALLENGE = Uint8Array.of(3, 2);
const PROOF_TO_HASH = Uint8Array.of(3, 3);
const BACK = Uint8Array.of(0);

const IDENTITY = Buffer.from('01'.padEnd(64, '0'), 'hex');
/** The point (0, -1), of order 2. */
const MINUS_ONE = Buffer.from('ec'.padEnd(62, 'f').concat('7f'), 'hex');
/** 2^255 - 19 and L (RFC 8032, section 5.1), little-endian. */
const P = Buffer.from('ed'.padEnd(62, 'f').concat('7f'), 'hex');
const L = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** Ed25519 of libsodium. */
export const fastEd25519: Ed25519 = {
  publicKey,

  sign(seed, message) {
    expectLength(seed, 32, 'Ed25519 seed');
    return wiping(() => {
      const signature = new Uint8Array(64);
      sodium.crypto_sign_seed_keypair(Buffer.alloc(32), KEY, view(seed));
      sodium.crypto_sign_detached(view(signature), view(message), KEY);
      return signature;
    });
  },

  verify(key, message, signature) {
    if (key.length !== 32 || signature.length !== 64) return false;
    return sodium.crypto_sign_verify_detached(view(signature), view(message), view(key));
  },
};

/** The VRF of RFC 9381 on libsodium's arithmetic. */
export const fastVrf: Vrf = {
  publicKey,

  prove(seed, alpha) {
    const y = publicKey(seed);
    const h = encodeToCurve(y, alpha);
    if (h === undefined) throw new CryptoError('group-hash-exhausted', 'no counter gives a point');
    return wiping(() => {
      const x = EXPANDED.subarray(0, 32);
      sodium.crypto_hash_sha512(EXPANDED, view(seed));
      x[0]! &= 248;
      x[31]! &= 127;
      x[31]! |= 64;
      EXPANDED.copy(NONCE_INPUT, 0, 32);
      h.copy(NONCE_INPUT, 32);
      sodium.crypto_hash_sha512(WIDE_NONCE, NONCE_INPUT);
      sodium.crypto_core_ed25519_scalar_reduce(NONCE, WIDE_NONCE);
      const [gamma, u, v] = [Buffer.alloc(32), Buffer.alloc(32), Buffer.alloc(32)];
      sodium.crypto_scalarmult_ed25519_noclamp(gamma, x, h);
      sodium.crypto_scalarmult_ed25519_base_noclamp(u, NONCE);
      sodium.crypto_scalarmult_ed25519_noclamp(v, NONCE, h);
      const c = challenge(y, h, gamma, u, v);
      respond(c, x);
      return concat(gamma, c, RESPONSE);
    });
  },

  verify(key, alpha, proof) {
    if (key.length !== 32 || proof.length !== VRF_PROOF_LENGTH) return undefined;
    const y = view(key);
    const gamma = view(proof.subarray(0, 32));
    const c = view(proof.subarray(32, 48));
    const s = view(proof.subarray(48));
    if (!isBelow(s, L)) return undefined;
    const h = encodeToCurve(key, alpha);
    if (h === undefined) return undefined;
    const cY = times(c, y);
    const cGamma = times(c, gamma);
    const sH = times(s, h);
    if (cY === undefined || cGamma === undefined || sH === undefined) return undefined;
    const expected = challenge(key, h, gamma, subtract(timesBase(s), cY), subtract(sH, cGamma));
    return equalBytes(expected, c) ? proofToHash(gamma) : undefined;
  },

  outputOf(proof) {
    expectLength(proof, VRF_PROOF_LENGTH, 'VRF proof');
    const output = proofToHash(view(proof.subarray(0, 32)));
    if (output === undefined) throw new CryptoError('point-not-canonical', 'Gamma is not a point');
    return output;
  },
};

function publicKey(seed: Uint8Array): Uint8Array {
  expectLength(seed, 32, 'seed');
  return wiping(() => {
    const key = new Uint8Array(32);
    sodium.crypto_sign_seed_keypair(view(key), KEY, view(seed));
    return key;
  });
}

/** Runs what uses the locked memory, and leaves zeros there. */
function wiping<T>(use: () => T): T {
  try {
    return use();
  } finally {
    sodium.sodium_memzero(locked);
  }
}

/**
 * RESPONSE = NONCE + c x mod L. The binding has no product of scalars, so this doubles and adds: as many steps, and the
 * same ones, as c has bits, which the proof shows anyhow.
 */
function respond(c: Uint8Array, x: Buffer): void {
  RESPONSE.fill(0);
  for (let i = 8 * c.length - 1; i >= 0; i--) {
    sodium.crypto_core_ed25519_scalar_add(RESPONSE, RESPONSE, RESPONSE);
    if (((c[i >> 3]! >> (i & 7)) & 1) === 1) sodium.crypto_core_ed25519_scalar_add(RESPONSE, RESPONSE, x);
  }
  sodium.crypto_core_ed25519_scalar_add(RESPONSE, RESPONSE, NONCE);
}

/** RFC 9381, section 5.4.1.1. */
function encodeToCurve(salt: Uint8Array, alpha: Uint8Array): Buffer | undefined {
  for (let counter = 0; counter < 256; counter++) {
    const bytes = sha512(ENCODE_TO_CURVE, salt, alpha, Uint8Array.of(counter), BACK).subarray(0, 32);
    const point = timesEight(bytes);
    if (point !== undefined && !point.equals(IDENTITY)) return point;
  }
  return undefined;
}

/** RFC 9381, section 5.4.3. */
function challenge(...points: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]): Buffer {
  return sha512(CHALLENGE, ...points, BACK).subarray(0, 16);
}

/** RFC 9381, section 5.2; undefined where Gamma is no point. */
function proofToHash(gamma: Buffer): Uint8Array | undefined {
  const point = timesEight(gamma);
  return point === undefined ? undefined : Uint8Array.from(sha512(PROOF_TO_HASH, point, BACK));
}

/**
 * [scalar]point for a point of prime order; undefined for all other bytes. That libsodium's multiplication refuses what
 * is not canonical, of small order or outside the prime subgroup is its documented contract, and what the suite tries.
 *
 * @param scalar up to 32 bytes, below L
 */
function times(scalar: Buffer, point: Buffer): Buffer | undefined {
  const padded = Buffer.alloc(32);
  padded.set(scalar);
  // It refuses zero too, for which there is a product all the same.
  if (isZero(padded)) return sodium.crypto_core_ed25519_is_valid_point(point) ? IDENTITY : undefined;
  const out = Buffer.alloc(32);
  return succeeds(() => sodium.crypto_scalarmult_ed25519_noclamp(out, padded, point)) ? out : undefined;
}

function timesBase(scalar: Buffer): Buffer {
  const out = Buffer.alloc(32);
  if (isZero(scalar)) return IDENTITY;
  sodium.crypto_scalarmult_ed25519_base_noclamp(out, scalar);
  return out;
}

/** [8]point for any point of the curve; undefined where the bytes are not a canonical one. */
function timesEight(point: Buffer): Buffer | undefined {
  // libsodium reduces y and takes a sign for x = 0; RFC 8032, section 5.1.3 refuses both.
  if (!isCanonical(point)) return undefined;
  const out = Buffer.alloc(32);
  if (!succeeds(() => sodium.crypto_core_ed25519_add(out, point, point))) return undefined;
  sodium.crypto_core_ed25519_add(out, out, out);
  sodium.crypto_core_ed25519_add(out, out, out);
  return out;
}

function subtract(a: Buffer, b: Buffer): Buffer {
  const out = Buffer.alloc(32);
  sodium.crypto_core_ed25519_sub(out, a, b);
  return out;
}

/** True for the one spelling of a y and a sign, on the curve or not: y < 2^255 - 19, and no sign for the points with x = 0. */
function isCanonical(point: Buffer): boolean {
  const y = Buffer.from(point);
  y[31]! &= 0x7f;
  if (!isBelow(y, P)) return false;
  return y[31] === point[31] || !(y.equals(IDENTITY) || y.equals(MINUS_ONE));
}

/** Compares little-endian integers of equal length. */
function isBelow(a: Buffer, b: Buffer): boolean {
  for (let i = a.length - 1; i >= 0; i--) {
    if (a[i] !== b[i]) return a[i]! < b[i]!;
  }
  return false;
}

function isZero(scalar: Buffer): boolean {
  return scalar.every((byte) => byte === 0);
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha512', concat(...parts), 'buffer');
}

/** Whether libsodium took the points; what else goes wrong is a bug and passes on. */
function succeeds(operation: () => void): boolean {
  try {
    operation();
    return true;
  } catch (error) {
    if (error instanceof Error && error.message === 'status: -1') return false;
    throw error;
  }
}

/** The same memory, as the type that sodium-native takes. */
function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
