import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RealOutcome, runRealLedger } from './scenario-test-support.ts';

/** Worlds on real ledgers; more of them by `npm run simulate -- --scenario real-ledger`. */
const SEEDS = [1, 2, 3, 4, 5, 6];

test('real ledgers agree on payments, stake that changes, slashes and empty blocks', async () => {
  const outcomes: RealOutcome[] = [];
  for (const seed of SEEDS) {
    const outcome = await runRealLedger(seed);
    assert.equal(outcome.violation, undefined, `seed ${seed}`);
    outcomes.push(outcome);
  }
  const all = (count: (outcome: RealOutcome) => number): number =>
    outcomes.reduce((sum, outcome) => sum + count(outcome), 0);
  assert.ok(all(({ payments }) => payments) > 20);
  assert.ok(all(({ stakeCommands }) => stakeCommands) > 10);
  assert.ok(all(({ slashes }) => slashes) > 2);
  assert.ok(all(({ emptyBlocks }) => emptyBlocks) > 0);
  assert.ok(all(({ tornCommits }) => tornCommits) > 0);
});

test('a seed replays its world to the last message, whatever is waited for in it', async () => {
  const runs: { trace: string[]; outcome: RealOutcome }[] = [];
  for (let run = 0; run < 2; run++) {
    const trace: string[] = [];
    const outcome = await runRealLedger(1, { trace: (line) => trace.push(line) });
    runs.push({ trace, outcome });
  }
  assert.ok(runs[0]!.trace.length > 100);
  assert.deepEqual(runs[0], runs[1]);
});
