// A word is 256 bits: a bigint, 32 big-endian bytes, or 8 little-endian words of 32 bits in an Int32Array.

const scratch = new DataView(new ArrayBuffer(32));
const scratchBytes = new Uint8Array(scratch.buffer);

/** A word of 32 bits or fewer bytes, big-endian. At most 32 bytes. */
export function bytesToWord(bytes: Uint8Array): bigint {
  scratchBytes.fill(0, 0, 32 - bytes.length);
  scratchBytes.set(bytes, 32 - bytes.length);
  return readWord(scratch, 0);
}

/** 32 bytes, big-endian. */
export function wordToBytes(word: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  writeWord(new DataView(bytes.buffer), 0, word);
  return bytes;
}

/** The 20 bytes of an address that is the low 160 bits of a word. */
export function addressBytes(word: bigint): Uint8Array {
  writeWord(scratch, 0, word);
  return scratchBytes.slice(12);
}

/** Reads 32 big-endian bytes. */
export function readWord(view: DataView, at: number): bigint {
  const [high, low] = [view.getBigUint64(at), view.getBigUint64(at + 8)];
  const [mid, last] = [view.getBigUint64(at + 16), view.getBigUint64(at + 24)];
  if (high === 0n && low === 0n) return mid === 0n ? last : (mid << 64n) | last;
  return (high << 192n) | (low << 128n) | (mid << 64n) | last;
}

/** Writes 32 big-endian bytes. */
export function writeWord(view: DataView, at: number, word: bigint): void {
  if (word < 1n << 64n) {
    view.setBigUint64(at, 0n);
    view.setBigUint64(at + 8, 0n);
    view.setBigUint64(at + 16, 0n);
    view.setBigUint64(at + 24, word);
    return;
  }
  // What is above the lowest 64 bits is cut off.
  view.setBigUint64(at, word >> 192n);
  view.setBigUint64(at + 8, word >> 128n);
  view.setBigUint64(at + 16, word >> 64n);
  view.setBigUint64(at + 24, word);
}

/** Reads 32 little-endian bytes, as the translator's stack and the tables hold words. */
export function readLimbs(view: DataView, at: number): bigint {
  const high = view.getBigUint64(at + 24, true);
  const [mid, low] = [view.getBigUint64(at + 16, true), view.getBigUint64(at + 8, true)];
  const last = view.getBigUint64(at, true);
  if (high === 0n && mid === 0n) return low === 0n ? last : (low << 64n) | last;
  return (high << 192n) | (mid << 128n) | (low << 64n) | last;
}

/** Writes 32 little-endian bytes. */
export function writeLimbs(view: DataView, at: number, word: bigint): void {
  view.setBigUint64(at, word, true);
  if (word < 1n << 64n) {
    view.setBigUint64(at + 8, 0n, true);
    view.setBigUint64(at + 16, 0n, true);
    view.setBigUint64(at + 24, 0n, true);
    return;
  }
  view.setBigUint64(at + 8, word >> 64n, true);
  view.setBigUint64(at + 16, word >> 128n, true);
  view.setBigUint64(at + 24, word >> 192n, true);
}

/** Big-endian bytes, at most 32, as 8 little-endian words. */
export function bytesToLimbs(bytes: Uint8Array, limbs: Int32Array, at: number): void {
  scratchBytes.fill(0, 0, 32 - bytes.length);
  scratchBytes.set(bytes, 32 - bytes.length);
  for (let i = 0; i < 8; i++) limbs[at + i] = scratch.getInt32(28 - 4 * i);
}

/** 8 little-endian words as 32 big-endian bytes. */
export function limbsToBytes(limbs: Int32Array, at: number): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 8; i++) view.setInt32(28 - 4 * i, limbs[at + i] as number);
  return bytes;
}
