import { crc32 } from 'node:zlib';

/** From so many bytes on the call of the native one is worth what it costs. */
const NATIVE = 256;

/** Of eight bytes at a time: what each of them adds, by its place. */
const TABLES = tables();

function tables(): readonly Int32Array[] {
  const first = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = (c & 1) === 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    first[n] = c;
  }
  const all = [first];
  for (let place = 1; place < 8; place++) {
    const before = all[place - 1]!;
    all.push(before.map((c) => (c >>> 8) ^ first[c & 0xff]!));
  }
  return all;
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as unknown as readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/**
 * CRC-32 as node:zlib has it, of the bytes from `at` to `end`, on top of that of what stands before them. For millions of short
 * pieces: a call of the native one costs as much as a hundred bytes here.
 */
export function crc32In(bytes: Uint8Array, at: number, end: number, before = 0): number {
  if (end - at >= NATIVE) return crc32(bytes.subarray(at, end), before);
  let c = ~before;
  let i = at;
  for (; i + 8 <= end; i += 8) {
    const x = c ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    c =
      T7[x & 0xff]! ^
      T6[(x >>> 8) & 0xff]! ^
      T5[(x >>> 16) & 0xff]! ^
      T4[x >>> 24]! ^
      T3[bytes[i + 4]!]! ^
      T2[bytes[i + 5]!]! ^
      T1[bytes[i + 6]!]! ^
      T0[bytes[i + 7]!]!;
  }
  for (; i < end; i++) c = (c >>> 8) ^ T0[(c ^ bytes[i]!) & 0xff]!;
  return ~c >>> 0;
}
