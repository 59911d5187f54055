import {
  CryptoError,
  fieldFromBytes,
  isInPrimeSubgroup,
  type Point,
  pointFromBytes,
  scalarFromBytes,
} from '@sero/crypto';
import type { KeyPointVerdict } from '@sero/prover';
import { ProtocolError } from './errors.ts';

/** Runs a decoder of @sero/crypto and says its refusals in this package's words. */
function translated<T>(what: string, decoder: () => T): T {
  try {
    return decoder();
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    const code =
      error.code === 'field-not-canonical' ||
      error.code === 'point-not-canonical' ||
      error.code === 'scalar-not-canonical'
        ? error.code
        : 'malformed';
    throw new ProtocolError(code, `${what}: ${error.message}`);
  }
}

/** A field element from the wire: 32 bytes, canonical. */
export function decodeField(bytes: Uint8Array, what: string): bigint {
  return translated(what, () => fieldFromBytes(bytes));
}

/** A scalar from the wire: 32 bytes, below r_J. */
export function decodeScalar(bytes: Uint8Array, what: string): bigint {
  return translated(what, () => scalarFromBytes(bytes));
}

/** A key point from the wire: canonical, in the prime-order subgroup, not the identity. */
export function decodeKeyPoint(bytes: Uint8Array, what: string): Point {
  const point = translated(what, () => pointFromBytes(bytes));
  if (point.is0()) ensureKeyPoint('point-is-identity', what);
  if (!isInPrimeSubgroup(point)) ensureKeyPoint('point-not-in-subgroup', what);
  return point;
}

/** The same for a point that was checked in a batch. Throws ProtocolError unless it is fit to be a key. */
export function ensureKeyPoint(verdict: KeyPointVerdict, what: string): void {
  switch (verdict) {
    case 'ok':
      return;
    case 'point-not-canonical':
      throw new ProtocolError(verdict, `${what}: no point of Jubjub has this encoding`);
    case 'point-is-identity':
      throw new ProtocolError(verdict, `${what} is the identity`);
    // Of small order or outside the subgroup; whatever else a checker may say is not fit either.
    default:
      throw new ProtocolError('point-not-in-subgroup', `${what} is outside the prime-order subgroup`);
  }
}
