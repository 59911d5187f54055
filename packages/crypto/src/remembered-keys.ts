import { decodeEdwards, type EdwardsPoint, isOfPrimeOrder } from './edwards25519.ts';

/** Decodes a key, or says that the bytes are none. */
export type KeyDecoder<Key> = (bytes: Uint8Array) => Key | undefined;

/** 32 bytes to a key of prime order of edwards25519. */
export const decodePrimeOrder: KeyDecoder<EdwardsPoint> = (bytes) => {
  const point = decodeEdwards(bytes);
  return point !== undefined && isOfPrimeOrder(point) ? point : undefined;
};

/**
 * A decoder that remembers the keys it decoded last, by their bytes, which decide alone: the same voters come back round
 * after round, and whether a key is of prime order is a third of a verification, of a BLS aggregate by many nearly all. What is
 * refused is not remembered, and who sends many fresh keys costs the others no more than that.
 *
 * @param most keys that are kept, at some 500 bytes each
 */
export function rememberingDecoder<Key>(most: number, decode: KeyDecoder<Key>): KeyDecoder<Key> {
  const remembered = new Map<string, Key>();
  return (bytes) => {
    const name = String.fromCharCode(...bytes);
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const key = decode(bytes);
    if (key === undefined) return undefined;
    const [oldest] = remembered.keys();
    if (oldest !== undefined && remembered.size >= most) remembered.delete(oldest);
    remembered.set(name, key);
    return key;
  };
}
