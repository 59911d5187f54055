import { createHash, randomBytes } from 'node:crypto';
import { leBytes, Q } from '@sero/crypto';
import { chachaStream, type WordStream } from './chacha.ts';

const MODULUS = leBytes(Q, 32);

/** Whether 32 little-endian bytes are a number from 2 to r - 1; no big integer holds them, since those cannot be wiped. */
function isSecret(scalar: Uint8Array): boolean {
  if (scalar[0]! <= 1 && scalar.subarray(1).every((byte) => byte === 0)) return false;
  for (let i = 31; i >= 0; i--) {
    if (scalar[i] !== MODULUS[i]) return scalar[i]! < MODULUS[i]!;
  }
  return false;
}

/**
 * A secret scalar: BLAKE2b-512 of 64 bytes from the operating system and of what somebody typed, so that it is secret
 * where either is. 32 bytes, the caller's to wipe.
 */
export function freshSecret(typed: Uint8Array): Uint8Array {
  for (;;) {
    const drawn = randomBytes(64);
    const digest = createHash('blake2b512').update('SERO_CEREMONY_v1').update(drawn).update(typed).digest();
    const scalar = new Uint8Array(digest.subarray(0, 32));
    scalar[31]! &= 0x7f;
    drawn.fill(0);
    digest.fill(0);
    if (isSecret(scalar)) return scalar;
    scalar.fill(0);
  }
}

/** A stream for what is random and public. */
export function freshStream(): WordStream {
  return chachaStream(randomBytes(32));
}
