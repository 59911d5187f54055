import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expectLength } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** Bytes that sealing adds. */
export const AEAD_TAG_LENGTH = 16;

const NONCE = new Uint8Array(12);

/**
 * ChaCha20-Poly1305 (RFC 8439) with the all-zero nonce: every key of the designs encrypts one message only.
 *
 * @param key 32 bytes, never used for another message
 * @returns ciphertext and tag, 16 bytes longer than the plaintext
 */
export function seal(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  expectLength(key, 32, 'AEAD key');
  return chacha20poly1305(key, NONCE).encrypt(plaintext);
}

/** Opens what `seal` made; throws `aead-refused` when key or bytes do not fit. */
export function open(key: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  expectLength(key, 32, 'AEAD key');
  try {
    return chacha20poly1305(key, NONCE).decrypt(ciphertext);
  } catch {
    throw new CryptoError('aead-refused', 'the ciphertext was not made under this key');
  }
}
