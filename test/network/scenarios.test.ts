import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';

/** Four validators that run as people run them, connected through a relay and watched from outside: `run.ts` does the same with more of everything. */
describe('four validators in processes of their own', { concurrency: false }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'sero-scenarios-'));
  let stage: Stage;
  before(async () => {
    stage = await openStage({ directory, seed: 'scenarios', validators: 4, others: 1, late: ['node-0'] });
  });
  after(async () => {
    await stage?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const happens = (name: ScenarioName) => async (): Promise<void> => {
    await SCENARIOS[name](stage);
    assert.deepEqual(stage.checker.book.violations, []);
  };

  it('go on while one is dead after kill -9, and it finds its place again', happens('kill'));
  it('make nothing final in two halves, and go on together after', happens('halves'));
  it('go on over links that are slow and lose segments', happens('slow-and-lossy'));
  it('are followed by a node that joins late', happens('late-joiner'));
  it('vote once though the disk of one tore its last vote', happens('torn-votes'));
  it('vote once though the disk of one lost blocks that its votes are ahead of', happens('chain-of-before'));
  it('go on with a clock that is wrong', happens('wrong-clock'));
  it('lose nothing final when all are killed at once', happens('blackout'));
});
