import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** SHA-256 (Yellow Paper, appendix E.1). */
export function sha256(input: Uint8Array): Uint8Array {
  return nobleSha256(input);
}

/** RIPEMD-160, filled up with zeros from the left to 32 bytes (Yellow Paper, appendix E.1). */
export function ripemd160(input: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  out.set(nobleRipemd160(input), 12);
  return out;
}

/** The input itself (Yellow Paper, appendix E.1). */
export function identity(input: Uint8Array): Uint8Array {
  return new Uint8Array(input);
}
