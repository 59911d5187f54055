import type { Verdict } from './judge.ts';

/** Verdicts on votes by their names, as many as fit. */
export interface Verdicts {
  get(name: string): Verdict | undefined;
  put(name: string, verdict: Verdict): void;
}

/**
 * Remembers verdicts: a vote comes from several peers, and again in bundles. Those on valid and on invalid votes apart, since anybody makes as many
 * of the latter as he likes and they must push out none of the former. What is pushed out is judged again.
 *
 * @param valid, invalid how many are kept of each, at least 2; some 250 bytes each
 */
export function createVerdicts(valid: number, invalid: number): Verdicts {
  const [good, bad] = [generations(valid), generations(invalid)];
  return {
    get: (name) => good.get(name) ?? bad.get(name),
    put: (name, verdict) => (verdict.valid ? good : bad).put(name, verdict),
  };
}

/** Two generations, the older dropped when the younger is full. */
function generations(capacity: number): Verdicts {
  let [young, old] = [new Map<string, Verdict>(), new Map<string, Verdict>()];
  return {
    get: (name) => young.get(name) ?? old.get(name),
    put(name, verdict) {
      if (2 * (young.size + 1) > capacity) [young, old] = [new Map(), young];
      young.set(name, verdict);
    },
  };
}
