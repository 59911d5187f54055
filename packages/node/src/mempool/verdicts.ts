import { LedgerError } from '@sero/ledger';
import { ProtocolError } from '@sero/protocol';

/** A refusal that depends on nothing but the bytes: the same bytes get the same answer for ever. */
export type FinalRefusal = ProtocolError | LedgerError;

/** True for a {@link FinalRefusal}. */
export function isFinal(error: unknown): error is FinalRefusal {
  if (error instanceof ProtocolError) return true;
  return (
    error instanceof LedgerError && (error.code === 'proof-invalid' || error.code === 'circuit-without-key')
  );
}

/** Refused bytes by wtxid, so that none is verified twice. */
export interface Verdicts {
  /** Why the bytes of this name were refused; undefined where that is not known. */
  get(name: string): FinalRefusal | undefined;
  remember(name: string, refusal: FinalRefusal): void;
}

/**
 * Remembers refusals of two sorts apart: those that a proof or a signature was verified for, and those that decoding came to.
 * Bytes of the second sort are made by the thousand for nothing, and none of them may push out one of the first. Of each sort
 * the one that nobody asked for longest is forgotten first.
 *
 * @param most of each sort
 */
export function createVerdicts(most: number): Verdicts {
  const verified = new Map<string, FinalRefusal>();
  const decoded = new Map<string, FinalRefusal>();

  return {
    get(name) {
      for (const sort of [verified, decoded]) {
        const refusal = sort.get(name);
        if (refusal === undefined) continue;
        // Last used stands last: the first is forgotten first.
        sort.delete(name);
        sort.set(name, refusal);
        return refusal;
      }
      return undefined;
    },
    remember(name, refusal) {
      const costly = refusal.code === 'proof-invalid' || refusal.code === 'signature-invalid';
      const sort = costly ? verified : decoded;
      sort.set(name, refusal);
      if (sort.size > most) sort.delete(sort.keys().next().value!);
    },
  };
}
