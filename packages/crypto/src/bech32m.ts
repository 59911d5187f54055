import { bech32m } from '@scure/base';
import { concat, equalBytes, utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';
import { f4Jumble, f4JumbleInverse } from './f4jumble.ts';

/** Room for the prefix inside the jumbled bytes (ZIP 316), so that a changed prefix is noticed too. */
const PREFIX_LENGTH = 16;

/**
 * Text of a key or address: bech32m (BIP 350) over F4Jumble(type byte || content || prefix padded to 16).
 *
 * @param prefix the human-readable part, 1 to 16 lower-case ASCII characters
 * @param type one byte, a different one for every kind of content
 */
export function encodeJumbled(prefix: string, type: number, content: Uint8Array): string {
  const padded = new Uint8Array(PREFIX_LENGTH);
  padded.set(utf8(prefix));
  return bech32m.encode(
    prefix,
    bech32m.toWords(f4Jumble(concat(Uint8Array.of(type), content, padded))),
    false,
  );
}

/**
 * Decodes what `encodeJumbled` wrote. Throws `bech32m-wrong-prefix` for another kind or network and
 * `bech32m-malformed` for anything else that is off, a wrong length included.
 */
export function decodeJumbled(prefix: string, type: number, length: number, text: string): Uint8Array {
  const malformed = (): CryptoError =>
    new CryptoError('bech32m-malformed', `not a valid "${prefix}1…" string`);
  let words: { prefix: string; words: number[] };
  try {
    words = bech32m.decode(text as `${string}1${string}`, 1024);
  } catch {
    throw malformed();
  }
  if (words.prefix !== prefix) {
    throw new CryptoError('bech32m-wrong-prefix', `expected a "${prefix}1…" string, got "${words.prefix}1…"`);
  }
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(bech32m.fromWords(words.words));
  } catch {
    throw malformed();
  }
  if (bytes.length !== 1 + length + PREFIX_LENGTH) throw malformed();
  const plain = f4JumbleInverse(bytes);
  const padded = new Uint8Array(PREFIX_LENGTH);
  padded.set(utf8(prefix));
  if (plain[0] !== type || !equalBytes(plain.subarray(1 + length), padded)) throw malformed();
  return plain.slice(1, 1 + length);
}
