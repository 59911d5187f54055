/** Hexadecimal text of the wire, by Ethereum's conventions (ethereum/execution-apis, "Hex value encoding"). */

const DIGITS = '0123456789abcdef';
const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
const NO_DIGIT = 0xff;

/** Value of a character code, NO_DIGIT for what is none; either case. */
const VALUES = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, code] of CODES.entries()) {
  VALUES[code] = value;
  VALUES[DIGITS[value]!.toUpperCase().charCodeAt(0)] = value;
}

/** A number as `0x` and its digits, without leading zeros. */
export function quantityToHex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** The number that a quantity spells; undefined where it is none, or has more digits than `maxDigits`. */
export function quantityFromHex(text: string, maxDigits: number): bigint | undefined {
  if (text.length > 2 + maxDigits || !/^0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)$/.test(text)) return undefined;
  return BigInt(text);
}

/** Bytes as `0x` and two digits each. */
export function bytesToHex(bytes: Uint8Array): string {
  const text = new Uint8Array(2 + 2 * bytes.length);
  text[0] = 0x30;
  text[1] = 0x78;
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    const byte = bytes[i]!;
    text[at] = CODES[byte >> 4]!;
    text[at + 1] = CODES[byte & 15]!;
  }
  return new TextDecoder('latin1').decode(text);
}

/** The bytes that a text spells; undefined where it spells none. */
export function bytesFromHex(text: string): Uint8Array | undefined {
  if (!text.startsWith('0x') || text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array((text.length - 2) >> 1);
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    const high = VALUES[text.charCodeAt(at)] ?? NO_DIGIT;
    const low = VALUES[text.charCodeAt(at + 1)] ?? NO_DIGIT;
    if (high === NO_DIGIT || low === NO_DIGIT) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
