import { decodeEdwards, type EdwardsPoint, isOfPrimeOrder } from './edwards25519.ts';

/** Decodes a key, or says that the bytes are none. */
export type KeyDecoder<Key> = (bytes: Uint8Array) => Key | undefined;

/** 32 bytes to a key of prime order of edwards25519. */
export const decodePrimeOrder: KeyDecoder<EdwardsPoint> = (bytes) => {
  const point = decodeEdwards(bytes);
  return point !== undefined && isOfPrimeOrder(point) ? point : undefined;
};

/** A decoder with a memory. */
interface RememberingDecoder<Key> {
  readonly decode: KeyDecoder<Key>;
  /** From now on keeps at least as many keys: for who comes back with so many, one after the other, and would else find none of them. */
  readonly makeRoom: (keys: number) => void;
}

/**
 * A decoder that remembers the keys it decoded last, by their bytes, which decide alone: the same voters come back round
 * after round, and whether a key is of prime order is a third of a verification, of a BLS aggregate by many nearly all. What is
 * refused is not remembered, and who sends many fresh keys costs the others no more than that.
 *
 * @param length bytes of a key; others are none, and are not read
 * @param most keys that are kept, at some 500 bytes each
 */
export function rememberingDecoder<Key>(
  length: number,
  most: number,
  decode: KeyDecoder<Key>,
): RememberingDecoder<Key> {
  const remembered = new Map<string, Key>();
  let room = most;
  return {
    decode: (bytes) => {
      if (bytes.length !== length) return undefined;
      const name = String.fromCharCode(...bytes);
      const known = remembered.get(name);
      if (known !== undefined) return known;
      const key = decode(bytes);
      if (key === undefined) return undefined;
      const [oldest] = remembered.keys();
      if (oldest !== undefined && remembered.size >= room) remembered.delete(oldest);
      remembered.set(name, key);
      return key;
    },
    makeRoom: (keys) => {
      if (keys > room) room = keys;
    },
  };
}
