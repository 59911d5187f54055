import { decodeEdwards, type EdwardsPoint, isOfPrimeOrder } from './edwards25519.ts';

/** Decodes 32 bytes to a key of prime order, or says that they are none. */
export type KeyDecoder = (bytes: Uint8Array) => EdwardsPoint | undefined;

/**
 * A decoder that remembers the keys it decoded last, by their bytes, which decide alone: the same voters come back round
 * after round, and whether a key is of prime order is a third of a verification. What is refused is not remembered, and
 * who sends many fresh keys costs the others no more than that third.
 *
 * @param most keys that are kept, at some 500 bytes each
 */
export function rememberingDecoder(most: number): KeyDecoder {
  const remembered = new Map<string, EdwardsPoint>();
  return (bytes) => {
    const name = String.fromCharCode(...bytes);
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const point = decodeEdwards(bytes);
    if (point === undefined || !isOfPrimeOrder(point)) return undefined;
    const [oldest] = remembered.keys();
    if (oldest !== undefined && remembered.size >= most) remembered.delete(oldest);
    remembered.set(name, point);
    return point;
  };
}
