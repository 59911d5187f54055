import { verify, verifyBatch } from '@sero/crypto';
import { type CheckedTransaction, ProtocolError, signedHash } from '@sero/protocol';

/** Bytes of a batch coefficient: 128 bits. */
const COEFFICIENT_BYTES = 16;

/**
 * Checks the signatures of a block as one batch; where it fails, one by one, to name the culprit. Both use the
 * same cofactored equation, so the verdict is that of `verify` (but for a chance of 2^-128).
 *
 * @returns the place of the first bad signature with its error, or undefined
 */
export function findBadSignature(
  transactions: readonly CheckedTransaction[],
  randomBytes: (length: number) => Uint8Array,
): { readonly index: number; readonly error: ProtocolError } | undefined {
  const items = transactions.map(signedHash);
  if (verifyBatch(items, () => randomBytes(COEFFICIENT_BYTES))) return undefined;
  const index = items.findIndex((item) => !verify(item));
  if (index < 0) return undefined;
  return { index, error: new ProtocolError('signature-invalid', 'the signature does not verify under rk') };
}
