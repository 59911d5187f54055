import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { committeeOf, PRODUCTION, STEP, type Value } from '@sero/protocol';
import { consensusParams } from '../parameters.ts';
import {
  EMPTY,
  enter,
  factsOf,
  PARAMS,
  running,
  someValue,
  startPlayer,
  THREE,
  V,
  voteOf,
  votesIn,
  W,
} from './machine-test-support.ts';

describe('soft votes that are split', () => {
  test('no value can have a quorum any more: the next vote comes at once, and no cert vote after it', () => {
    const player = running();
    player.propose(1, W);
    player.block(W);
    player.fire('step');
    assert.deepEqual(votesIn(player.votes([0, 1], STEP.soft, V)), []);
    assert.deepEqual(votesIn(player.votes([2], STEP.soft, W)), [], 'the fourth may still make a quorum');
    assert.deepEqual(votesIn(player.votes([3], STEP.soft, W)), ['3 bottom']);
    assert.equal(player.state().step, STEP.next);
    // One of them voted for both: that quorum comes too late for this player.
    assert.deepEqual(votesIn(player.votes([2], STEP.soft, V)), []);
    assert.deepEqual(votesIn(player.fire('step')), ['4 v']);
  });

  test('votes that split before the own soft vote end the period right after it', () => {
    const player = running();
    player.votes([0, 1], STEP.soft, V);
    player.votes([2, 3], STEP.soft, W);
    assert.deepEqual(votesIn(player.fire('step')), ['1 v', '3 bottom']);
  });

  test('a bundle is read to its end before votes count as split: its pairs come last', () => {
    const player = running();
    player.propose(1, W);
    player.block(W);
    player.fire('step');
    player.votes([1, 3], STEP.soft, W);
    const actions = player.on({
      type: 'bundle',
      votes: [0, 2].map((sender) => voteOf(sender, STEP.soft, V)),
      pairs: [{ first: voteOf(1, STEP.soft, V), second: voteOf(1, STEP.soft, W) }],
    });
    assert.deepEqual(votesIn(actions), ['2 v']);
    assert.equal(player.state().step, STEP.cert);
  });

  test('a bundle that splits the votes ends the period too', () => {
    const player = running();
    player.fire('step');
    player.votes([0, 1], STEP.soft, V);
    const votes = [2, 3].map((sender) => voteOf(sender, STEP.soft, W));
    assert.deepEqual(votesIn(player.on({ type: 'bundle', votes, pairs: [] })), ['3 bottom']);
  });

  test('a later period ends with split votes as well', () => {
    const player = running();
    enter(player);
    player.propose(0, { ...V, period: 1 }, { period: 1 });
    player.fire('step');
    player.votes([0, 1], STEP.soft, { ...V, period: 1 }, { period: 1 });
    const ended = player.votes([2, 3], STEP.soft, { ...W, period: 1 }, { period: 1 });
    assert.deepEqual(votesIn(ended), ['3 bottom']);
  });

  test('equivocators who may still help a value to its quorum keep the period open', () => {
    // Seven units, five make a quorum.
    const player = startPlayer(PARAMS, 1n, { ...startPlayer().state(), facts: factsOf(1n, 7n) });
    player.on({ type: 'transactions' });
    player.propose(0, V);
    player.fire('step');
    const weigh = (sender: number, value: Value, weight: bigint) =>
      player.on({ type: 'vote', vote: voteOf(sender, STEP.soft, value, { weight }) });
    weigh(0, V, 2n);
    weigh(1, W, 2n);
    weigh(1, EMPTY, 2n);
    weigh(2, W, 1n);
    assert.equal(player.state().step, STEP.cert, 'two for the value, two of equivocators, two unseen');
    weigh(3, someValue('x'), 2n);
    assert.equal(player.state().step, STEP.next, 'two and two at most');
  });

  test('nothing is given up after a decision, nor where proposers and voters are drawn', () => {
    const decided = running();
    decided.fire('step');
    decided.votes(THREE, STEP.cert, V);
    decided.votes([0, 1], STEP.soft, V);
    assert.deepEqual(votesIn(decided.votes([2, 3], STEP.soft, W)), []);
    const params = consensusParams(PRODUCTION);
    const facts = factsOf(1n, 4_500n);
    assert.equal(committeeOf(params.committees, STEP.soft, facts.total).everyUnit, false);
    const drawn = startPlayer(params, 1n, { ...startPlayer(params).state(), facts });
    drawn.on({ type: 'transactions' });
    drawn.propose(0, V);
    drawn.fire('step');
    for (const [sender, value] of [V, W, someValue('x')].entries()) {
      drawn.on({ type: 'vote', vote: voteOf(sender, STEP.soft, value, { weight: 1_500n }) });
    }
    assert.equal(drawn.state().step, STEP.cert, 'nobody can tell how much is drawn');
  });

  test('split votes of another step, or of an equivocator alone, do not end it', () => {
    const player = running();
    player.fire('step');
    player.votes([0, 1], STEP.cert, V);
    player.votes([2, 3], STEP.cert, W);
    assert.equal(player.state().step, STEP.cert);
    player.votes([0, 1], STEP.soft, V);
    player.votes([3], STEP.soft, W);
    player.votes([3], STEP.soft, EMPTY);
    assert.equal(player.state().step, STEP.cert, 'he counts for every value');
  });
});
