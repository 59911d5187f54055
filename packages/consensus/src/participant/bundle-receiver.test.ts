import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOTTOM, type Bundle, type RoundContext, STEP, type Value } from '@sero/protocol';
import type { Judgement, VerifiedBundle } from '../abstractions.ts';
import { factsOf, PARAMS, V, voteOf, W } from '../machine/machine-test-support.ts';
import { newPlayer, transition } from '../machine/player.ts';
import { createBundleReceiver } from './bundle-receiver.ts';
import { partWorld } from './part-world-test-support.ts';

/** Bundles of three votes each, of which the verifier thinks for as long as the test wants. */
function start() {
  const verifying: ((isValid: boolean) => void)[] = [];
  const forks: (readonly Value[])[] = [];
  let isWorking = true;
  const relayed: string[] = [];
  const judgements: Judgement[] = [];
  let state = newPlayer(PARAMS, factsOf(1n), 0).state;
  const world = partWorld({
    ledger: { context: (round) => ({ round }) as RoundContext },
    network: {
      relay: (message) => void relayed.push(message.type === 'bundle' ? `${message.bundle.step}` : ''),
    },
    verifier: {
      bundle(_, { round, period, step, value }, done) {
        const votes = [0, 1, 2].map((from) => voteOf(from, step, value, { round, period }));
        const verified: VerifiedBundle = { votes, pairs: [] };
        verifying.push((isValid) => done(isValid ? verified : undefined));
      },
    },
  });
  const receiver = createBundleReceiver(world, {
    state: () => (isWorking ? state : undefined),
    feed: (event) => {
      state = transition(state, event, 0).state;
    },
    twoCertificates: (certificates) => void forks.push(certificates.map(({ value }) => value)),
  });
  const receive = (step: number, value: Value, period = 0): void => {
    const bundle: Bundle = { round: 1n, period, step, value, votes: [], equivocations: [] };
    receiver.receive(bundle, (judgement) => judgements.push(judgement));
  };
  const verify = (isValid = true): void => {
    for (const done of verifying.splice(0)) done(isValid);
  };
  const stop = (): void => {
    isWorking = false;
  };
  /** The round ends with V, and the next one begins. */
  const endRound = (): void => {
    const place = { round: 1n, period: 0, step: STEP.cert };
    receiver.roundIsOver({
      context: { round: 1n } as RoundContext,
      decision: { ...place, value: V, votes: [], pairs: [] },
    });
    state = newPlayer(PARAMS, factsOf(2n), 0).state;
  };
  return { receive, verify, verifying, forks, relayed, judgements, stop, endRound, state: () => state };
}

test('a bundle that moves this player alone is not passed on: its votes are, and resync sends it to who lags behind', () => {
  const { receive, verify, relayed, judgements, state } = start();
  receive(STEP.soft, V);
  receive(STEP.next, BOTTOM);
  verify();
  assert.deepEqual([judgements, state().period], [['accepted', 'accepted'], 1]);
  assert.deepEqual(relayed, []);
});

test('of the certificates of a round that are verified at the same time the first is passed on, and no other', () => {
  const { receive, verify, relayed, judgements } = start();
  for (const period of [0, 0, 1]) receive(STEP.cert, V, period);
  verify();
  assert.deepEqual(judgements, ['accepted', 'accepted', 'accepted']);
  assert.deepEqual(relayed, ['2']);
});

test('once the round is decided no bundle that ends a period, or certifies the same block again, costs a verification', () => {
  const { receive, verify, verifying, judgements } = start();
  receive(STEP.cert, V);
  verify();
  receive(STEP.cert, V, 1);
  receive(STEP.soft, W);
  receive(STEP.next, BOTTOM, 2);
  assert.equal(verifying.length, 0);
  assert.deepEqual(judgements, ['accepted', 'ignored', 'ignored', 'ignored']);
});

test('a bundle that is none is an offence and does nothing', () => {
  const { receive, verify, relayed, judgements, state } = start();
  const before = state();
  receive(STEP.cert, V);
  verify(false);
  assert.deepEqual([judgements, relayed], [['invalid'], []]);
  assert.equal(state(), before);
});

test('what is verified when the participant has stopped, or the round is over, does nothing', () => {
  const stopped = start();
  stopped.receive(STEP.cert, V);
  const before = stopped.state();
  stopped.stop();
  stopped.verify();
  stopped.receive(STEP.cert, W);
  assert.deepEqual([stopped.relayed, stopped.verifying], [[], []]);
  assert.equal(stopped.state(), before);
  const later = start();
  later.receive(STEP.cert, V);
  later.endRound();
  later.verify();
  assert.deepEqual([later.judgements, later.relayed], [['accepted'], []]);
});

test('bundles of proposals, and of periods before the last but for certificates, cost no verification', () => {
  const { receive, verify, verifying, judgements } = start();
  receive(STEP.next, BOTTOM, 4);
  verify();
  receive(STEP.propose, V, 5);
  receive(STEP.next, V, 3);
  assert.deepEqual([judgements, verifying.length], [['accepted', 'ignored', 'ignored'], 0]);
  receive(STEP.next, V, 4);
  receive(STEP.cert, V, 0);
  assert.equal(verifying.length, 2);
});

describe('of the round that just ended', () => {
  test('a certificate for the same block is ignored, as is a bundle of another step', () => {
    const { receive, verifying, judgements, endRound } = start();
    endRound();
    receive(STEP.cert, V, 1);
    receive(STEP.soft, W);
    assert.deepEqual([judgements, verifying.length], [['ignored', 'ignored'], 0]);
  });

  test('a certificate for another block is told, with the first, once it is verified', () => {
    const { receive, verify, judgements, forks, endRound } = start();
    endRound();
    receive(STEP.cert, W);
    verify(false);
    assert.deepEqual([judgements, forks], [['invalid'], []]);
    receive(STEP.cert, W);
    verify();
    assert.deepEqual([judgements, forks], [['invalid', 'accepted'], [[V, W]]]);
  });

  test('nothing is told when the participant has stopped meanwhile', () => {
    const { receive, verify, forks, stop, endRound } = start();
    endRound();
    receive(STEP.cert, W);
    stop();
    verify();
    assert.deepEqual(forks, []);
  });
});
