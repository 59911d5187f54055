import type { Mutant } from '../mutant.ts';
import type { Scope } from './model.ts';

/** A scope and how it is gone through. */
export interface Run {
  readonly scope: Scope;
  readonly isReduced: boolean;
}

/** What is explored to its end; each name says what it has more than others. */
export const RUNS = {
  /** Every state, nothing left out. */
  plain: run({ faults: 1, originals: [2, 1], emptyBlockPeriod: 3, nextVotes: 2, recovery: false }, false),
  /** The same where the empty block takes the place of new ones in period 1. */
  'plain-empty': run(
    { faults: 1, originals: [2, 0], emptyBlockPeriod: 1, nextVotes: 2, recovery: false },
    false,
  ),
  /** Every state, with fast recovery. */
  'plain-recovery': run(
    { faults: 1, originals: [2, 1], emptyBlockPeriod: 3, nextVotes: 2, recovery: true },
    false,
  ),
  /** Three periods with everything, and two new values in each. */
  'three-periods': run(
    { faults: 1, originals: [2, 2, 2], emptyBlockPeriod: 3, nextVotes: 2, recovery: true },
    true,
  ),
  /** m = 1 and m = 2. */
  'empty-from-1': run(
    { faults: 1, originals: [2, 0, 0], emptyBlockPeriod: 1, nextVotes: 2, recovery: true },
    true,
  ),
  'empty-from-2': run(
    { faults: 1, originals: [2, 2, 0], emptyBlockPeriod: 2, nextVotes: 2, recovery: true },
    true,
  ),
  /** Four periods. */
  'four-periods': run(
    { faults: 1, originals: [2, 1, 1, 1], emptyBlockPeriod: 3, nextVotes: 1, recovery: true },
    true,
  ),
  /** Seven units, of which the Byzantine player has two. */
  'two-faults': run(
    { faults: 2, originals: [2, 1], emptyBlockPeriod: 3, nextVotes: 2, recovery: true },
    true,
  ),
  'two-faults-three-periods': run(
    { faults: 2, originals: [2, 1, 1], emptyBlockPeriod: 3, nextVotes: 1, recovery: true },
    true,
  ),
} as const satisfies Record<string, Run>;

export type RunName = keyof typeof RUNS;

/** A run in which each of these mutants forks. */
export const FORKING: ReadonlyMap<Mutant, RunName> = new Map<Mutant, RunName>([
  ['threshold', 'plain'],
  ['next-vote', 'plain'],
  ['empty-block', 'plain-empty'],
]);

function run(scope: Scope, isReduced: boolean): Run {
  return { scope, isReduced };
}
