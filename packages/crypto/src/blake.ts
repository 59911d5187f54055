import { blake2b as nobleBlake2b, blake2s as nobleBlake2s } from '@noble/hashes/blake2.js';
import { type Blake2bModule, blake2bModule, initialState, PIECE } from './blake2b-wasm.ts';
import { utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** A personalisation: ASCII text, or bytes where a standard puts counters into it. */
export type Personalisation = string | Uint8Array;

function personal(value: Personalisation, length: number): Uint8Array {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  if (bytes.length > length) {
    throw new CryptoError(
      'wrong-length',
      `a personalisation here has at most ${length} bytes, got ${bytes.length}`,
    );
  }
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

/** BLAKE2b with a digest of `length` bytes, 1 to 64, as one implementation has it. */
type Blake2b = (
  personalisation: Personalisation,
  length: number,
  chunks: readonly Uint8Array[],
) => Uint8Array;

/** In plain JavaScript, by @noble/hashes: where there is no WebAssembly. */
export const nobleBlake2bOfLength: Blake2b = (personalisation, length, chunks) => {
  const hash = nobleBlake2b.create({ dkLen: length, personalization: personal(personalisation, 16) });
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

/** Texts of a length whose initial states are remembered: those of the designs are fewer. */
const MOST_STATES = 256;

const BLOCK = 128;

/** On WebAssembly. What was hashed is wiped: it may have been a secret. */
export function wasmBlake2bOfLength({ state, message, compress }: Blake2bModule): Blake2b {
  const states = Array.from({ length: 65 }, () => new Map<string, Uint8Array>());

  function stateOf(personalisation: Personalisation, length: number): Uint8Array {
    if (typeof personalisation !== 'string') return initialState(length, personal(personalisation, 16));
    const known = states[length]!;
    const found = known.get(personalisation);
    if (found !== undefined) return found;
    const made = initialState(length, personal(personalisation, 16));
    if (known.size < MOST_STATES) known.set(personalisation, made);
    return made;
  }

  return (personalisation, length, chunks) => {
    if (!Number.isInteger(length) || length < 1 || length > 64) {
      throw new CryptoError('wrong-length', `a digest of BLAKE2b has 1 to 64 bytes, not ${length}`);
    }
    state.set(stateOf(personalisation, length));
    let before = 0;
    let filled = 0;
    let used = 0;
    try {
      for (const chunk of chunks) {
        // A text or a number would be taken for other bytes without a word: whoever passes one by mistake would hash what anybody can guess.
        if (!(chunk instanceof Uint8Array)) throw new TypeError('BLAKE2b hashes bytes: a Uint8Array');
        for (let at = 0; at < chunk.length; ) {
          // A full piece goes only when more follows: the last block must be known as such.
          if (filled === PIECE) {
            compress(before, PIECE, 0);
            before += PIECE;
            filled = 0;
          }
          const taken = Math.min(PIECE - filled, chunk.length - at);
          message.set(taken === chunk.length ? chunk : chunk.subarray(at, at + taken), filled);
          at += taken;
          filled += taken;
          if (filled > used) used = filled;
        }
      }
      // The last block is padded with zeros; what stands there is of an earlier piece, or of a message that was not hashed to its end.
      const end = filled === 0 ? BLOCK : Math.ceil(filled / BLOCK) * BLOCK;
      message.fill(0, filled, end);
      compress(before, filled, -1);
      return state.slice(0, length);
    } finally {
      message.fill(0, 0, used);
      state.fill(0);
    }
  };
}

const wasm = blake2bModule();

/** BLAKE2b with a digest of `length` bytes, 1 to 64. @throws CryptoError `wrong-length` */
export const blake2bOfLength: Blake2b = wasm === undefined ? nobleBlake2bOfLength : wasmBlake2bOfLength(wasm);

/** B2b_p of the designs: BLAKE2b-512 with a personalisation of up to 16 ASCII characters, zero-padded (RFC 7693). */
export function blake2b(personalisation: Personalisation, ...chunks: readonly Uint8Array[]): Uint8Array {
  return blake2bOfLength(personalisation, 64, chunks);
}

/** B2b-256 of the designs: BLAKE2b with a digest of 32 bytes (its own parameter block, not a truncation). */
export function blake2b256(personalisation: Personalisation, ...chunks: readonly Uint8Array[]): Uint8Array {
  return blake2bOfLength(personalisation, 32, chunks);
}

/** BLAKE2s-256 with a personalisation of up to 8 characters, for the group hash. */
export function blake2s256(personalisation: Personalisation, ...chunks: readonly Uint8Array[]): Uint8Array {
  const hash = nobleBlake2s.create({ dkLen: 32, personalization: personal(personalisation, 8) });
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}
