import {
  CryptoError,
  concat,
  fieldToBytes,
  isInPrimeSubgroup,
  isSmallOrder,
  type Point,
  pointFromBytes,
  toAffine,
} from '@sero/crypto';
import { breathe } from './breathe.ts';
import { ProverError } from './errors.ts';

const POINT_BYTES = 32;
/** Points between two pauses of the reference, some 100 ms. */
const CHUNK = 32;

/** What an encoding of a point of Jubjub is; `ok` is a point of prime order, fit to be a key. */
export type KeyPointVerdict =
  | 'ok'
  | 'point-not-canonical'
  | 'point-is-identity'
  | 'point-of-small-order'
  | 'point-not-in-subgroup';

/** What was found of one encoding. */
export interface KeyPoint {
  readonly verdict: KeyPointVerdict;
  /** The point's u, then its v, each a field element of 32 bytes; zeros where the encoding is no point. */
  readonly affine: Uint8Array;
}

/** Says of many encodings at once whether they are fit to be keys. */
export interface KeyPointChecker {
  /**
   * @param encodings 32 bytes each, one after the other
   * @returns one answer an encoding, in order
   * @throws ProverError `packed-length`; the signal's reason when aborted
   */
  check(encodings: Uint8Array, signal?: AbortSignal): Promise<KeyPoint[]>;
}

/** How many encodings there are; throws `packed-length` where they are not whole. */
export function countKeyPoints(encodings: Uint8Array): number {
  if (encodings.length % POINT_BYTES === 0) return encodings.length / POINT_BYTES;
  throw new ProverError('packed-length', `points are ${POINT_BYTES} bytes each`);
}

function verdictOf(point: Point): KeyPointVerdict {
  if (point.is0()) return 'point-is-identity';
  if (isSmallOrder(point)) return 'point-of-small-order';
  return isInPrimeSubgroup(point) ? 'ok' : 'point-not-in-subgroup';
}

/** What an encoding of 32 bytes is, at once, on big integers: some 3 ms. */
export function readKeyPoint(encoding: Uint8Array): KeyPoint {
  let point: Point;
  try {
    point = pointFromBytes(encoding);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return { verdict: 'point-not-canonical', affine: new Uint8Array(2 * POINT_BYTES) };
  }
  const { u, v } = toAffine(point);
  return { verdict: verdictOf(point), affine: concat(fieldToBytes(u), fieldToBytes(v)) };
}

/** The reference, on big integers, on the thread that calls it. */
export function createReferenceKeyPointChecker(): KeyPointChecker {
  return {
    async check(encodings, signal) {
      const count = countKeyPoints(encodings);
      const found: KeyPoint[] = [];
      for (let i = 0; i < count; i++) {
        if (i % CHUNK === 0) {
          if (i > 0) await breathe();
          signal?.throwIfAborted();
        }
        found.push(readKeyPoint(encodings.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES)));
      }
      return found;
    },
  };
}
