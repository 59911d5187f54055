import { blake2bOfLength } from './blake.ts';
import { concat, utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';

const MIN_LENGTH = 48;
const MAX_LENGTH = 4_194_368;

/**
 * F4Jumble (ZIP 316): an unkeyed permutation of byte strings of 48 to 4,194,368 bytes. An address with one
 * changed character decodes to noise, so nobody can craft one that looks alike at both ends.
 */
export function f4Jumble(message: Uint8Array): Uint8Array {
  const { left: a, right: b } = split(message);
  const x = xor(b, g(0, a, b.length));
  const y = xor(a, h(0, x, a.length));
  const d = xor(x, g(1, y, x.length));
  const c = xor(y, h(1, d, y.length));
  return concat(c, d);
}

/** The inverse of `f4Jumble`. */
export function f4JumbleInverse(jumbled: Uint8Array): Uint8Array {
  const { left: c, right: d } = split(jumbled);
  const y = xor(c, h(1, d, c.length));
  const x = xor(d, g(1, y, d.length));
  const a = xor(y, h(0, x, y.length));
  const b = xor(x, g(0, a, x.length));
  return concat(a, b);
}

function split(message: Uint8Array): { left: Uint8Array; right: Uint8Array } {
  if (message.length < MIN_LENGTH || message.length > MAX_LENGTH) {
    throw new CryptoError('f4jumble-length', `F4Jumble takes ${MIN_LENGTH} to ${MAX_LENGTH} bytes`);
  }
  const leftLength = message.length >= 128 ? 64 : message.length >> 1;
  return { left: message.subarray(0, leftLength), right: message.subarray(leftLength) };
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!);
}

/** G_i of ZIP 316: a stream of BLAKE2b-512 blocks, the block's number in the personalisation. */
function g(round: number, input: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let offset = 0, block = 0; offset < length; offset += 64, block++) {
    const personalisation = concat(utf8('UA_F4Jumble_G'), Uint8Array.of(round, block & 0xff, block >> 8));
    out.set(blake2bOfLength(personalisation, 64, [input]).subarray(0, length - offset), offset);
  }
  return out;
}

/** H_i of ZIP 316. */
function h(round: number, input: Uint8Array, length: number): Uint8Array {
  return blake2bOfLength(concat(utf8('UA_F4Jumble_H'), Uint8Array.of(round, 0, 0)), length, [input]);
}
