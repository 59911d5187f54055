import { concat, toHex } from '@sero/crypto';
import {
  type CheckedTransaction,
  checkPossession,
  type PossessionVerifier,
  ProtocolError,
} from '@sero/protocol';

/** Verdicts that are remembered at most. */
const REMEMBERED = 4_096;

/** Whether who registers a BLS key has its secret: the dearest check of all, so it comes when signature and proof have held. */
export interface PossessionChecker {
  /** The refusal of a transaction; undefined where it registers nothing, or rightly. */
  check(checked: CheckedTransaction): ProtocolError | undefined;
}

/**
 * A checker that remembers its verdicts, refusals among them: a transaction whose proof holds can be sent again and again at no cost.
 *
 * @param limit verdicts that are remembered at most; default 4,096
 */
export function possessionChecker(bls: PossessionVerifier, limit = REMEMBERED): PossessionChecker {
  const verdicts = new Map<string, ProtocolError | undefined>();
  return {
    check({ tx, action }) {
      if (action.type !== 'register') return undefined;
      const name = toHex(concat(action.body.blsKey, action.body.blsProof, tx.from));
      if (verdicts.has(name)) return verdicts.get(name);
      const verdict = refusalOf(() => checkPossession(action.body, tx.from, bls));
      verdicts.set(name, verdict);
      if (verdicts.size > limit) verdicts.delete(verdicts.keys().next().value!);
      return verdict;
    },
  };
}

function refusalOf(check: () => void): ProtocolError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}
