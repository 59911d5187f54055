import { ProverError } from './errors.ts';
import type { CoreAddon } from './native-addon.ts';
import { statusError } from './native-status.ts';
import type { NoteHasher } from './note-hasher.ts';

const TUPLE_BYTES = 128;
const STATUS_FIELD_NOT_CANONICAL = 600;
/** Tuples of one call of the addon, some ten milliseconds of work. */
const BATCH = 1 << 14;

/** The native hasher: on the calling thread, which is helped by the addon's where there is much to do. */
export function createNativeNoteHasher(addon: CoreAddon): NoteHasher {
  return {
    hash4(tuples) {
      if (tuples.length % TUPLE_BYTES !== 0) {
        throw new ProverError('packed-length', `tuples are ${TUPLE_BYTES} bytes each: four field elements`);
      }
      const out = new Uint8Array(tuples.length / 4);
      for (let from = 0; from * TUPLE_BYTES < tuples.length; from += BATCH) {
        const hashes = addon.hashNodes(tuples.subarray(from * TUPLE_BYTES, (from + BATCH) * TUPLE_BYTES));
        if (!(hashes instanceof Uint8Array)) {
          const [status, at] = hashes;
          if (status !== STATUS_FIELD_NOT_CANONICAL) throw statusError(status);
          throw new ProverError('field-not-canonical', `element ${4 * from + at} is not below the modulus`);
        }
        out.set(hashes, (from * TUPLE_BYTES) / 4);
      }
      return out;
    },
  };
}
