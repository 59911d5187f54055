import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOTTOM, STEP } from '@sero/protocol';
import type { PlayerAction } from './events.ts';
import {
  factsOf,
  kindsOf,
  PARAMS,
  startPlayer,
  type TestPlayer,
  V,
  votesIn,
} from './machine-test-support.ts';

const THREE = [0, 1, 2];
const { filterMax, deadlineFirst, deadlineLater, fastRecovery, idle } = PARAMS.pace;

function running(): TestPlayer {
  const player = startPlayer();
  player.on({ type: 'transactions' });
  return player;
}

function endsIn(actions: readonly PlayerAction[]): Record<string, number> {
  return Object.fromEntries(
    actions.flatMap((action) => (action.type === 'timer' ? [[action.timer.name, action.at]] : [])),
  );
}

describe('timers', () => {
  test('of a round count from when its clock starts, not from its begin', () => {
    const player = startPlayer();
    const actions = player.on({ type: 'transactions' }, 700);
    assert.deepEqual(endsIn(actions), { step: 700 + filterMax, recovery: 700 + fastRecovery });
    assert.deepEqual(endsIn(player.fire('step')), { step: 700 + deadlineFirst });
  });

  test('of a later period count from its begin', () => {
    const player = running();
    player.on({ type: 'transactions' }, 900);
    const actions = player.votes(THREE, STEP.next, BOTTOM);
    assert.deepEqual(endsIn(actions), { step: 900 + filterMax, recovery: 900 + fastRecovery });
    assert.deepEqual(endsIn(player.fire('step')), { step: 900 + deadlineLater });
  });

  test('of the next round: it waits for the idle interval and no longer', () => {
    const player = running();
    player.votes(THREE, STEP.cert, V);
    assert.deepEqual(endsIn(player.on({ type: 'round', facts: factsOf(2n) }, 900)), { idle: 900 + idle });
    assert.deepEqual(kindsOf(player.fire('idle')), ['propose']);
  });

  test('of fast recovery are set again each time, at a constant rate', () => {
    const player = running();
    for (let turn = 1; turn < 5; turn++) {
      assert.deepEqual(endsIn(player.fire('recovery')), { recovery: (turn + 1) * fastRecovery });
    }
  });

  test('that were set in another round, period or step do nothing', () => {
    const player = running();
    player.votes(THREE, STEP.next, BOTTOM);
    for (const timer of [
      { name: 'step', round: 1n, period: 0, step: STEP.soft },
      { name: 'step', round: 2n, period: 1, step: STEP.soft },
      { name: 'step', round: 1n, period: 1, step: STEP.cert },
      { name: 'recovery', round: 1n, period: 0 },
      { name: 'recovery', round: 0n, period: 1 },
    ] as const) {
      assert.deepEqual(player.on({ type: 'timer', timer }), []);
    }
    const waiting = startPlayer();
    assert.deepEqual(waiting.on({ type: 'timer', timer: { name: 'idle', round: 0n } }), []);
    assert.equal(waiting.state().phase, 'waiting');
  });
});

describe('who lags behind is sent the quorum that tells of the period, with its block', () => {
  for (const name of ['step', 'recovery'] as const) {
    test(`whenever the ${name === 'step' ? 'deadline' : 'time of fast recovery'} comes`, () => {
      const player = running();
      player.votes(THREE, STEP.soft, V);
      if (name === 'step') player.fire('step');
      for (let turn = 0; turn < 2; turn++) {
        const actions = player.fire(name);
        const resync = actions.find(({ type }) => type === 'resync');
        assert.ok(resync?.type === 'resync' && resync.digest === V.digest);
        assert.deepEqual(
          resync.quorums.map(({ step, votes }) => [step, votes.length]),
          [[STEP.soft, 3]],
        );
        assert.equal(votesIn(actions).length, 1);
      }
    });
  }
});
