/**
 * BLAKE2b-512 (RFC 7693) that can be stopped and gone on with: a .ptau file keeps the state of the hash over each
 * contribution's points, so that whoever reads it can add the contribution's key and has the hash that was attested.
 */
export interface Blake2b {
  /** Adds bytes. */
  readonly update: (bytes: Uint8Array) => Blake2b;
  /** 64 bytes; more can be added afterwards. */
  readonly digest: () => Uint8Array;
  /** The state in snarkjs' layout, 216 bytes; see `resumeBlake2b`. */
  readonly state: () => Uint8Array;
}

const BLOCK_BYTES = 128;
/** Bytes of a kept state: block 128, chain value 64, bytes compressed (u64), bytes in the block (u64), zeros. */
export const STATE_BYTES = 216;
const WORD = 2 ** 32;

/** SHA-512's initial value (RFC 7693, section 2.6): the low and the high half of each word. */
const INITIAL = Uint32Array.of(
  0xf3bcc908,
  0x6a09e667,
  0x84caa73b,
  0xbb67ae85,
  0xfe94f82b,
  0x3c6ef372,
  0x5f1d36f1,
  0xa54ff53a,
  0xade682d1,
  0x510e527f,
  0x2b3e6c1f,
  0x9b05688c,
  0xfb41bd6b,
  0x1f83d9ab,
  0x137e2179,
  0x5be0cd19,
);
/** No key, 64 bytes of digest, fan-out and depth of one (section 2.5). */
const PARAMETERS = 0x01010040;

/** Which words of the block each of the twelve rounds mixes in (section 2.7), one hexadecimal digit each. */
const ORDER = Uint8Array.from(
  [
    '0123456789abcdef',
    'ea489fd61c02b753',
    'b8c052fdae367194',
    '7931dcbe265a40f8',
    '905724afe1bc683d',
    '2c6a0b834d75fe19',
    'c51fed4a0763928b',
    'db7ec13950f4862a',
    '6fe9b308c2d714a5',
    'a2847615fb9e3cd0',
    '0123456789abcdef',
    'ea489fd61c02b753',
  ].join(''),
  (digit) => Number.parseInt(digit, 16),
);
/** Which words of the state each of a round's eight mixings takes (section 3.2). */
const MIXED = Uint8Array.of(
  0,
  4,
  8,
  12,
  1,
  5,
  9,
  13,
  2,
  6,
  10,
  14,
  3,
  7,
  11,
  15,
  0,
  5,
  10,
  15,
  1,
  6,
  11,
  12,
  2,
  7,
  8,
  13,
  3,
  4,
  9,
  14,
);

/** Section 3.1, on halves: the word i stands at 2 i (low) and 2 i + 1 (high). */
function mix(v: Uint32Array, m: Uint32Array, at: number, x: number, y: number): void {
  const a = 2 * MIXED[at]!;
  const b = 2 * MIXED[at + 1]!;
  const c = 2 * MIXED[at + 2]!;
  const d = 2 * MIXED[at + 3]!;
  let low = v[a]! + v[b]! + m[2 * x]!;
  let high = (v[a + 1]! + v[b + 1]! + m[2 * x + 1]! + Math.floor(low / WORD)) >>> 0;
  let al = low >>> 0;
  // d = (d ^ a) >>> 32
  let dl = (v[d + 1]! ^ high) >>> 0;
  let dh = (v[d]! ^ al) >>> 0;
  low = v[c]! + dl;
  let cl = low >>> 0;
  let ch = (v[c + 1]! + dh + (low >= WORD ? 1 : 0)) >>> 0;
  // b = (b ^ c) >>> 24
  let tl = v[b]! ^ cl;
  let th = v[b + 1]! ^ ch;
  let bl = ((tl >>> 24) | (th << 8)) >>> 0;
  let bh = ((th >>> 24) | (tl << 8)) >>> 0;
  low = al + bl + m[2 * y]!;
  high = (high + bh + m[2 * y + 1]! + Math.floor(low / WORD)) >>> 0;
  al = low >>> 0;
  // d = (d ^ a) >>> 16
  tl = dl ^ al;
  th = dh ^ high;
  dl = ((tl >>> 16) | (th << 16)) >>> 0;
  dh = ((th >>> 16) | (tl << 16)) >>> 0;
  low = cl + dl;
  cl = low >>> 0;
  ch = (ch + dh + (low >= WORD ? 1 : 0)) >>> 0;
  // b = (b ^ c) >>> 63
  tl = bl ^ cl;
  th = bh ^ ch;
  bl = ((tl << 1) | (th >>> 31)) >>> 0;
  bh = ((th << 1) | (tl >>> 31)) >>> 0;
  v[a] = al;
  v[a + 1] = high;
  v[b] = bl;
  v[b + 1] = bh;
  v[c] = cl;
  v[c + 1] = ch;
  v[d] = dl;
  v[d + 1] = dh;
}

/** Section 3.2. `length` is that of all input up to the end of this block. */
function compress(h: Uint32Array, block: DataView, length: number, last: boolean): void {
  const v = new Uint32Array(32);
  v.set(h);
  v.set(INITIAL, 16);
  v[24]! ^= length >>> 0;
  v[25]! ^= Math.floor(length / WORD);
  if (last) {
    v[28] = ~v[28]!;
    v[29] = ~v[29]!;
  }
  const m = new Uint32Array(32);
  for (let i = 0; i < 32; i++) m[i] = block.getUint32(4 * i, true);
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 8; i++) {
      mix(v, m, 4 * i, ORDER[16 * round + 2 * i]!, ORDER[16 * round + 2 * i + 1]!);
    }
  }
  for (let i = 0; i < 16; i++) h[i]! ^= v[i]! ^ v[i + 16]!;
}

function fromState(h: Uint32Array, block: Uint8Array, start: number, filled: number): Blake2b {
  const view = new DataView(block.buffer, block.byteOffset, BLOCK_BYTES);
  let [compressed, held] = [start, filled];
  const hash: Blake2b = {
    update: (bytes) => {
      let at = 0;
      while (at < bytes.length) {
        // The last block is compressed apart, so a full one waits until there is more.
        if (held === BLOCK_BYTES) {
          compressed += BLOCK_BYTES;
          compress(h, view, compressed, false);
          held = 0;
        }
        const taken = Math.min(BLOCK_BYTES - held, bytes.length - at);
        block.set(bytes.subarray(at, at + taken), held);
        held += taken;
        at += taken;
      }
      return hash;
    },
    digest: () => {
      const [end, padded] = [h.slice(), new Uint8Array(BLOCK_BYTES)];
      padded.set(block.subarray(0, held));
      compress(end, new DataView(padded.buffer), compressed + held, true);
      return littleEndian(end);
    },
    state: () => {
      const out = new Uint8Array(STATE_BYTES);
      out.set(block.subarray(0, held));
      out.set(littleEndian(h), BLOCK_BYTES);
      const fields = new DataView(out.buffer, BLOCK_BYTES + 64);
      fields.setBigUint64(0, BigInt(compressed), true);
      fields.setBigUint64(8, BigInt(held), true);
      return out;
    },
  };
  return hash;
}

function littleEndian(words: Uint32Array): Uint8Array {
  const out = new Uint8Array(4 * words.length);
  const view = new DataView(out.buffer);
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  return out;
}

/** A hash over nothing yet. */
export function createBlake2b(): Blake2b {
  const h = INITIAL.slice();
  h[0]! ^= PARAMETERS;
  return fromState(h, new Uint8Array(BLOCK_BYTES), 0, 0);
}

/** Goes on with a hash of which `length` bytes were hashed so far; undefined where the state is of another length. */
export function resumeBlake2b(state: Uint8Array, length: number): Blake2b | undefined {
  const view = new DataView(state.buffer, state.byteOffset, STATE_BYTES);
  const fields = BLOCK_BYTES + 64;
  const [compressed, held] = [view.getBigUint64(fields, true), view.getBigUint64(fields + 8, true)];
  if (held > BigInt(BLOCK_BYTES) || compressed % BigInt(BLOCK_BYTES) !== 0n) return undefined;
  if (compressed + held !== BigInt(length)) return undefined;
  const h = Uint32Array.from({ length: 16 }, (_, i) => view.getUint32(BLOCK_BYTES + 4 * i, true));
  return fromState(h, state.slice(0, BLOCK_BYTES), Number(compressed), Number(held));
}
