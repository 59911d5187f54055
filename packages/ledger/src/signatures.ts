import { verify, verifyBatch } from '@sero/crypto';
import { type CheckedTransaction, ProtocolError, signedHash } from '@sero/protocol';

/** Bytes of a batch coefficient: 128 bits. */
const COEFFICIENT_BYTES = 16;

/**
 * Checks signatures as one batch; where it fails, one by one, to name the culprits. Both use the
 * same cofactored equation, so the verdict is that of `verify` (but for a chance of 2^-128).
 *
 * @returns the error of each transaction whose signature is bad, undefined for the others
 */
export function signatureErrors(
  transactions: readonly CheckedTransaction[],
  randomBytes: (length: number) => Uint8Array,
): (ProtocolError | undefined)[] {
  const items = transactions.map(signedHash);
  if (verifyBatch(items, () => randomBytes(COEFFICIENT_BYTES))) return items.map(() => undefined);
  return items.map((item) =>
    verify(item)
      ? undefined
      : new ProtocolError('signature-invalid', 'the signature does not verify under rk'),
  );
}
