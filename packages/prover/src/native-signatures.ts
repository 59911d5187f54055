import { fieldToBytes, isField, type SignedHash } from '@sero/crypto';
import type { CoreAddon } from './native-addon.ts';
import { cancellable, statusError } from './native-status.ts';
import type { SignatureVerifier } from './signatures.ts';

/** rk 32 | message 32 | R 32 | s 32. */
const ITEM_BYTES = 128;
const POINT_BYTES = 32;
const SIGNATURE_BYTES = 64;
const SEED_BYTES = 32;
/** Signatures of one call of the addon. */
const BATCH = 4096;

/** Whether the addon's form can carry an item; one that does not fit it is no signature. */
function fits({ rk, hashE, signature }: SignedHash): boolean {
  return rk.length === POINT_BYTES && signature.length === SIGNATURE_BYTES && isField(hashE);
}

/** RedJubjub signatures in batches, off the event loop. */
export function createNativeSignatureVerifier(addon: CoreAddon): SignatureVerifier {
  async function verifyFew(
    items: readonly SignedHash[],
    signal: AbortSignal | undefined,
  ): Promise<boolean[]> {
    const packed = new Uint8Array(items.length * ITEM_BYTES);
    for (const [i, { rk, hashE, signature }] of items.entries()) {
      packed.set(rk, i * ITEM_BYTES);
      packed.set(fieldToBytes(hashE), i * ITEM_BYTES + POINT_BYTES);
      packed.set(signature, i * ITEM_BYTES + 2 * POINT_BYTES);
    }
    const seed = globalThis.crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    const valid = await cancellable(
      addon,
      signal,
      ({ reason }) => reason,
      (flag) => addon.verifySignatures(packed, seed, flag),
    );
    if (typeof valid === 'number') throw statusError(valid);
    return Array.from(valid, (byte) => byte === 1);
  }

  return {
    async verifyBatch(items, signal) {
      signal?.throwIfAborted();
      const answers = items.map(() => false);
      const places = items.flatMap((item, i) => (fits(item) ? [i] : []));
      for (let from = 0; from < places.length; from += BATCH) {
        const some = places.slice(from, from + BATCH);
        const valid = await verifyFew(
          some.map((place) => items[place]!),
          signal,
        );
        for (const [i, place] of some.entries()) answers[place] = valid[i]!;
      }
      return answers;
    },
  };
}
