import { crc32 } from 'node:zlib';
import { ensure } from './errors.ts';

/** The first byte of every key in the file: LMDB has no empty keys, and here the empty key is one too. */
export const KEY_MARK = 1;

/** Bytes before each value. */
export const CHECKSUM_SIZE = 4;

/** A value as it is stored: CRC-32 over key and value (little-endian), value. */
export function sealRecord(key: Uint8Array, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(CHECKSUM_SIZE + value.length);
  new DataView(out.buffer).setUint32(0, crc32(value, crc32(key)), true);
  out.set(value, CHECKSUM_SIZE);
  return out;
}

/**
 * A copy of the value in the first `size` bytes of a stored record.
 *
 * @throws StoreError `record-damaged` if it is not what was stored under this key
 */
export function openRecord(key: Uint8Array, stored: Uint8Array, size: number): Uint8Array {
  const value = new Uint8Array(Math.max(0, size - CHECKSUM_SIZE));
  value.set(stored.subarray(CHECKSUM_SIZE, Math.max(CHECKSUM_SIZE, size)));
  const checksum = stored[0]! | (stored[1]! << 8) | (stored[2]! << 16) | (stored[3]! << 24);
  if (size < CHECKSUM_SIZE || checksum >>> 0 !== crc32(value, crc32(key))) {
    const name = Buffer.from(key.subarray(0, 40)).toString('hex');
    ensure(
      false,
      'record-damaged',
      `the value of key ${name} is not what was written; restore a backup or sync again`,
    );
  }
  return value;
}
