/**
 * BLAKE2b's compression function (RFC 7693 section 3.2) as a WebAssembly module that is written out here, instruction by instruction: 64-bit words
 * are what JavaScript lacks, and every note, transaction and node of the state tree is hashed with them. No artefact, no tool to build one.
 */

/** Where the module keeps its things, bytes: the chain value h of eight words, then the message. */
const STATE = 0;
const MESSAGE = 64;

/** Bytes of message that fit at a time: whole blocks. */
export const PIECE = 32_768;

const BLOCK = 128;

/** RFC 7693 section 2.6. */
const IV = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
];

/** RFC 7693 section 2.7: ten permutations, of which the first two come again in rounds 10 and 11. */
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const ROUNDS = 12;

/** Columns, then diagonals, of the four-by-four matrix v. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** Opcodes of the WebAssembly core specification, section 5.4. */
const OP = {
  loop: 0x03,
  end: 0x0b,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  i64Load: 0x29,
  i64Store: 0x37,
  i32Const: 0x41,
  i64Const: 0x42,
  i32GtS: 0x4a,
  i32LeS: 0x4c,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i64Add: 0x7c,
  i64Xor: 0x85,
  i64RotR: 0x8a,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  i64TruncF64U: 0xb1,
  select: 0x1b,
} as const;
const [I32, I64, F64, FUNCTION, VOID] = [0x7f, 0x7e, 0x7c, 0x60, 0x40];

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asIntN(64, value); ; ) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const i32 = (value: number): number[] => [OP.i32Const, ...signed(BigInt(value))];
const i64 = (value: bigint): number[] => [OP.i64Const, ...signed(value)];
const get = (local: number): number[] => [OP.localGet, ...unsigned(local)];
const set = (local: number, ...value: readonly number[]): number[] => [
  ...value,
  OP.localSet,
  ...unsigned(local),
];
/** A word at `at` bytes behind the address that a local holds; words are aligned to 8 bytes. */
const load = (address: number, at: number): number[] => [...get(address), OP.i64Load, 3, ...unsigned(at)];

/** Locals of the function: its parameters, the place in the message, the counter, and v. */
const [BEFORE, LENGTH, IS_LAST, PLACE, COUNTER, V] = [0, 1, 2, 3, 4, 5];
const v = (i: number): number => V + i;

/** The mixing function G of section 3.1 on words a, b, c, d of v and two words of the message. */
function mix([a, b, c, d]: readonly number[], x: number, y: number): number[] {
  const half = (word: number, first: number, second: number): number[] => [
    ...set(a!, ...get(a!), ...get(b!), OP.i64Add, ...load(PLACE, MESSAGE + 8 * word), OP.i64Add),
    ...set(d!, ...get(d!), ...get(a!), OP.i64Xor, ...i64(BigInt(first)), OP.i64RotR),
    ...set(c!, ...get(c!), ...get(d!), OP.i64Add),
    ...set(b!, ...get(b!), ...get(c!), OP.i64Xor, ...i64(BigInt(second)), OP.i64RotR),
  ];
  return [...half(x, 32, 24), ...half(y, 16, 63)];
}

/** Whether what is left of the piece is one block at most. */
const IS_END = [...get(LENGTH), ...i32(BLOCK), OP.i32LeS];

/** Compresses the block at PLACE into h. */
function compress(): number[] {
  const word = (i: number): number[] => [...i32(0), OP.i64Load, 3, ...unsigned(STATE + 8 * i)];
  const size = [...get(LENGTH), ...i32(BLOCK), ...IS_END, OP.select, OP.i64ExtendI32U];
  const finality = [...get(IS_LAST), OP.i64ExtendI32S, ...i64(0n), ...IS_END, OP.select];
  return [
    ...set(COUNTER, ...get(COUNTER), ...size, OP.i64Add),
    ...IV.flatMap((_, i) => set(v(i), ...word(i))),
    ...IV.flatMap((value, i) => set(v(8 + i), ...i64(value))),
    ...set(v(12), ...get(v(12)), ...get(COUNTER), OP.i64Xor),
    ...set(v(14), ...get(v(14)), ...finality, OP.i64Xor),
    ...Array.from({ length: ROUNDS }, (_, round) => {
      const order = SIGMA[round % SIGMA.length]!;
      return QUARTERS.flatMap((words, i) => mix(words.map(v), order[2 * i]!, order[2 * i + 1]!));
    }).flat(),
    ...IV.flatMap((_, i) => {
      const value = [...word(i), ...get(v(i)), OP.i64Xor, ...get(v(8 + i)), OP.i64Xor];
      return [...i32(0), ...value, OP.i64Store, 3, ...unsigned(STATE + 8 * i)];
    }),
  ];
}

/** Compresses all blocks of the piece. */
function body(): number[] {
  const locals = [2, 1, I32, 17, I64];
  const again = [...get(LENGTH), ...i32(0), OP.i32GtS, OP.brIf, 0];
  const next = [
    ...set(LENGTH, ...get(LENGTH), ...i32(BLOCK), OP.i32Sub),
    ...set(PLACE, ...get(PLACE), ...i32(BLOCK), OP.i32Add),
  ];
  const start = set(COUNTER, ...get(BEFORE), OP.i64TruncF64U);
  return [...locals, ...start, OP.loop, VOID, ...compress(), ...next, ...again, OP.end, OP.end];
}

const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, ...bytes: readonly number[]): number[] => [id, ...sized(bytes)];
const name = (text: string): number[] => sized([...new TextEncoder().encode(text)]);

/** The module: a memory of one page and a function (core specification, section 5.5). */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, FUNCTION, 3, F64, I32, I32, 0),
    ...section(3, 1, 0),
    ...section(5, 1, 1, 1, 1),
    ...section(7, 2, ...name('memory'), 2, 0, ...name('compress'), 0, 0),
    ...section(10, 1, ...sized(body())),
  ]);
}

/** The compression function and the memory that it works in. */
export interface Blake2bModule {
  /** 64 bytes: h_0 to h_7, little-endian. Before the first piece they are the IV with the parameter block; after the last one they begin with the digest. */
  readonly state: Uint8Array;
  /** A piece of the message, `PIECE` bytes; whatever is behind its end in its last block must be zero. */
  readonly message: Uint8Array;
  /**
   * Compresses a piece into the state.
   *
   * @param before bytes of the message before this piece, below 2^53
   * @param length bytes of this piece, 0 to `PIECE`; a multiple of 128 unless it is the last one; 0 only for the empty message
   * @param isLast -1 for the last piece, else 0
   */
  compress(before: number, length: number, isLast: 0 | -1): void;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly compress: Blake2bModule['compress'];
}

/** The module, ready; undefined where WebAssembly is missing or not allowed (a content security policy, `--jitless`). */
export function blake2bModule(): Blake2bModule | undefined {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
    const { memory, compress } = exports as unknown as Exports;
    const { buffer } = memory;
    return {
      state: new Uint8Array(buffer, STATE, 64),
      message: new Uint8Array(buffer, MESSAGE, PIECE),
      compress,
    };
  } catch {
    return undefined;
  }
}

/** The state before the first block: the IV, with a digest of `length` bytes and a personalisation of 16 bytes in its parameter block (section 2.5). */
export function initialState(length: number, personalisation: Uint8Array): Uint8Array {
  const state = new Uint8Array(64);
  const view = new DataView(state.buffer);
  for (const [i, word] of IV.entries()) view.setBigUint64(8 * i, word, true);
  // Digest length, no key, fanout and depth 1.
  for (const [i, byte] of [length, 0, 1, 1].entries()) state[i]! ^= byte;
  for (const [i, byte] of personalisation.entries()) state[48 + i]! ^= byte;
  return state;
}
