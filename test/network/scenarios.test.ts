import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type AttackName, underAttack } from './hostile.ts';
import { jepsen } from './jepsen.ts';
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
  it('keep every promise to people who pay while nodes are killed and cut off', async (context) => {
    const { faults, finality, ...counts } = await jepsen(stage, { seconds: 15, hurts: true });
    assert.deepEqual(faults, []);
    assert.ok(counts.final > 0, 'nobody paid');
    context.diagnostic(JSON.stringify({ ...counts, finality }));
  });

  /** Memory that an attack may cost: connections that are being set up, and the engine's heap before it is collected. */
  const MOST_BYTES = 400e6;

  // Who is sent away ends by that; on a busy machine it may take its time.
  for (const [attack, sendsAway, seconds = sendsAway ? 40 : 4] of [
    ['silent-sockets', false],
    ['gossip-garbage', true],
    ['gossip-giants', true],
    ['changed-items', false],
    ['replays', false],
    ['false-chain', true],
    ['slow-readers', false],
    // Three lies and gossip hears him no more, so that he comes to no fourth, for which he would be sent away.
    ['turncoat', false, 20],
  ] as readonly (readonly [AttackName, boolean, number?])[]) {
    const outcome = sendsAway ? 'sends the attackers away' : 'bears it';
    it(`go on while one of them is under attack (${attack}), which ${outcome}`, async (context) => {
      const [victim] = stage.validators as [string];
      const before = Math.max(...stage.alive().map((name) => stage.checker.book.headOf(name)));
      const seen = await underAttack(stage, attack, victim, seconds);
      context.diagnostic(JSON.stringify(seen));
      await stage.checker.reached(stage.alive(), before + 2, 60_000);
      await stage.checker.settle(stage.alive());
      assert.ok(seen.rssPeak - seen.rssBefore < MOST_BYTES, `${seen.rssBefore} bytes became ${seen.rssPeak}`);
      if (sendsAway) assert.equal(seen.kept, 0, 'it is still a peer');
    });
  }

  it('lose nothing final when all are killed at once', happens('blackout'));
});
