import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressBound } from './progress-bound.ts';
import { randomFrom } from './random.ts';
import { runSeed } from './run-seed.ts';
import type { Scenario } from './scenarios/draw.ts';
import { SCENARIOS } from './scenarios/index.ts';

/** The largest bound of some worlds of a scenario, whole seconds. */
function mostOf(name: Scenario['name']): number {
  const { plan } = SCENARIOS.find((one) => one.name === name)!;
  const bounds = Array.from({ length: 40 }, (_, seed) => progressBound(plan(randomFrom(BigInt(seed)))));
  return Math.round(Math.max(...bounds) / 1000);
}

test('the bound on progress is that of docs/consensus.md', () => {
  assert.deepEqual(
    ['honest', 'equivocator', 'fast-recovery', 'production-partition'].map(mostOf),
    [43, 68, 68, 724],
  );
});

test('who comes last to a period may be at other next votes than the rest for ever: they meet at the second turn of fast recovery', () => {
  // Some of the nodes went on while the network was in parts. A bound that counts one turn is broken here.
  const { violation, recovered } = runSeed(56, { scenario: 'production-partition' });
  assert.equal(violation, undefined);
  assert.ok(recovered !== undefined && recovered > 426_000, `${recovered} ms`);
});
