/** The sets of rules that the machine knows, oldest first. SERO runs `cancun` with the precompiles of `prague`. */
export const FORKS = ['london', 'paris', 'shanghai', 'cancun', 'prague'] as const;

export type Fork = (typeof FORKS)[number];

/** Says whether `fork` has the rules that came with `since`. */
export function isSince(fork: Fork, since: Fork): boolean {
  return FORKS.indexOf(fork) >= FORKS.indexOf(since);
}
