import { toHex } from '@sero/crypto';
import type { CheckedTransaction } from '@sero/protocol';
import type { Groth16Verifier, VerifyingKey } from '@sero/prover';
import { LedgerError } from './errors.ts';

/** Verdicts that are remembered at most: those of a full mempool and more. */
const REMEMBERED = 65_536;

/** A transaction and the notes root under which its proof must hold. */
export interface ProofClaim {
  readonly checked: CheckedTransaction;
  readonly root: bigint;
}

/** Verifies proofs once: verdicts are remembered by wtxid (so by the proof's very bytes), key and root. */
export interface ProofChecker {
  /** The error of each claim whose proof is refused; undefined for the others. Throws what the verifier throws: no verdict then. */
  check(claims: readonly ProofClaim[]): Promise<(LedgerError | undefined)[]>;
  /** True where a verdict is remembered: under another root than its anchor's it would be asked for again. */
  isKnown(checked: CheckedTransaction): boolean;
}

/** A proof checker over the keys that genesis names. @param limit verdicts that are remembered at most; default 65,536 */
export function proofChecker(
  verifier: Groth16Verifier,
  keys: ReadonlyMap<number, VerifyingKey>,
  limit = REMEMBERED,
): ProofChecker {
  /** The root under which a proof was seen to hold. An anchor has one root for ever, so one a transaction is enough. */
  const valid = new Map<string, bigint>();
  const nameOf = (checked: CheckedTransaction): string => `${toHex(checked.wtxid)}/${checked.tx.circuit}`;
  const remember = (name: string, root: bigint): void => {
    valid.set(name, root);
    if (valid.size > limit) valid.delete(valid.keys().next().value!);
  };
  return {
    isKnown: (checked) => valid.has(nameOf(checked)),

    async check(claims) {
      const errors: (LedgerError | undefined)[] = claims.map(() => undefined);
      const open: { index: number; name: string; vk: VerifyingKey }[] = [];
      for (const [index, claim] of claims.entries()) {
        const name = nameOf(claim.checked);
        if (valid.get(name) === claim.root) continue;
        const vk = keys.get(claim.checked.tx.circuit);
        if (vk === undefined) {
          errors[index] = new LedgerError(
            'circuit-without-key',
            `genesis names no key for circuit ${claim.checked.tx.circuit}`,
          );
        } else {
          open.push({ index, name, vk });
        }
      }
      if (open.length === 0) return errors;
      const verdicts = await verifier.verifyBatch(
        open.map(({ index, vk }) => {
          const { checked, root } = claims[index]!;
          return { vk, publicInputs: checked.publicInputs(root), proof: checked.authorization.proof };
        }),
      );
      for (const [i, verdict] of verdicts.entries()) {
        const { index, name } = open[i]!;
        if (verdict.ok) remember(name, claims[index]!.root);
        else errors[index] = new LedgerError('proof-invalid', `the proof does not hold: ${verdict.code}`);
      }
      return errors;
    },
  };
}
