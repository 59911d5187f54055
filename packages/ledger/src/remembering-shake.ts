import { toHex } from '@sero/crypto';
import type { Shake256 } from '@sero/protocol';

/** Answers that are remembered: the nullifiers of some full blocks, 2 KiB each. */
const REMEMBERED = 2_048;

/**
 * SHAKE256 that remembers its last answers. The same payments stand in several proposals of a round, and each of these adds their nullifiers to the
 * set: their elements are worked out once. An answer is shared, and never changed by those who ask.
 */
export function rememberingShake256(shake256: Shake256): Shake256 {
  const known = new Map<string, Uint8Array>();
  return (message, length) => {
    const name = `${length} ${toHex(message)}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = shake256(message, length);
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
    known.set(name, made);
    return made;
  };
}
