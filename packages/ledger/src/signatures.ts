import { type CheckedTransaction, ProtocolError, signedHash } from '@sero/protocol';
import type { SignatureVerifier } from '@sero/prover';
import { gathered } from './gather.ts';

/** Signatures that one batch of single transactions holds at most; a larger one saves next to nothing. */
const GATHERED = 64;

/**
 * The error of each transaction whose signature is bad, undefined for the others. Throws what the verifier throws: no verdict
 * then.
 */
export type CheckSignatures = (
  transactions: readonly CheckedTransaction[],
) => Promise<(ProtocolError | undefined)[]>;

/** Checks the signatures of transactions through a verifier of batches. */
export interface SignatureChecker {
  /** Those of a block: they wait for no others. */
  readonly ofBlock: CheckSignatures;
  /** Those of single transactions, which share a batch with whoever else asks. */
  readonly shared: CheckSignatures;
}

/** A checker over a verifier. */
export function signatureChecker(verifier: SignatureVerifier): SignatureChecker {
  const checkBy =
    (verifyBatch: (items: ReturnType<typeof signedHash>[]) => Promise<readonly boolean[]>): CheckSignatures =>
    async (transactions) => {
      if (transactions.length === 0) return [];
      const valid = await verifyBatch(transactions.map(signedHash));
      // Nothing but true is a signature that holds: neither is an answer that is missing.
      return transactions.map((_, i) =>
        valid[i] === true
          ? undefined
          : new ProtocolError('signature-invalid', 'the signature does not verify under rk'),
      );
    };
  return {
    ofBlock: checkBy((items) => verifier.verifyBatch(items)),
    shared: checkBy(gathered((items) => verifier.verifyBatch(items), GATHERED)),
  };
}
