import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Mutant, runSeed } from './index.ts';
import type { ViolationCode } from './violation.ts';

/**
 * Faults that the simulator found, each with worlds that find it again where its mend is left out. A change of what worlds draw moves them:
 * `npm run simulate -- --mutant NAME --scenario SCENARIO` tells where one is then.
 */
const FOUND: readonly {
  readonly what: string;
  readonly mend: Mutant;
  readonly by: ViolationCode;
  readonly worlds: readonly (readonly [scenario: string, seed: number])[];
}[] = [
  {
    what: 'a block that is voted for comes back from the log, though everybody crashed',
    mend: 'held-blocks',
    by: 'progress',
    worlds: [
      ['crash-all', 3],
      ['crash-all', 4],
    ],
  },
  {
    what: 'votes that came early for a round come back from its log',
    mend: 'early-votes',
    by: 'contract',
    worlds: [
      ['crash-restart', 1],
      ['crash-restart', 5],
    ],
  },
  {
    what: 'nothing that comes while the log is read is mixed with it',
    mend: 'deaf-restart',
    by: 'contract',
    worlds: [
      ['crash-restart', 9],
      ['crash-all', 4],
    ],
  },
  {
    what: 'no key goes before what made it useless is in the log, so that processes which are killed can vote where they come back to',
    mend: 'early-erasure',
    by: 'progress',
    worlds: [
      ['killed', 1],
      ['killed', 2],
    ],
  },
];

for (const { what, mend, by, worlds } of FOUND) {
  test(what, () => {
    for (const [scenario, seed] of worlds) {
      assert.equal(runSeed(seed, { scenario }).violation, undefined, `${scenario} ${seed}`);
      const { violation } = runSeed(seed, { scenario, mutant: mend });
      assert.equal(violation?.code, by, `${scenario} ${seed} without its mend`);
    }
  });
}
