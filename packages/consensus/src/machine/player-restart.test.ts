import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOTTOM, STEP } from '@sero/protocol';
import type { PlayerAction } from './events.ts';
import { kindsOf, PARAMS, startPlayer, type TestPlayer, V } from './machine-test-support.ts';

/** The time of the restart, ms by a clock that began anew. */
const NOW = 1_000_000;
const { filterMax, deadlineFirst, deadlineLater, fastRecovery, idle } = PARAMS.pace;
const THREE = [0, 1, 2];

function running(): TestPlayer {
  const player = startPlayer();
  player.on({ type: 'transactions' });
  return player;
}

/** When timers are to end, and up to how much later, from the restart on. */
function timersIn(actions: readonly PlayerAction[]): Record<string, readonly [number, number]> {
  return Object.fromEntries(
    actions.flatMap((action) =>
      action.type === 'timer' ? [[action.timer.name, [action.at - NOW, action.spread] as const]] : [],
    ),
  );
}

describe('the timers of a player that starts again', () => {
  test('give the present step its whole time from now on, and fast recovery its pause', () => {
    const recovery = [fastRecovery, filterMax];
    for (const [fired, after, spread] of [
      [0, filterMax, 0],
      [1, deadlineFirst, 0],
      // After next_0, next_1 and next_2 the pauses are 2, 4 and 8 filter times.
      [2, 2 * filterMax, filterMax],
      [3, 4 * filterMax, filterMax],
      [4, 8 * filterMax, filterMax],
    ] as const) {
      const player = running();
      for (let i = 0; i < fired; i++) player.fire('step');
      const actions = player.on({ type: 'restart' }, NOW);
      assert.deepEqual(timersIn(actions), { step: [after, spread], recovery });
    }
  });

  test('are those of its period', () => {
    for (const [fired, after] of [
      [1, deadlineLater],
      [2, 2 * filterMax],
    ] as const) {
      const player = running();
      player.votes(THREE, STEP.next, BOTTOM);
      for (let i = 0; i < fired; i++) player.fire('step');
      assert.equal(timersIn(player.on({ type: 'restart' }, NOW))['step']?.[0], after);
    }
  });

  test('go on as they would have: the pause after the next vote is twice as long', () => {
    const player = running();
    for (let i = 0; i < 2; i++) player.fire('step');
    player.on({ type: 'restart' }, NOW);
    const next = timersIn(player.fire('step'));
    assert.equal(player.now(), NOW + 2 * filterMax);
    assert.deepEqual(next, { step: [4 * filterMax, filterMax] });
  });

  test('are the idle interval alone where the clock of the round has not started', () => {
    const actions = startPlayer().on({ type: 'restart' }, NOW);
    assert.deepEqual(timersIn(actions), { idle: [idle, 0] });
  });
});

describe('what a player that starts again tells the others', () => {
  test('is the quorum that it knows, with its block: they may have waited for it', () => {
    const staged = running();
    staged.votes(THREE, STEP.soft, V);
    const [soft] = staged.on({ type: 'restart' }, NOW);
    assert.ok(soft?.type === 'resync' && soft.digest === V.digest);
    assert.deepEqual(
      soft.quorums.map(({ step, votes }) => [step, votes.length]),
      [[STEP.soft, 3]],
    );
    const later = running();
    later.votes(THREE, STEP.next, BOTTOM);
    const [next] = later.on({ type: 'restart' }, NOW);
    assert.ok(next?.type === 'resync');
    assert.deepEqual(
      next.quorums.map(({ period, step }) => [period, step]),
      [[0, STEP.next]],
    );
  });

  test('is nothing where it knows of none: there is only its proposal to be made', () => {
    assert.deepEqual(kindsOf(running().on({ type: 'restart' }, NOW)), ['propose']);
  });

  test('is its proposal, which may have died with the process, until the filter time is over', () => {
    for (const [value, kind] of [
      [BOTTOM, 'propose'],
      [V, 'repropose'],
    ] as const) {
      const player = running();
      player.votes(THREE, STEP.next, value);
      assert.deepEqual(kindsOf(player.on({ type: 'restart' }, NOW)), ['resync', kind]);
      player.fire('step');
      assert.deepEqual(kindsOf(player.on({ type: 'restart' }, NOW)), ['resync']);
    }
  });
});
