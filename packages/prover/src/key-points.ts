import { CryptoError, isInPrimeSubgroup, isSmallOrder, pointFromBytes } from '@sero/crypto';
import { ProverError } from './errors.ts';

const POINT_BYTES = 32;

/** What an encoding of a point of Jubjub is; `ok` is a point of prime order, fit to be a key. */
export type KeyPointVerdict =
  | 'ok'
  | 'point-not-canonical'
  | 'point-is-identity'
  | 'point-of-small-order'
  | 'point-not-in-subgroup';

/** Says of many encodings at once whether they are fit to be keys. */
export interface KeyPointChecker {
  /**
   * @param encodings 32 bytes each, one after the other
   * @returns one verdict an encoding, in order
   * @throws ProverError `packed-length`; the signal's reason when aborted
   */
  check(encodings: Uint8Array, signal?: AbortSignal): Promise<KeyPointVerdict[]>;
}

/** How many encodings there are; throws `packed-length` where they are not whole. */
export function countKeyPoints(encodings: Uint8Array): number {
  if (encodings.length % POINT_BYTES === 0) return encodings.length / POINT_BYTES;
  throw new ProverError('packed-length', `points are ${POINT_BYTES} bytes each`);
}

function verdictOf(encoding: Uint8Array): KeyPointVerdict {
  try {
    const point = pointFromBytes(encoding);
    if (point.is0()) return 'point-is-identity';
    if (isSmallOrder(point)) return 'point-of-small-order';
    return isInPrimeSubgroup(point) ? 'ok' : 'point-not-in-subgroup';
  } catch (error) {
    if (error instanceof CryptoError) return 'point-not-canonical';
    throw error;
  }
}

/** The reference, on big integers: some 3 ms a point, on the thread that calls it. */
export function createReferenceKeyPointChecker(): KeyPointChecker {
  return {
    async check(encodings, signal) {
      const count = countKeyPoints(encodings);
      return Array.from({ length: count }, (_, i) => {
        signal?.throwIfAborted();
        return verdictOf(encodings.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES));
      });
    },
  };
}
