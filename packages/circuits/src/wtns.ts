import { Q } from '@sero/crypto';
import { CircuitError } from './errors.ts';

/**
 * The `.wtns` file that Groth16 provers read (snarkjs and rapidsnark): "wtns", version 2, then sections of
 * (u32 id, u64 length, data), all little-endian. Section 1: bytes a field element, modulus, count; section 2:
 * the elements. The first element is the constant 1, the circuit's public inputs follow.
 */
const MAGIC = 0x736e7477;
const VERSION = 2;
const ELEMENT = 32;
const SECTION_HEADER = 12;
const FIELD_SECTION = 4 + ELEMENT + 4;
const PREFIX = 12 + SECTION_HEADER + FIELD_SECTION + SECTION_HEADER;

/** Wraps the concatenated 32-byte little-endian field elements of a witness. */
export function encodeWtns(elements: Uint8Array): Uint8Array {
  if (elements.length % ELEMENT !== 0) {
    throw new CircuitError('wtns-malformed', 'a witness is a whole number of 32-byte field elements');
  }
  const bytes = new Uint8Array(PREFIX + elements.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, 2, true);
  view.setUint32(12, 1, true);
  view.setBigUint64(16, BigInt(FIELD_SECTION), true);
  view.setUint32(24, ELEMENT, true);
  for (let i = 0; i < ELEMENT; i++) bytes[28 + i] = Number((Q >> BigInt(8 * i)) & 0xffn);
  view.setUint32(60, elements.length / ELEMENT, true);
  view.setUint32(64, 2, true);
  view.setBigUint64(68, BigInt(elements.length), true);
  bytes.set(elements, PREFIX);
  return bytes;
}

/**
 * The field elements of a `.wtns` file in the layout that `encodeWtns` writes; throws `wtns-malformed` for
 * anything else, another field's witness and elements of q or more included.
 */
export function decodeWtns(bytes: Uint8Array): bigint[] {
  const count = (bytes.length - PREFIX) / ELEMENT;
  const expected = count >= 0 && Number.isInteger(count) ? encodeWtns(bytes.slice(PREFIX)) : undefined;
  if (expected === undefined || !expected.every((byte, i) => byte === bytes[i])) {
    throw new CircuitError('wtns-malformed', 'not a .wtns file of version 2 over the field of BLS12-381');
  }
  const elements = readElements(bytes.subarray(PREFIX));
  if (elements.some((element) => element >= Q)) {
    throw new CircuitError('wtns-malformed', 'a witness element is not below the modulus');
  }
  return elements;
}

/** Little-endian 32-byte words as integers. */
export function readElements(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / ELEMENT) }, (_, i) => {
    let value = 0n;
    for (let word = 3; word >= 0; word--) {
      value = (value << 64n) | view.getBigUint64(i * ELEMENT + 8 * word, true);
    }
    return value;
  });
}
