import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOTTOM, DEVELOPMENT, PRODUCTION, STEP } from '@sero/protocol';
import { consensusParams } from '../parameters.ts';
import type { PlayerAction } from './events.ts';
import { deadline, filterTime, withArrival } from './filter-time.ts';
import { kindsOf, PARAMS, startPlayer, type TestPlayer, V, votesIn, W } from './machine-test-support.ts';

const SMALL = consensusParams(DEVELOPMENT);
const LARGE = consensusParams(PRODUCTION);

test('the profile’s longest time counts until five winners were seen, and in later periods', () => {
  for (const params of [SMALL, LARGE]) {
    const { filterMax, filterMin } = params.pace;
    assert.equal(filterTime(params, 0, [0, 0, 0, 0]), filterMax);
    assert.equal(filterTime(params, 1, [0, 0, 0, 0, 0]), filterMax);
    assert.equal(filterTime(params, 0, [0, 0, 0, 0, 0]), filterMin);
  }
});

test('the 19th of 20 arrivals counts, with 50 ms more, whatever their order', () => {
  const arrivals = Array.from({ length: 20 }, (_, i) => 300 + 10 * ((3 * i) % 20));
  assert.equal(filterTime(SMALL, 0, arrivals), 300 + 10 * 18 + 50);
  assert.equal(filterTime(LARGE, 0, arrivals), 300 + 10 * 18 + 50);
});

test('each of the newest three counts, so that one late winner makes the next rounds wait', () => {
  const early = Array.from({ length: 17 }, () => 200);
  for (const newest of [
    [700, 100, 100],
    [100, 700, 100],
    [100, 100, 700],
  ]) {
    assert.equal(filterTime(SMALL, 0, [...early, ...newest]), 750);
  }
  assert.equal(filterTime(SMALL, 0, [700, ...early.slice(1), 100, 100, 100]), 250);
});

test('it keeps within the profile’s bounds', () => {
  const of = (ms: number) => Array.from({ length: 40 }, () => ms);
  assert.equal(filterTime(SMALL, 0, of(9_999)), SMALL.pace.filterMax);
  assert.equal(filterTime(LARGE, 0, of(0)), LARGE.pace.filterMin);
});

test('twenty arrivals are kept, the last ones', () => {
  const kept = Array.from({ length: 50 }, (_, i) => i).reduce<readonly number[]>(withArrival, []);
  assert.deepEqual(
    kept,
    Array.from({ length: 20 }, (_, i) => i + 30),
  );
});

test('a period ends later than the first: the profiles’ deadlines', () => {
  assert.deepEqual([deadline(SMALL, 0), deadline(SMALL, 1)], [4_000, 8_000]);
  assert.deepEqual([deadline(LARGE, 0), deadline(LARGE, 9)], [4_000, 17_000]);
});

describe('the soft vote of period 0', () => {
  const { filterMin, filterMax } = PARAMS.pace;
  const SETTLE = filterMin >> 1;

  /** Of a network whose winners were there at once, its clock running from 0. */
  function running(): TestPlayer {
    const fresh = startPlayer().state();
    const player = startPlayer(PARAMS, 1n, { ...fresh, arrivals: [0, 0, 0, 0, 0] });
    player.on({ type: 'transactions' });
    return player;
  }

  test('one that was there for half of filterMin by then is voted for at once', () => {
    const player = running();
    player.on({ type: 'block', value: V, isValid: true }, filterMin - SETTLE);
    player.propose(0, V);
    assert.deepEqual(player.fire('filter').map(nameAndTime), [['step', filterMin]]);
    assert.deepEqual(votesIn(player.fire('step')), ['1 v']);
    assert.equal(player.now(), filterMin);
  });

  test('the player looks again after half of filterMin each time, and votes for nothing at filterMax', () => {
    const player = running();
    const looks: number[] = [];
    for (let at = filterMin; at < filterMax; at += SETTLE) {
      const actions = player.fire('filter');
      assert.deepEqual(kindsOf(actions), []);
      looks.push(player.now());
      assert.deepEqual(actions.map(nameAndTime)[0], ['step', filterMax]);
    }
    assert.deepEqual(
      looks,
      looks.map((_, i) => filterMin + i * SETTLE),
    );
    assert.equal(looks.length, Math.ceil((filterMax - filterMin) / SETTLE));
    assert.deepEqual(votesIn(player.fire('step')), []);
    assert.deepEqual([player.now(), player.state().step], [filterMax, STEP.cert]);
  });

  test('whoever leads is voted for when nobody has outbid him for half of filterMin, whether he came before the filter time or after it', () => {
    for (const first of [filterMin - 30, filterMin + 30]) {
      for (const [leader, voted, seen] of [
        [1n, '1 w', first + 40],
        [9n, '1 v', first],
      ] as const) {
        const player = running();
        if (first > filterMin) player.fire('filter');
        player.on({ type: 'block', value: V, isValid: true }, first);
        player.propose(0, V, { leader: 5n });
        if (first < filterMin) {
          assert.deepEqual(player.fire('filter').map(nameAndTime).at(-1), ['filter', first + SETTLE]);
        }
        player.on({ type: 'block', value: W, isValid: true }, first + 40);
        player.propose(1, W, { leader });
        const due = seen + SETTLE;
        let fired = player.fire('filter').map(nameAndTime);
        if (fired.at(-1)![0] === 'filter') fired = player.fire('filter').map(nameAndTime);
        assert.deepEqual(fired, [['step', due]]);
        assert.deepEqual(votesIn(player.fire('step')), [voted]);
      }
    }
  });

  test('one that is there just before filterMax is voted for then', () => {
    const player = running();
    while (player.now() < filterMax - filterMin) player.fire('filter');
    player.on({ type: 'block', value: V, isValid: true }, filterMax - 10);
    player.propose(0, V);
    assert.deepEqual(votesIn(player.fire('step')), ['1 v']);
    assert.equal(player.now(), filterMax);
  });

  test('later periods do not wait: they have the longest time anyway', () => {
    const player = running();
    player.votes([0, 1, 2], STEP.next, BOTTOM);
    player.fire('step');
    assert.deepEqual([player.now(), player.state().step], [filterMax, STEP.cert]);
  });

  test('to look changes nothing but timers: who comes back from his log, and knows no arrivals, is where he was', () => {
    for (const step of [STEP.soft, STEP.cert]) {
      const player = running();
      player.on({ type: 'block', value: V, isValid: true }, 0);
      player.propose(0, V);
      if (step === STEP.cert) player.fire('step');
      const before = player.state();
      const actions = player.on(
        { type: 'timer', timer: { name: 'filter', round: 1n, period: 0 } },
        filterMin,
      );
      assert.equal(player.state(), before);
      assert.equal(actions.length, step === STEP.soft ? 1 : 0);
    }
  });
});

function nameAndTime(action: PlayerAction): [string, number] {
  assert.ok(action.type === 'timer');
  return [action.timer.name, action.at];
}
