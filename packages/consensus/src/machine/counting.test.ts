import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOTTOM, STEP } from '@sero/protocol';
import type { PlayerEvent } from './events.ts';
import { isWanted } from './freshness.ts';
import {
  EMPTY,
  factsOf,
  kindsOf,
  startPlayer,
  type TestPlayer,
  V,
  voteOf,
  W,
} from './machine-test-support.ts';

const THREE = [0, 1, 2];

function running(): TestPlayer {
  const player = startPlayer();
  player.on({ type: 'transactions' });
  return player;
}

describe('votes for the next round', () => {
  const kept = (player: TestPlayer, step: number, place = {}) =>
    kindsOf(player.votes([3], step, W, { round: 2n, ...place }));

  test('are kept and passed on for its first period, up to its first next vote, recovery among them', () => {
    for (const step of [STEP.propose, STEP.soft, STEP.cert, STEP.next, STEP.late, STEP.redo]) {
      assert.deepEqual(kept(running(), step), ['relay'], `step ${step}`);
    }
    assert.deepEqual(kept(running(), STEP.next + 1), []);
    assert.deepEqual(kept(running(), STEP.soft, { period: 1 }), []);
  });

  test('are kept once', () => {
    const player = running();
    kept(player, STEP.soft);
    assert.deepEqual(kept(player, STEP.soft), []);
  });
});

describe('votes of this round', () => {
  test('cost no verification where they are not fresh, or the round is decided', () => {
    const player = running();
    const isSoftWanted = (period: number) =>
      isWanted(player.state(), voteOf(3, STEP.soft, V, { period }).vote);
    assert.deepEqual([0, 1, 2].map(isSoftWanted), [true, true, false]);
    player.votes(THREE, STEP.cert, V);
    assert.deepEqual([0, 1, 2].map(isSoftWanted), [false, false, false]);
  });

  test('of the last period count, but for its proposals', () => {
    const player = running();
    player.votes(THREE, STEP.next, BOTTOM);
    assert.deepEqual(player.propose(0, V), []);
    assert.deepEqual(kindsOf(player.votes([0], STEP.soft, V, { period: 0 })), ['relay']);
  });
});

test('a proposal is passed on while none is known with a smaller leader value', () => {
  const player = running();
  assert.deepEqual(kindsOf(player.propose(1, W)), ['relay']);
  assert.deepEqual(kindsOf(player.propose(2, EMPTY)), []);
  assert.deepEqual(kindsOf(player.propose(0, V)), ['relay']);
});

test('a bundle of nothing, of another round, or of proposals changes nothing and does not start the clock', () => {
  const bundle = (step: number, place = {}): PlayerEvent => ({
    type: 'bundle',
    votes: THREE.map((from) => voteOf(from, step, V, place)),
    pairs: [],
  });
  for (const event of [
    { type: 'bundle', votes: [], pairs: [] } as const,
    bundle(STEP.soft, { round: 2n }),
    bundle(STEP.soft, { round: 0n }),
    bundle(STEP.propose),
  ]) {
    const player = startPlayer();
    const before = player.state();
    assert.deepEqual(player.on(event), []);
    assert.equal(player.state(), before);
  }
  const player = startPlayer();
  player.on(bundle(STEP.soft));
  assert.equal(player.state().phase, 'running');
});

describe('the arrivals that the filter time is taken from', () => {
  /** What a round leaves that V decided in a period, while the player was in another. */
  function arrivalsAfter(decided: number, own: number): readonly number[] {
    const player = running();
    player.on({ type: 'vote', vote: voteOf(0, STEP.propose, V) }, 300);
    for (let period = 0; period < own; period++) player.votes(THREE, STEP.next, V, { period });
    player.votes(THREE, STEP.cert, V, { period: decided });
    player.on({ type: 'round', facts: factsOf(2n) });
    return player.state().arrivals;
  }

  test('are those of proposals that won in period 0, where it ended there: no other says how long one takes', () => {
    assert.deepEqual(arrivalsAfter(0, 0), [300]);
    assert.deepEqual(arrivalsAfter(1, 0), []);
    assert.deepEqual(arrivalsAfter(0, 1), []);
    assert.deepEqual(arrivalsAfter(1, 1), []);
  });
});
