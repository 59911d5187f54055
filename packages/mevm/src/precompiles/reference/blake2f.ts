/** The compression function F of BLAKE2b (RFC 7693, section 3.2), 64-bit words as pairs of 32 bits, the low one first. */

const LENGTH = 213;
/** RFC 7693, section 2.6. */
const IV = Uint32Array.of(
  ...[0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a],
  ...[0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19],
);
/** RFC 7693, section 2.7: the order of the message's words in each of ten rounds, which then begin again. */
const SIGMA = Uint8Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  ...[14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  ...[11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  ...[7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  ...[9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  ...[2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  ...[12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  ...[13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  ...[6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  ...[10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
);

/**
 * Rounds (4 bytes, big-endian), state, message block, offset counters, and whether the block is the last one (EIP-152).
 *
 * @returns the new state, 64 bytes; undefined where the length is not 213 or the last byte neither 0 nor 1
 */
export function blake2f(input: Uint8Array): Uint8Array | undefined {
  const isFinal = input[LENGTH - 1];
  if (input.length !== LENGTH || isFinal === undefined || isFinal > 1) return undefined;
  const view = new DataView(input.buffer, input.byteOffset, LENGTH);
  const words = (from: number, count: number): Uint32Array =>
    Uint32Array.from({ length: count }, (_, i) => view.getUint32(from + 4 * i, true));
  const state = words(4, 16);
  const message = words(68, 32);
  const v = new Uint32Array(32);
  v.set(state);
  v.set(IV, 16);
  for (const [i, word] of words(196, 4).entries()) v[24 + i]! ^= word;
  if (isFinal === 1) {
    v[28] = ~v[28]!;
    v[29] = ~v[29]!;
  }
  const rounds = view.getUint32(0);
  for (let round = 0; round < rounds; round++) mixRound(v, message, (round % 10) * 16);
  const out = new DataView(new ArrayBuffer(64));
  for (const [i, word] of state.entries()) out.setUint32(4 * i, word ^ v[i]! ^ v[i + 16]!, true);
  return new Uint8Array(out.buffer);
}

/** Columns, then diagonals. */
function mixRound(v: Uint32Array, m: Uint32Array, s: number): void {
  mix(v, 0, 8, 16, 24, m, SIGMA[s]!, SIGMA[s + 1]!);
  mix(v, 2, 10, 18, 26, m, SIGMA[s + 2]!, SIGMA[s + 3]!);
  mix(v, 4, 12, 20, 28, m, SIGMA[s + 4]!, SIGMA[s + 5]!);
  mix(v, 6, 14, 22, 30, m, SIGMA[s + 6]!, SIGMA[s + 7]!);
  mix(v, 0, 10, 20, 30, m, SIGMA[s + 8]!, SIGMA[s + 9]!);
  mix(v, 2, 12, 22, 24, m, SIGMA[s + 10]!, SIGMA[s + 11]!);
  mix(v, 4, 14, 16, 26, m, SIGMA[s + 12]!, SIGMA[s + 13]!);
  mix(v, 6, 8, 18, 28, m, SIGMA[s + 14]!, SIGMA[s + 15]!);
}

/** G of RFC 7693, section 3.1, over the words that begin at a, b, c and d; x and y are words of the message. */
function mix(
  v: Uint32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  m: Uint32Array,
  x: number,
  y: number,
): void {
  let [bl, bh] = [v[b]!, v[b + 1]!];
  let low = v[a]! + bl + m[2 * x]!;
  let al = low >>> 0;
  let ah = (v[a + 1]! + bh + m[2 * x + 1]! + carry(low)) | 0;
  let [dl, dh] = [v[d + 1]! ^ ah, v[d]! ^ al];
  low = v[c]! + (dl >>> 0);
  let cl = low >>> 0;
  let ch = (v[c + 1]! + dh + carry(low)) | 0;
  [bl, bh] = [bl ^ cl, bh ^ ch];
  [bl, bh] = [(bl >>> 24) | (bh << 8), (bh >>> 24) | (bl << 8)];
  low = al + (bl >>> 0) + m[2 * y]!;
  al = low >>> 0;
  ah = (ah + bh + m[2 * y + 1]! + carry(low)) | 0;
  [dl, dh] = [dl ^ al, dh ^ ah];
  [dl, dh] = [(dl >>> 16) | (dh << 16), (dh >>> 16) | (dl << 16)];
  low = cl + (dl >>> 0);
  cl = low >>> 0;
  ch = (ch + dh + carry(low)) | 0;
  [bl, bh] = [bl ^ cl, bh ^ ch];
  v[a] = al;
  v[a + 1] = ah;
  v[b] = (bh >>> 31) | (bl << 1);
  v[b + 1] = (bl >>> 31) | (bh << 1);
  v[c] = cl;
  v[c + 1] = ch;
  v[d] = dl;
  v[d + 1] = dh;
}

/** What a sum of up to three words of 32 bits carries. */
function carry(sum: number): number {
  return sum >= 0x200000000 ? 2 : sum >= 0x100000000 ? 1 : 0;
}
