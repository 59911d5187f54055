/** Words of 32 bits without end. */
export type WordStream = () => number;

const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const ROUND_PAIRS = 10;
/** The columns, then the diagonals (RFC 8439, section 2.3). */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** RFC 8439, section 2.1. */
function quarterRound(state: Uint32Array, [a, b, c, d]: readonly [number, number, number, number]): void {
  for (const [first, second] of [
    [16, 12],
    [8, 7],
  ] as const) {
    state[a] = state[a]! + state[b]!;
    state[d] = rotate(state[d]! ^ state[a]!, first);
    state[c] = state[c]! + state[d]!;
    state[b] = rotate(state[b]! ^ state[c]!, second);
  }
}

/**
 * ChaCha20's key stream (RFC 8439, section 2.3) as snarkjs draws from it: key words big-endian, no nonce, a counter of
 * 128 bits from 0.
 *
 * @param seed 32 bytes or more; the first 32 are the key
 */
export function chachaStream(seed: Uint8Array): WordStream {
  const key = new DataView(seed.buffer, seed.byteOffset, 32);
  const state = Uint32Array.from([
    ...CONSTANTS,
    ...Array.from({ length: 8 }, (_, i) => key.getUint32(4 * i)),
    ...[0, 0, 0, 0],
  ]);
  let block = new Uint32Array(16);
  let at = 16;
  return () => {
    if (at === 16) {
      block = state.slice();
      for (let pair = 0; pair < ROUND_PAIRS; pair++)
        for (const quarter of QUARTERS) quarterRound(block, quarter);
      for (let i = 0; i < 16; i++) block[i]! += state[i]!;
      at = 0;
      // Uint32Array wraps; a carry goes on to the next word.
      for (let i = 12; i < 16; i++) {
        state[i]! += 1;
        if (state[i] !== 0) break;
      }
    }
    return block[at++]!;
  };
}
