/**
 * Lets @chainsafe/ssz run in browsers. It writes the length of lists with Node's Buffer, of which browsers have none: there a few lines
 * stand in its place, unless somebody else has put one there. This module is loaded before that library.
 */

/** Bytes that a number can be written into. */
interface LengthBytes extends Uint8Array {
  /** Writes a number below 2^48, the lowest byte first. Returns the place after it. */
  writeUIntLE(value: number, offset: number, byteLength: number): number;
}

function writable(bytes: Uint8Array): LengthBytes {
  return Object.assign(bytes, {
    writeUIntLE(value: number, offset: number, byteLength: number): number {
      let rest = value;
      for (let i = 0; i < byteLength; i++) {
        bytes[offset + i] = rest % 256;
        rest = Math.floor(rest / 256);
      }
      return offset + byteLength;
    },
  });
}

/** What @chainsafe/ssz 1.9.0 calls of Buffer. */
export const LENGTH_BUFFER = {
  alloc: (length: number): LengthBytes => writable(new Uint8Array(length)),
  from: (memory: ArrayBuffer, offset: number, length: number): LengthBytes =>
    writable(new Uint8Array(memory, offset, length)),
};

const NAME = 'Buffer';

if (!Reflect.has(globalThis, NAME)) {
  Object.defineProperty(globalThis, NAME, { value: LENGTH_BUFFER, configurable: true, writable: true });
}
