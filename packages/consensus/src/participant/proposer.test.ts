import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOTTOM, STEP } from '@sero/protocol';
import { PARAMS, startWorld, type TestWorld, valueFrom } from './participant-test-support.ts';

function ownProposals({ sent }: TestWorld): number[] {
  return sent.flatMap((message) =>
    message.type === 'vote' && message.vote.step === STEP.propose ? [message.vote.period] : [],
  );
}

/** The period ends without a block. */
function endPeriod(world: TestWorld, period: number): void {
  world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM, { period })));
}

describe('a proposer', () => {
  test('with nothing to include waits for the gap after the last block, and then proposes, though nothing else happens', () => {
    const world = startWorld({ transactions: false });
    world.sync();
    // Others begin early.
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.soft, valueFrom(world, 'v', 1))));
    world.pass(PARAMS.pace.minBlockGap - 1);
    world.sync();
    assert.deepEqual([ownProposals(world), world.proposals], [[], []]);
    world.pass(1);
    world.sync();
    assert.deepEqual(ownProposals(world), [0]);
  });

  test('proposes a value that won the last period again, without building anything', () => {
    const world = startWorld();
    world.sync();
    const v = valueFrom(world, 'v', 1);
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, v)));
    world.sync();
    assert.deepEqual([ownProposals(world), world.proposals], [[1], []]);
    assert.ok(world.journal.includes('broadcast vote 0 v'));
  });

  test('builds where all that it has heard of have larger leader values', () => {
    const world = startWorld();
    world.sync();
    const [own = 0n, ...others] = world.leaders();
    const behind = [1, 2, 3].filter((number) => others[number - 1]! > own);
    assert.ok(behind.length > 0, 'the values of this test were chosen so that one is behind');
    world.receive(...behind.map((from) => world.vote(from, STEP.propose, valueFrom(world, 'v', from))));
    world.pass(400);
    world.sync();
    assert.deepEqual(ownProposals(world), [0]);
  });

  test('proves the seed of its block in period 0, and in no other: there the seed does not depend on who proposes', () => {
    const world = startWorld();
    world.sync();
    world.pass(400);
    endPeriod(world, 0);
    world.pass(400);
    assert.deepEqual(
      world.proposals.map(({ period, seedProof }) => [period, seedProof?.length]),
      [
        [0, 80],
        [1, undefined],
      ],
    );
  });

  test('whose block is ready when its period is over says nothing, while the key would still sign it', () => {
    const world = startWorld({ slowBuilds: true });
    world.sync();
    world.pass(400);
    endPeriod(world, 0);
    assert.notEqual(world.keys.sign(1n, 0, STEP.propose, new Uint8Array(1)), undefined);
    world.finishBuilds();
    world.sync();
    assert.deepEqual(ownProposals(world), []);
    world.pass(400);
    world.finishBuilds();
    world.sync();
    assert.deepEqual(ownProposals(world), [1]);
  });

  test('whose block is ready when a smaller leader value has been shown says nothing: half a megabyte that nobody will vote for', () => {
    const world = startWorld({ slowBuilds: true });
    world.sync();
    world.pass(400);
    const [own = 0n, ...others] = world.leaders();
    const ahead = [1, 2, 3].filter((number) => others[number - 1]! < own);
    assert.ok(ahead.length > 0, 'the values of this test were chosen so that one is ahead');
    world.receive(...ahead.map((from) => world.vote(from, STEP.propose, valueFrom(world, 'v', from))));
    world.finishBuilds();
    world.sync();
    assert.deepEqual(ownProposals(world), []);
  });
});
