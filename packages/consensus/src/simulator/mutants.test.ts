import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, MUTANTS, type Mutant, runSeed } from './index.ts';
import type { ViolationCode } from './violation.ts';

/** For each rule that can be switched off, the kind of world that notices it soonest, and the invariants that may be broken there. */
const FOUND: Readonly<Record<Mutant, { scenario: string; by: readonly ViolationCode[] }>> = {
  'vote-log-sync': { scenario: 'corrupt-after-send', by: ['stolen-key', 'honest-equivocation'] },
  equivocation: { scenario: 'double-voter', by: ['progress'] },
  'next-vote': { scenario: 'hidden-certificate', by: ['given-up', 'two-certificates'] },
  'pinned-value': { scenario: 'missed-certificate', by: ['progress'] },
  threshold: { scenario: 'honest', by: ['certificate'] },
  'empty-block': { scenario: 'hidden-before-empty', by: ['two-certificates'] },
  'old-certificate': { scenario: 'stale-certificate', by: ['progress'] },
  'held-blocks': { scenario: 'crash-all', by: ['progress'] },
  'early-votes': { scenario: 'crash-restart', by: ['contract'] },
  'deaf-restart': { scenario: 'crash-restart', by: ['contract'] },
  'early-erasure': { scenario: 'killed', by: ['progress'] },
  body: { scenario: 'wrong-body', by: ['invalid-block', 'progress'] },
  'draw-proof': { scenario: 'liar', by: ['draw'] },
  'seed-proof': { scenario: 'liar', by: ['draw'] },
  'seed-lookback': { scenario: 'withholder', by: ['leader-share'] },
  'seed-refresh': { scenario: 'withholder', by: ['leader-share'] },
};

/** The standard seeds, which hold with every rule: seeds.test.ts. */
const COUNT = 200;

for (const mutant of MUTANTS) {
  const { scenario, by } = FOUND[mutant];
  test(`a standard seed's world notices that the rule "${mutant}" is switched off`, () => {
    for (let seed = 1; seed <= COUNT; seed++) {
      if (kindOf(seed).name !== scenario) continue;
      const { violation } = runSeed(seed, { mutant });
      if (violation === undefined) continue;
      assert.ok(by.includes(violation.code), `seed ${seed}: ${violation.message}`);
      return;
    }
    assert.fail('no world notices');
  });
}

/** What follows from a switched-off rule where even the checker takes it for right: two blocks of one round. */
const FORKS: readonly (readonly [mutant: Mutant, seed: number, scenario: string])[] = [
  // Four units, one of them hostile: a quorum is 3. With 2, the one who votes twice makes two of them.
  ['threshold', 14, 'equivocator'],
  ['next-vote', 2, 'hidden-certificate'],
];

for (const [mutant, seed, scenario] of FORKS) {
  test(`without the rule "${mutant}" two blocks of one round are certified`, () => {
    const { violation } = runSeed(seed, { scenario, mutant, isBelieved: true });
    assert.equal(violation?.code, 'two-certificates');
  });
}
