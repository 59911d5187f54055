import { ProverError } from './errors.ts';
import type { CoreAddon } from './native-addon.ts';
import { cancellable, statusError } from './native-status.ts';
import { SCAN_OUTPUT_BYTES, type ScanHit, type Scanner } from './scanner.ts';

const VIEW_KEY_BYTES = 32;
const SECRET_BYTES = 32;
const HIT_BYTES = 4 + SECRET_BYTES;
/** Outputs of one call of the addon, less than a second of work: what is held in memory, and what an abort waits for at most. */
const BATCH = 1 << 16;

/** The native scanner, off the event loop. */
export function createNativeScanner(addon: CoreAddon): Scanner {
  return {
    async scan({ viewKey, outputs, audit = false, signal }) {
      if (viewKey.length !== VIEW_KEY_BYTES) throw badViewKey();
      if (outputs.length % SCAN_OUTPUT_BYTES !== 0) {
        throw new ProverError(
          'packed-length',
          `outputs are ${SCAN_OUTPUT_BYTES} bytes each: VPKr, then the tag`,
        );
      }
      const hits: ScanHit[] = [];
      const count = outputs.length / SCAN_OUTPUT_BYTES;
      try {
        // Once without outputs too: a bad view key is refused whatever there is to scan.
        for (let from = 0; from === 0 || from < count; from += BATCH) {
          const some = outputs.subarray(from * SCAN_OUTPUT_BYTES, (from + BATCH) * SCAN_OUTPUT_BYTES);
          const found = await cancellable(
            addon,
            signal,
            ({ reason }) => reason,
            (flag) => addon.scan(viewKey, some, audit, flag),
          );
          if (typeof found === 'number') throw statusError(found);
          hits.push(...readHits(found, from));
          found.fill(0);
        }
      } catch (error) {
        for (const { sharedSecret } of hits) sharedSecret.fill(0);
        throw error;
      }
      return hits;
    },
  };
}

function readHits(found: Uint8Array, from: number): ScanHit[] {
  const view = new DataView(found.buffer, found.byteOffset, found.length);
  return Array.from({ length: found.length / HIT_BYTES }, (_, i) => {
    const at = i * HIT_BYTES;
    return { index: from + view.getUint32(at, true), sharedSecret: found.slice(at + 4, at + HIT_BYTES) };
  });
}

function badViewKey(): ProverError {
  return new ProverError('view-key-not-canonical', 'a view key is 32 little-endian bytes in [1, r_J)');
}
