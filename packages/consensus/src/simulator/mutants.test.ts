import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MUTANTS, type Mutant, runSeed } from './index.ts';
import type { ViolationCode } from './violation.ts';

/**
 * For each rule that can be switched off, standard seeds whose worlds notice, and by which invariant. That the same worlds hold with the rule
 * is shown in seeds.test.ts.
 */
const FOUND: Readonly<Record<Mutant, readonly (readonly [seed: number, by: ViolationCode])[]>> = {
  'vote-log-sync': [
    [35, 'honest-equivocation'],
    [45, 'stolen-key'],
  ],
  equivocation: [[4, 'exception']],
  'next-vote': [
    [36, 'two-certificates'],
    [48, 'two-certificates'],
  ],
  'pinned-value': [[3, 'progress']],
  threshold: [[1, 'certificate']],
  'empty-block': [[63, 'two-certificates']],
  'old-certificate': [[8, 'progress']],
  'seed-lookback': [[25, 'leader-share']],
};

for (const mutant of MUTANTS) {
  test(`worlds notice where the rule "${mutant}" is switched off`, () => {
    for (const [seed, by] of FOUND[mutant]) {
      assert.equal(runSeed(seed, { mutant }).violation?.code, by, `seed ${seed}`);
    }
  });
}
