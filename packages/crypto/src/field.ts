import { expectLength, leBytes, leInteger } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** Order of BLS12-381's scalar field, which is Jubjub's base field (q of the designs). */
export const Q = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/** Order of Jubjub's prime subgroup (r_J of the designs). Zcash protocol, section 5.4.9.3. */
export const R_J = 0x0e7db4ea6533afa906673b0101343b00a6682093ccc81082d0970e5ed6f72cb7n;

/** The representative in [0, Q). */
export function modQ(value: bigint): bigint {
  const rest = value % Q;
  return rest < 0n ? rest + Q : rest;
}

/** True for canonical field elements: integers in [0, Q). */
export function isField(value: bigint): boolean {
  return value >= 0n && value < Q;
}

/** LE32 of a field element: 32 bytes, little-endian. Throws `field-not-canonical` outside [0, Q). */
export function fieldToBytes(value: bigint): Uint8Array {
  if (!isField(value)) throw new CryptoError('field-not-canonical', 'a field element must lie in [0, q)');
  return leBytes(value, 32);
}

/**
 * Decodes 32 little-endian bytes. A second spelling of the same element (x + q) is refused: it would be a
 * second spelling of a nullifier, and so a double spend.
 */
export function fieldFromBytes(bytes: Uint8Array): bigint {
  expectLength(bytes, 32, 'field element');
  const value = leInteger(bytes);
  if (value >= Q) throw new CryptoError('field-not-canonical', 'field element is not below the modulus');
  return value;
}

/** LE32 of many field elements, one after the other. Throws `field-not-canonical`. */
export function packFields(values: readonly bigint[]): Uint8Array {
  const out = new Uint8Array(32 * values.length);
  const view = new DataView(out.buffer);
  for (let i = 0, at = 0; i < values.length; i++, at += 32) {
    const value = values[i]!;
    if (!isField(value)) throw new CryptoError('field-not-canonical', 'a field element must lie in [0, q)');
    // Each takes the lowest 64 bits of what it is given.
    view.setBigUint64(at, value, true);
    view.setBigUint64(at + 8, value >> 64n, true);
    view.setBigUint64(at + 16, value >> 128n, true);
    view.setBigUint64(at + 24, value >> 192n, true);
  }
  return out;
}

/** The inverse of `packFields`. Throws `wrong-length`, `field-not-canonical`. */
export function unpackFields(bytes: Uint8Array): bigint[] {
  if (bytes.length % 32 !== 0) {
    throw new CryptoError('wrong-length', 'packed field elements are 32 bytes each');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Array<bigint>(bytes.length / 32);
  for (let i = 0, at = 0; i < values.length; i++, at += 32) {
    const low = (view.getBigUint64(at + 8, true) << 64n) | view.getBigUint64(at, true);
    const high = (view.getBigUint64(at + 24, true) << 64n) | view.getBigUint64(at + 16, true);
    const value = (high << 128n) | low;
    if (value >= Q) throw new CryptoError('field-not-canonical', 'field element is not below the modulus');
    values[i] = value;
  }
  return values;
}

/** Decodes a canonical scalar of Jubjub's prime subgroup: 32 little-endian bytes below r_J. */
export function scalarFromBytes(bytes: Uint8Array): bigint {
  expectLength(bytes, 32, 'scalar');
  const value = leInteger(bytes);
  if (value >= R_J) throw new CryptoError('scalar-not-canonical', 'scalar is not below the subgroup order');
  return value;
}

/**
 * toF of the designs: 64 uniformly random bytes, little-endian, mod q. The bias is below 2^-256
 * (a 32-byte hash reduced mod q would be visibly biased).
 */
export function toField(bytes: Uint8Array): bigint {
  expectLength(bytes, 64, 'wide reduction');
  return leInteger(bytes) % Q;
}

/** toS of the designs: 64 or more uniformly random bytes, little-endian, mod r_J. */
export function toScalar(bytes: Uint8Array): bigint {
  if (bytes.length < 64) throw new CryptoError('wrong-length', 'a wide reduction needs at least 64 bytes');
  return leInteger(bytes) % R_J;
}

/** The inverse mod q by the extended Euclidean algorithm: variable time, so for public values only. */
export function invert(value: bigint): bigint {
  let [a, b, x, y] = [modQ(value), Q, 1n, 0n];
  if (a === 0n) throw new CryptoError('field-not-canonical', 'zero has no inverse');
  while (a !== 1n) {
    const quotient = b / a;
    [a, b] = [b - quotient * a, a];
    [x, y] = [y - quotient * x, x];
  }
  return modQ(x);
}
