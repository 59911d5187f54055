import { shake256 } from '@noble/hashes/sha3.js';
import { blake2b256, concat, le64, utf8 } from '@sero/crypto';

const LANES = 1024;
const DOMAIN = utf8('SERO_NILSET_v1');

/** LtHash16-1024 of a set: 1,024 little-endian 16-bit lanes, 2,048 bytes; adding an element costs the same at any size. */
export interface NullifierSetHash {
  readonly count: bigint;
  /** 2,048 bytes. */
  readonly lanes: Uint8Array;
}

/** The hash of the empty set. */
export const EMPTY_NULLIFIER_SET: NullifierSetHash = { count: 0n, lanes: new Uint8Array(2 * LANES) };

/** SHAKE256 (FIPS 202) of a message, to a length in bytes; a native one is several times faster than the portable. */
export type Shake256 = (message: Uint8Array, length: number) => Uint8Array;

/** By @noble/hashes. */
export const portableShake256: Shake256 = (message, length) => shake256(message, { dkLen: length });

/**
 * The hash after adding nullifiers (32 bytes each) that were not in the set.
 *
 * @param expand default: the portable SHAKE256 of @noble/hashes
 */
export function addNullifiers(
  hash: NullifierSetHash,
  nullifiers: readonly Uint8Array[],
  expand: Shake256 = portableShake256,
): NullifierSetHash {
  const lanes = hash.lanes.slice();
  const sum = new DataView(lanes.buffer);
  for (const nullifier of nullifiers) {
    const element = expand(concat(DOMAIN, nullifier), 2 * LANES);
    const addend = new DataView(element.buffer, element.byteOffset);
    for (let i = 0; i < 2 * LANES; i += 2) {
      sum.setUint16(i, (sum.getUint16(i, true) + addend.getUint16(i, true)) & 0xffff, true);
    }
  }
  return { count: hash.count + BigInt(nullifiers.length), lanes };
}

/** The state tree's leaf for the set: LE64(count) || B2b-256("SERO_NILSET", lanes). */
export function nullifierSetLeaf(hash: NullifierSetHash): Uint8Array {
  return concat(le64(hash.count), blake2b256('SERO_NILSET', hash.lanes));
}
