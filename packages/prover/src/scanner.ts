import {
  blake2b,
  CryptoError,
  clearCofactor,
  multiply,
  pointFromBytes,
  pointToBytes,
  scalarFromBytes,
} from '@sero/crypto';
import { breathe } from './breathe.ts';
import { ProverError } from './errors.ts';

/** Bytes of one output as a scanner takes it: VPKr (32), then the tag (2). */
export const SCAN_OUTPUT_BYTES = 34;

const POINT_BYTES = 32;
const TAG_BYTES = 2;
/**
 * Outputs between two looks at the abort signal and the event loop, some 20 ms. A turn of the loop reads one piece of what is on its way
 * from a node: with long turns the next range of blocks would come in too slowly while this one is scanned.
 */
const CHUNK = 8;

/** An output worth opening, and the secret that opens it. */
export interface ScanHit {
  /** Its place among the outputs given. */
  readonly index: number;
  /** S = [8 vsk]VPKr: 32 bytes, canonical, never the identity. */
  readonly sharedSecret: Uint8Array;
}

export interface ScanRequest {
  /** vsk: 32 bytes little-endian, in [1, r_J). The cofactor is multiplied in by the scanner, so that it clears torsion. */
  readonly viewKey: Uint8Array;
  /** VPKr || tag of each output, 34 bytes each, one after the other. */
  readonly outputs: Uint8Array;
  /** An audit tries every output: tags are ignored, every output with a shared secret is a hit (design 2, Audit). */
  readonly audit?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Finds the outputs that may be one's own: those whose tag is B2b("SERO_tag", S || VPKr)[0..2]. One foreign output
 * in 65,536 is a hit too; only opening it decides. A VPKr that does not decode, or whose S is the identity (a
 * small-order VPKr, which every key would "own"), is never a hit.
 */
export interface Scanner {
  /** @throws ProverError `view-key-not-canonical`, `packed-length`; the signal's reason when aborted */
  scan(request: ScanRequest): Promise<ScanHit[]>;
}

/** tag = B2b("SERO_tag", S || VPKr)[0..2] (design 2, Notes). */
export function scanTag(sharedSecret: Uint8Array, vpkr: Uint8Array): Uint8Array {
  return blake2b('SERO_tag', sharedSecret, vpkr).subarray(0, TAG_BYTES);
}

function readViewKey(bytes: Uint8Array): bigint {
  try {
    const vsk = scalarFromBytes(bytes);
    if (vsk !== 0n) return vsk;
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
  }
  throw new ProverError('view-key-not-canonical', 'a view key is 32 little-endian bytes in [1, r_J)');
}

/** S, or undefined where VPKr does not decode or S is the identity. */
function shareSecret(vsk: bigint, vpkr: Uint8Array): Uint8Array | undefined {
  try {
    // Clearing the cofactor first leaves a point of prime order, which is what `multiply` is for.
    const cleared = clearCofactor(pointFromBytes(vpkr));
    return cleared.is0() ? undefined : pointToBytes(multiply(cleared, vsk));
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}

/** The portable scanner, on big integers: hundreds of outputs a second and core. */
export function createPortableScanner(): Scanner {
  return {
    scan: async ({ viewKey, outputs, audit = false, signal }) => {
      const vsk = readViewKey(viewKey);
      if (outputs.length % SCAN_OUTPUT_BYTES !== 0) {
        throw new ProverError(
          'packed-length',
          `outputs are ${SCAN_OUTPUT_BYTES} bytes each: VPKr, then the tag`,
        );
      }
      const hits: ScanHit[] = [];
      const count = outputs.length / SCAN_OUTPUT_BYTES;
      for (let index = 0; index < count; index++) {
        if (index % CHUNK === 0) {
          if (index > 0) await breathe();
          signal?.throwIfAborted();
        }
        const output = outputs.subarray(index * SCAN_OUTPUT_BYTES, (index + 1) * SCAN_OUTPUT_BYTES);
        const vpkr = output.subarray(0, POINT_BYTES);
        const sharedSecret = shareSecret(vsk, vpkr);
        if (sharedSecret === undefined) continue;
        const tag = scanTag(sharedSecret, vpkr);
        const tagged = tag[0] === output[POINT_BYTES] && tag[1] === output[POINT_BYTES + 1];
        if (audit || tagged) hits.push({ index, sharedSecret });
      }
      return hits;
    },
  };
}
