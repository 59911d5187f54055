import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex, utf8 } from '@sero/crypto';
import { BOTTOM, STEP, type Value } from '@sero/protocol';
import type { PlayerEvent } from '../machine/events.ts';
import { factsOf, PARAMS, someValue, startPlayer, V, W } from '../machine/machine-test-support.ts';
import { newPlayer, transition } from '../machine/player.ts';
import type { PlayerState } from '../machine/state.ts';
import { createBlockKeeper } from './block-keeper.ts';
import { partWorld, testClock } from './part-world-test-support.ts';

const PROPOSED = ['a', 'b', 'c', 'd', 'e'];
const NAMES: Readonly<Record<string, Value>> = {
  ...{ v: V, w: W },
  ...Object.fromEntries(PROPOSED.map((name) => [name, someValue(name)])),
};
const BLOCK_V = utf8('v');
const BLOCK_W = utf8('w');

/** A keeper whose player wants what the test says, and whose ledger takes a block as one of the player's round. */
function start() {
  const validations: { readonly done: (isValid: boolean) => void; readonly digest: string }[] = [];
  const fed: PlayerEvent[] = [];
  const asked: string[] = [];
  const { clock, timers, fire } = testClock();
  let state = newPlayer(PARAMS, factsOf(1n), 0).state;
  let blockTime = 0n;
  const world = partWorld({
    clock,
    ledger: {
      read(bytes) {
        const value = NAMES[new TextDecoder().decode(bytes)];
        return value && { value, height: state.facts.round, time: blockTime };
      },
      times: () => ({ parent: 0n, now: BigInt(clock.now()) }),
      validate: ({ digest }, done) => void validations.push({ done, digest: toHex(digest) }),
    },
    network: {
      requestBlock: (digest) => void asked.push(toHex(digest)),
      relay: () => undefined,
    },
  });
  const keeper = createBlockKeeper(world, {
    state: () => state,
    isWorking: () => true,
    feed(event) {
      fed.push(event);
      state = transition(state, event, clock.now()).state;
    },
  });
  return {
    ...{ keeper, validations, fed, asked, timers, fire },
    /** The player wants this value's block, and that of no other. */
    want(value: Value): void {
      state = { ...state, pinned: value };
      keeper.settle(false);
    },
    become(part: Partial<PlayerState>): void {
      state = { ...state, ...part };
    },
    /** All blocks claim this time, ms. */
    claim(time: bigint): void {
      blockTime = time;
    },
  };
}

describe('a block is executed', () => {
  test('once, though it is dropped and comes again while that is under way, and after it', () => {
    const { keeper, validations, want } = start();
    const again = (): void => {
      want(BOTTOM);
      want(V);
      assert.equal(keeper.get(V.digest), undefined, 'what nobody wanted was dropped');
      keeper.receive(BLOCK_V);
      keeper.settle(false);
      assert.notEqual(keeper.get(V.digest), undefined);
    };
    again();
    assert.equal(validations.length, 1);
    again();
    assert.equal(validations.length, 1);
    validations[0]!.done(true);
    again();
    assert.equal(validations.length, 1);
  });

  test('no more once the round is decided: making it final executes it', () => {
    const { keeper, validations, want, become } = start();
    const player = startPlayer();
    player.votes([0, 1, 2], STEP.cert, V);
    become(player.state());
    keeper.receive(BLOCK_V);
    want(V);
    assert.notEqual(keeper.get(V.digest), undefined);
    assert.deepEqual(validations, []);
  });

  test('in its round: one that was under way when the round ended is forgotten, and its answer too', () => {
    const { keeper, validations, fed, want, become } = start();
    keeper.receive(BLOCK_V);
    want(V);
    become({ facts: factsOf(2n), pinned: BOTTOM });
    keeper.nextRound();
    validations[0]!.done(true);
    assert.deepEqual(fed, []);
    keeper.receive(BLOCK_V);
    want(V);
    assert.equal(validations.length, 2, 'nothing of the old round is kept: it would pile up');
  });
});

describe('a block that waits for its time', () => {
  function waiting() {
    const world = start();
    world.claim(10_000n);
    world.keeper.receive(BLOCK_V);
    world.want(V);
    world.validations[0]!.done(true);
    return world;
  }

  test('is told of when it has come', () => {
    const { timers, fed, fire } = waiting();
    assert.deepEqual([timers.size, fed], [1, []]);
    fire();
    assert.deepEqual(fed, [{ type: 'block', value: V, isValid: true }]);
  });

  test('waits no more once its round is over: the next round knows nothing of it', () => {
    const { keeper, timers, fed, become } = waiting();
    become({ facts: factsOf(2n), pinned: BOTTOM });
    keeper.nextRound();
    assert.deepEqual([timers.size, fed], [0, []]);
  });

  test('waits no more once the participant has stopped: a timer would keep the process alive', () => {
    const { keeper, timers } = waiting();
    keeper.stop();
    assert.equal(timers.size, 0);
  });
});

describe('a staged block that is missing', () => {
  function staged(value: Value, round: bigint): Partial<PlayerState> {
    const player = startPlayer(PARAMS, round);
    player.votes([0, 1, 2], STEP.soft, value);
    return player.state();
  }

  test('is asked for once, and again only where it is to be', () => {
    const { keeper, asked, become } = start();
    become(staged(V, 1n));
    keeper.settle(false);
    keeper.settle(false);
    assert.deepEqual(asked, [toHex(V.digest)]);
    keeper.settle(true);
    assert.deepEqual(
      asked,
      [V, V].map(({ digest }) => toHex(digest)),
    );
  });

  test('is asked for in its round; which ones were is forgotten then, or it would pile up', () => {
    const { keeper, asked, become } = start();
    become(staged(V, 1n));
    keeper.settle(false);
    keeper.nextRound();
    become(staged(V, 2n));
    keeper.settle(false);
    assert.equal(asked.length, 2);
  });

  test('is not asked for where another one is staged', () => {
    const { keeper, asked, become } = start();
    become({ ...staged(V, 1n), pinned: someValue('pinned') });
    keeper.receive(BLOCK_W);
    keeper.settle(false);
    assert.deepEqual(asked, [toHex(V.digest)]);
  });
});

test('bytes that are no block are an offence', () => {
  assert.equal(start().keeper.receive(utf8('no block')), 'invalid');
});

test('of the blocks of the log those are taken that the player wants, or proposed, and no others', () => {
  const { keeper, become } = start();
  become({ pinned: V });
  const found = ['no block', 'w', 'v', ...PROPOSED].map(utf8);
  keeper.restore(
    found,
    PROPOSED.map((name) => NAMES[name]!.digest),
  );
  const isThere = (name: string): boolean => keeper.get(NAMES[name]!.digest) !== undefined;
  assert.deepEqual(['v', 'w', ...PROPOSED].map(isThere), [true, false, ...PROPOSED.map(() => true)]);
});
