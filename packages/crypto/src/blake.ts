import { blake2b as nobleBlake2b, blake2s as nobleBlake2s } from '@noble/hashes/blake2.js';
import { utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** A personalisation: ASCII text, or bytes where a standard puts counters into it. */
export type Personalisation = string | Uint8Array;

function personal(value: Personalisation, length: number): Uint8Array {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  if (bytes.length > length) {
    throw new CryptoError(
      'wrong-length',
      `a personalisation here has at most ${length} bytes, got ${bytes.length}`,
    );
  }
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

/** BLAKE2b with a digest of `length` bytes, 1 to 64. */
export function blake2bOfLength(
  personalisation: Personalisation,
  length: number,
  chunks: readonly Uint8Array[],
): Uint8Array {
  const hash = nobleBlake2b.create({ dkLen: length, personalization: personal(personalisation, 16) });
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}

/** B2b_p of the designs: BLAKE2b-512 with a personalisation of up to 16 ASCII characters, zero-padded (RFC 7693). */
export function blake2b(personalisation: Personalisation, ...chunks: readonly Uint8Array[]): Uint8Array {
  return blake2bOfLength(personalisation, 64, chunks);
}

/** B2b-256 of the designs: BLAKE2b with a digest of 32 bytes (its own parameter block, not a truncation). */
export function blake2b256(personalisation: Personalisation, ...chunks: readonly Uint8Array[]): Uint8Array {
  return blake2bOfLength(personalisation, 32, chunks);
}

/** BLAKE2s-256 with a personalisation of up to 8 characters, for the group hash. */
export function blake2s256(personalisation: Personalisation, ...chunks: readonly Uint8Array[]): Uint8Array {
  const hash = nobleBlake2s.create({ dkLen: 32, personalization: personal(personalisation, 8) });
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}
