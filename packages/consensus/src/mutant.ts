/**
 * Rules that a test may switch off one at a time, to see that the simulator notices (`npm run simulate -- --mutant NAME`). Each is looked
 * at in one place, where the rule stands. No program but the simulator passes one.
 */
export const MUTANTS = [
  'vote-log-sync',
  'equivocation',
  'next-vote',
  'pinned-value',
  'threshold',
  'empty-block',
  'old-certificate',
  'seed-lookback',
  'seed-refresh',
  'body',
  'draw-proof',
  'seed-proof',
  'held-blocks',
  'early-votes',
  'deaf-restart',
  'early-erasure',
] as const;

export type Mutant = (typeof MUTANTS)[number];
