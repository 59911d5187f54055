import { type SignedHash, verify, verifyBatch } from '@sero/crypto';
import { breathe } from './breathe.ts';

/** Bytes of a batch coefficient: 128 bits. */
const COEFFICIENT_BYTES = 16;
/** Signatures that the reference sums up between two pauses, some 100 ms. */
const CHUNK = 32;

/**
 * Checks RedJubjub signatures. Whatever an item holds, the answer is true or false, and is the one that `verify` of
 * @sero/crypto gives (but for a chance below 2^-120 that a false one passes).
 */
export interface SignatureVerifier {
  /**
   * One answer an item, in order.
   *
   * @param signal ends the work; the promise is then rejected with its reason
   */
  verifyBatch(items: readonly SignedHash[], signal?: AbortSignal): Promise<boolean[]>;
}

function randomCoefficient(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(COEFFICIENT_BYTES));
}

/** One sum for all; where it fails, for each half, until the culprits stand alone. */
function judge(items: readonly SignedHash[]): boolean[] {
  if (items.length === 0) return [];
  if (items.length === 1) return [verify(items[0]!)];
  if (verifyBatch(items, randomCoefficient)) return items.map(() => true);
  const middle = items.length >> 1;
  return [...judge(items.slice(0, middle)), ...judge(items.slice(middle))];
}

/** The reference, on big integers: some milliseconds a signature, on the thread that calls it. */
export function createReferenceSignatureVerifier(): SignatureVerifier {
  return {
    async verifyBatch(items, signal) {
      signal?.throwIfAborted();
      const valid: boolean[] = [];
      for (let at = 0; at < items.length; at += CHUNK) {
        if (at > 0) await breathe();
        signal?.throwIfAborted();
        valid.push(...judge(items.slice(at, at + CHUNK)));
      }
      return valid;
    },
  };
}
