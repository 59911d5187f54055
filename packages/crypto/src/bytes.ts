import { CryptoError } from './errors.ts';

const MASK_64 = (1n << 64n) - 1n;

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Compares public bytes; leaves early at the first difference in length, never at one in content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Orders byte strings as numbers of base 256, the shorter first where one is the other's prefix. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A little-endian unsigned integer of `length` bytes; refuses what does not fit. */
export function leBytes(value: bigint, length: number): Uint8Array {
  if (value < 0n || value >> BigInt(8 * length) !== 0n) {
    throw new CryptoError('wrong-length', `${value} does not fit in ${length} unsigned bytes`);
  }
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  let rest = value;
  let i = 0;
  for (; i + 8 <= length; i += 8) {
    view.setBigUint64(i, rest & MASK_64, true);
    rest >>= 64n;
  }
  for (; i < length; i++) {
    out[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

/** The little-endian unsigned integer that the bytes spell. */
export function leInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  let i = bytes.length;
  while (i >= 8) {
    i -= 8;
    value = (value << 64n) | view.getBigUint64(i, true);
  }
  let low = 0n;
  for (let j = i - 1; j >= 0; j--) low = (low << 8n) | BigInt(bytes[j]!);
  return (value << BigInt(8 * i)) | low;
}

/** LE32 of the designs: four bytes. */
export function le32(value: number): Uint8Array {
  return leBytes(BigInt(value), 4);
}

/** LE64 of the designs: eight bytes. */
export function le64(value: bigint): Uint8Array {
  return leBytes(value, 8);
}

/** The two digits of each byte, as codes of characters. */
const DIGITS = Uint8Array.from({ length: 512 }, (_, i) =>
  ((i & 1 ? i >> 1 : i >> 5) & 15).toString(16).charCodeAt(0),
);

const DECODER = new TextDecoder();

/** Digits up to which no decoder is worth its call. */
const SHORT = 128;

/**
 * Lower-case hexadecimal without a prefix. The string is one piece: put together digit by digit, each that is kept, as a key of a Map is, would
 * hold all its parts, 1 kB for 32 bytes in place of 0.1.
 */
export function toHex(bytes: Uint8Array): string {
  const text = new Uint8Array(2 * bytes.length);
  for (let i = 0, at = 0; i < bytes.length; i++, at += 2) {
    const digits = 2 * bytes[i]!;
    text[at] = DIGITS[digits]!;
    text[at + 1] = DIGITS[digits + 1]!;
  }
  // The first has less to begin with, the second less for each digit.
  return text.length <= SHORT
    ? String.fromCharCode.apply(null, text as unknown as number[])
    : DECODER.decode(text);
}

/** Bytes of a hexadecimal string without a prefix; either case, even length. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) {
    throw new CryptoError('wrong-length', 'expected an even number of hexadecimal digits');
  }
  return Uint8Array.from({ length: hex.length >> 1 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Throws unless the value has exactly the length that its place demands. */
export function expectLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) {
    throw new CryptoError('wrong-length', `${what}: expected ${length} bytes, got ${bytes.length}`);
  }
}
