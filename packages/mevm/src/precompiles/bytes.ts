/** `length` bytes of the input from `from` on; what lies beyond its end is zero (Yellow Paper, appendix E). */
export function slicePadded(input: Uint8Array, from: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  if (from < input.length) out.set(input.subarray(from, from + length));
  return out;
}

/** How many words of 32 bytes hold so many bytes: below 2^32 of them. */
export function wordsOf(bytes: number): number {
  return (bytes + 31) >>> 5;
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The number 1 or 0 as a word of 32 bytes, as the pairing checks answer. */
export function truthWord(isTrue: boolean): Uint8Array {
  const out = new Uint8Array(32);
  if (isTrue) out[31] = 1;
  return out;
}
