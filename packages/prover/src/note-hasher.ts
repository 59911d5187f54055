import { CryptoError, fieldFromBytes, fieldToBytes, hashNode } from '@sero/crypto';
import { ProverError } from './errors.ts';

const ELEMENT_BYTES = 32;
const TUPLE_BYTES = 4 * ELEMENT_BYTES;

/** Hashes many 4-tuples of the note tree at once. */
export interface NoteHasher {
  /**
   * H_node of every 4-tuple: Poseidon of width 5, domain tag 1 (design 2, Tree).
   *
   * @param tuples field elements, LE32 each, four a tuple, packed
   * @returns one field element a tuple, LE32 each, packed
   * @throws ProverError `packed-length`, `field-not-canonical`
   */
  hash4(tuples: Uint8Array): Uint8Array;
}

function readElement(packed: Uint8Array, index: number): bigint {
  try {
    return fieldFromBytes(packed.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES));
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new ProverError('field-not-canonical', `element ${index} is not below the modulus`, {
      cause: error,
    });
  }
}

/** The portable hasher, on big integers. */
export function createPortableNoteHasher(): NoteHasher {
  return {
    hash4: (tuples) => {
      if (tuples.length % TUPLE_BYTES !== 0) {
        throw new ProverError('packed-length', `tuples are ${TUPLE_BYTES} bytes each: four field elements`);
      }
      const count = tuples.length / TUPLE_BYTES;
      const out = new Uint8Array(count * ELEMENT_BYTES);
      for (let i = 0; i < count; i++) {
        const at = 4 * i;
        const hash = hashNode(
          readElement(tuples, at),
          readElement(tuples, at + 1),
          readElement(tuples, at + 2),
          readElement(tuples, at + 3),
        );
        out.set(fieldToBytes(hash), i * ELEMENT_BYTES);
      }
      return out;
    },
  };
}
