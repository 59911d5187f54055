import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOf, PARAMS } from '../machine/machine-test-support.ts';
import { newPlayer } from '../machine/player.ts';
import { createCatchUp } from './catch-up.ts';
import { partWorld, testClock } from './part-world-test-support.ts';

/** Somebody in round 1, and the rounds that it asked for. */
function start() {
  const asked: bigint[] = [];
  const blocks: Uint8Array[] = [];
  const { clock, fire, pass, timers } = testClock();
  const world = partWorld({
    clock,
    network: {
      requestRound: (round) => void asked.push(round),
      requestBlock: (digest) => void blocks.push(digest),
    },
  });
  let state = newPlayer(PARAMS, factsOf(1n), 0).state;
  const catchUp = createCatchUp(PARAMS, world, () => state);
  const goTo = (round: bigint): void => {
    state = newPlayer(PARAMS, factsOf(round), 0).state;
    catchUp.roundBegan();
  };
  return { catchUp, asked, blocks, fire, pass, timers, goTo };
}

test('a rumour of a later round counts until it was asked about; heard again it is asked about again', () => {
  const { catchUp, asked, fire } = start();
  for (const round of [7n, 7n, 8n, 9n]) catchUp.hear(round);
  assert.deepEqual(asked, [1n], 'ever later ones are one question a pause');
  fire();
  assert.deepEqual(asked, [1n, 1n]);
  catchUp.hear(7n);
  assert.deepEqual(asked, [1n, 1n, 1n]);
});

test('a rumour that was asked about makes nobody ask in later rounds: a lie would cost a question a round for ever', () => {
  const { catchUp, asked, fire, timers, goTo } = start();
  catchUp.hear(1_000_000n);
  fire();
  asked.length = 0;
  for (let round = 2n; round < 10n; round++) goTo(round);
  assert.deepEqual([asked, timers.size], [[], 0]);
});

test('nor where rounds end before the pause does, so that its answer never comes', () => {
  const { catchUp, asked, pass, goTo } = start();
  const { idle, filterMax } = PARAMS.pace;
  catchUp.hear(1_000_000n);
  // A lesser lie does not make the great one last.
  for (let round = 2n; round < 100n; round++) {
    pass(filterMax - 100);
    catchUp.hear(round + 1n);
    goTo(round);
  }
  const most = Math.ceil((idle + filterMax) / (filterMax - 100)) + 1;
  assert.ok(asked.length > 1 && asked.length <= most, `${asked.length}`);
});

test('who hears of a round far ahead asks at the begin of each round on the way there', () => {
  const { catchUp, asked, goTo } = start();
  catchUp.hear(4n);
  for (let round = 2n; round < 6n; round++) goTo(round);
  // Round 3 ends by votes that are there: 4 is the next one. Only what comes later is worth a question at once.
  assert.deepEqual(asked, [1n, 2n]);
});

test('a certified block is asked for once a pause, however often it is missed, until it is there', () => {
  const { catchUp, asked, blocks, fire, timers } = start();
  let isMissing = true;
  const digest = new Uint8Array(32);
  for (let i = 0; i < 3; i++) catchUp.askForBlock(digest, () => isMissing);
  assert.deepEqual([blocks, asked], [[digest], [1n]]);
  fire();
  assert.deepEqual([blocks.length, asked.length], [2, 2]);
  isMissing = false;
  fire();
  assert.deepEqual([blocks.length, asked.length, timers.size], [2, 2, 0]);
});
