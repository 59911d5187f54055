import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@sero/crypto';
import { BOTTOM, STEP } from '@sero/protocol';
import { isWanted } from './freshness.ts';
import {
  certificateIn,
  EMPTY,
  enter,
  factsOf,
  kindsOf,
  PARAMS,
  running,
  SENDERS,
  someValue,
  startPlayer,
  type TestPlayer,
  THREE,
  V,
  voteOf,
  votesIn,
  W,
} from './machine-test-support.ts';
import { wantedBlocks } from './wanted-blocks.ts';

const ALL = [0, 1, 2, 3];
const M = PARAMS.emptyBlockPeriod;

describe('the clock of a round', () => {
  test('starts with the first own transaction, and the player proposes', () => {
    const player = startPlayer();
    assert.deepEqual(kindsOf(player.on({ type: 'transactions' })), ['propose']);
    assert.deepEqual(player.on({ type: 'transactions' }), []);
  });

  test('starts after the idle interval', () => {
    assert.deepEqual(kindsOf(startPlayer().fire('idle')), ['propose']);
  });

  test('starts with a proposal whose block holds, in either order, and with no other', () => {
    const first = startPlayer();
    first.propose(0, V);
    assert.equal(first.state().phase, 'waiting');
    first.block(V);
    assert.equal(first.state().phase, 'running');
    const second = startPlayer();
    second.block(V);
    assert.equal(second.state().phase, 'waiting');
    second.propose(0, V);
    assert.equal(second.state().phase, 'running');
    const third = startPlayer();
    third.propose(0, V);
    third.block(V, false);
    assert.equal(third.state().phase, 'waiting');
  });

  test('does not start with a block that was proposed under another name, or as of another period', () => {
    for (const other of [
      { ...V, proposer: SENDERS[1]! },
      { ...V, period: 1 },
    ]) {
      for (const isFirst of [true, false]) {
        const player = startPlayer();
        if (isFirst) player.block(V);
        player.propose(1, other);
        if (!isFirst) player.block(V);
        assert.equal(player.state().phase, 'waiting');
      }
    }
  });

  test('starts with votes of one step that weigh more than a third of the committee', () => {
    const player = startPlayer();
    player.votes([0], STEP.soft, V);
    player.votes([1], STEP.cert, W);
    assert.equal(player.state().phase, 'waiting');
    player.votes([2], STEP.soft, V);
    assert.equal(player.state().phase, 'running');
  });

  test('a single vote that is a quorum by itself starts the clock before it counts', () => {
    const player = startPlayer();
    const actions = player.on({ type: 'vote', vote: voteOf(0, STEP.next, BOTTOM, { weight: 3n }) });
    assert.deepEqual(kindsOf(actions), ['relay', 'propose', 'period-left', 'resync', 'propose']);
    assert.equal(player.state().period, 1);
  });
});

describe('an undisturbed round', () => {
  test('the filter time ends with a soft vote for the smallest leader value, whatever came first', () => {
    const player = startPlayer();
    player.on({ type: 'transactions' });
    player.propose(1, W);
    player.propose(0, V);
    player.propose(2, someValue('late', 0, SENDERS[2]!));
    assert.deepEqual(votesIn(player.fire('step')), ['1 v']);
  });

  test('without a proposal there is no soft vote', () => {
    const player = startPlayer();
    player.on({ type: 'transactions' });
    assert.deepEqual(votesIn(player.fire('step')), []);
  });

  test('a soft quorum and a block that holds bring one cert vote, before the filter time too', () => {
    const player = running();
    assert.deepEqual(votesIn(player.votes(ALL, STEP.soft, V)), ['2 v']);
    assert.deepEqual(votesIn(player.fire('step')), ['1 v']);
    assert.deepEqual(votesIn(player.block(V)), []);
  });

  test('no cert vote without the block, or for one that does not hold', () => {
    const player = startPlayer();
    player.on({ type: 'transactions' });
    player.propose(0, V);
    assert.deepEqual(votesIn(player.votes(THREE, STEP.soft, V)), []);
    assert.deepEqual(votesIn(player.block(V, false)), []);
    const other = startPlayer();
    other.on({ type: 'transactions' });
    other.propose(0, V);
    other.votes(THREE, STEP.soft, V);
    assert.deepEqual(votesIn(other.block(V)), ['2 v']);
  });

  test('no cert vote once the deadline has passed', () => {
    const player = running();
    player.fire('step');
    assert.deepEqual(votesIn(player.fire('step')), ['3 bottom']);
    assert.deepEqual(votesIn(player.votes(THREE, STEP.soft, V)), []);
  });

  test('no cert vote once fast recovery said that the period may end', () => {
    const player = startPlayer();
    player.on({ type: 'transactions' });
    player.propose(0, V);
    player.block(V);
    assert.deepEqual(votesIn(player.fire('recovery')), ['255 bottom']);
    assert.deepEqual(votesIn(player.votes(THREE, STEP.soft, V)), []);
  });

  test('a cert quorum decides at once, with its very votes, and nothing is voted on after it', () => {
    const player = running();
    const certificate = certificateIn(player.votes(THREE, STEP.cert, V));
    assert.equal(certificate?.votes.length, 3);
    assert.equal(player.state().phase, 'decided');
    assert.deepEqual(votesIn(player.fire('step')), []);
    assert.deepEqual(votesIn(player.votes(THREE, STEP.soft, V)), []);
    assert.equal(certificateIn(player.votes([3], STEP.cert, V)), undefined);
  });

  test('two certificates of one round stop everything', () => {
    const player = running();
    player.votes(THREE, STEP.cert, V);
    // Only a broken assumption brings this about: all three vote for both.
    assert.ok(kindsOf(player.votes(ALL, STEP.cert, W)).includes('halt'));
  });

  test('two certificates of one round for the same block stop nothing', () => {
    const player = running();
    player.votes(THREE, STEP.cert, V);
    const votes = THREE.map((from) => voteOf(from, STEP.cert, V, { period: 1 }));
    assert.deepEqual(kindsOf(player.on({ type: 'bundle', votes, pairs: [] })), []);
  });

  test('a second soft quorum changes no mind', () => {
    const player = running();
    player.block(W);
    player.votes(THREE, STEP.soft, V);
    player.votes(ALL, STEP.soft, W);
    player.fire('step');
    assert.deepEqual(votesIn(player.fire('step')), ['3 v']);
  });
});

describe('the end of a period', () => {
  test('the deadline brings a next vote for bottom where nothing is staged, and again with the next number', () => {
    const player = running();
    player.fire('step');
    assert.deepEqual(votesIn(player.fire('step')), ['3 bottom']);
    assert.deepEqual(votesIn(player.fire('step')), ['4 bottom']);
    assert.deepEqual(votesIn(player.fire('step')), ['5 bottom']);
  });

  test('who may have made a value final stands by it', () => {
    const player = running();
    player.votes(THREE, STEP.soft, V);
    player.fire('step');
    assert.deepEqual(votesIn(player.fire('step')), ['3 v']);
    assert.deepEqual(votesIn(player.fire('recovery')), ['253 v']);
  });

  test('once the pauses do not double any more each counts from the vote before it, until there is no further step', () => {
    const player = running();
    player.fire('step');
    const steps: number[] = [];
    const pauses: number[] = [];
    // Each of the 250 next votes, and once more: that there is nothing left to vote, or to wait for.
    for (let fired = 0; fired < 251; fired++) {
      const actions = player.fire('step');
      const timer = actions.find(({ type }) => type === 'timer');
      if (timer?.type !== 'timer') break;
      steps.push(player.state().step);
      pauses.push(timer.at - player.now());
    }
    assert.deepEqual([steps[0], steps.at(-1), steps.length], [STEP.next, STEP.late - 1, 250]);
    const longest = PARAMS.pace.filterMax << 15;
    assert.ok(pauses.slice(0, 15).every((pause) => pause > 0 && pause <= longest));
    assert.ok(pauses.slice(15).every((pause) => pause === longest));
  });

  test('pauses between next votes double', () => {
    const player = running();
    player.fire('step');
    const pauses = [0, 1, 2].map(() => {
      const timer = player.fire('step').find(({ type }) => type === 'timer');
      return timer?.type === 'timer' ? timer.at - player.state().began - PARAMS.pace.deadlineFirst : 0;
    });
    assert.deepEqual(
      pauses,
      [2, 4, 8].map((factor) => factor * PARAMS.pace.filterMax),
    );
  });

  test('a next quorum for bottom opens a period with new proposals', () => {
    const player = running();
    assert.deepEqual(kindsOf(enter(player)).slice(-3), ['period-left', 'resync', 'propose']);
    assert.equal(player.state().period, 1);
  });

  test('a next quorum for a value opens a period in which it is proposed again and voted for, whoever leads', () => {
    const player = running();
    const actions = enter(player, V);
    assert.ok(actions.some((action) => action.type === 'repropose' && action.value === V));
    player.propose(2, someValue('new', 1, SENDERS[2]!), { period: 1 });
    assert.deepEqual(votesIn(player.fire('step')), ['1 v']);
  });

  test('who saw both next quorums votes for the leader’s value: a new one, or that very one', () => {
    const fresh = someValue('new', 1, SENDERS[2]!);
    for (const [value, expected] of [
      [fresh, ['1 another']],
      [V, ['1 v']],
      [W, []],
    ] as const) {
      const player = running();
      enter(player);
      // k = 1 is near enough to where the last period ended.
      player.votes([0, 1, 3], STEP.next + 1, V, { period: 0 });
      player.propose(2, value, { period: 1 });
      assert.deepEqual(votesIn(player.fire('step')), expected);
    }
  });

  test('an original proposal of a later period gets no vote of who did not see bottom win', () => {
    const player = running();
    player.votes(THREE, STEP.soft, V, { period: 1 });
    assert.equal(player.state().period, 1);
    player.propose(2, someValue('new', 1, SENDERS[2]!), { period: 1 });
    assert.deepEqual(votesIn(player.fire('step')), []);
  });

  test('a value that won a period is kept at the next deadline too, unless bottom won as well', () => {
    const player = running();
    enter(player, W);
    player.fire('step');
    assert.deepEqual(votesIn(player.fire('step')), ['3 w']);
    player.votes([0, 1, 3], STEP.next + 1, BOTTOM, { period: 0 });
    assert.deepEqual(votesIn(player.fire('step')), ['4 bottom']);
  });

  test('a soft quorum of a later period is reason enough to be there', () => {
    const player = running();
    player.votes(THREE, STEP.soft, V, { period: 1 });
    assert.equal(player.state().period, 1);
    assert.equal(player.state().periods.get(1)?.certClosed, true);
  });
});

describe('the value that may be certified unseen', () => {
  test('is the one that won the last period', () => {
    const player = running();
    enter(player, W);
    assert.equal(player.state().pinned, W);
  });

  test('is the one that was staged in a period that bottom won, and stays through later ones', () => {
    const player = running();
    player.votes(THREE, STEP.soft, V);
    enter(player);
    assert.equal(player.state().pinned, V);
    enter(player, BOTTOM, 1);
    assert.equal(player.state().pinned, V);
    enter(player, W, 2);
    assert.equal(player.state().pinned, W);
  });

  test('its block is wanted, and one that nobody stands by is not', () => {
    const player = running();
    player.votes(THREE, STEP.soft, V);
    enter(player);
    assert.deepEqual([...wantedBlocks(player.state())], [toHex(V.digest)]);
    const other = running();
    enter(other);
    assert.deepEqual([...wantedBlocks(other.state())], []);
  });
});

describe('the empty block', () => {
  function atPeriod(period: number, last = BOTTOM): TestPlayer {
    const player = running();
    for (let p = 0; p < period; p++) enter(player, p === period - 1 ? last : BOTTOM, p);
    return player;
  }

  test('is proposed by nobody, and voted for by whoever saw bottom win, from period m on', () => {
    const before = atPeriod(M - 1);
    assert.deepEqual(votesIn(before.fire('step')), []);
    const player = atPeriod(M);
    assert.equal(player.state().period, M);
    player.propose(2, someValue('new', M, SENDERS[2]!), { period: M });
    assert.deepEqual(votesIn(player.fire('step')), ['1 empty']);
    // It follows from the parent: there is no block to wait for.
    assert.deepEqual(votesIn(player.votes(THREE, STEP.soft, EMPTY, { period: M })), ['2 empty']);
  });

  test('is not voted for where a value won the last period: it may be certified', () => {
    const player = atPeriod(M, V);
    assert.deepEqual(votesIn(player.fire('step')), ['1 v']);
  });

  test('that won a period is proposed again like any value', () => {
    const player = atPeriod(M);
    const actions = enter(player, EMPTY, M);
    assert.ok(actions.some((action) => action.type === 'repropose' && action.value === EMPTY));
  });

  test('no new block is proposed from period m on', () => {
    const player = atPeriod(M - 1);
    assert.ok(!kindsOf(enter(player, BOTTOM, M - 1)).includes('propose'));
  });
});

describe('fast recovery', () => {
  test('votes late for a staged value, redo for one that won the last period, down otherwise', () => {
    const staged = running();
    staged.votes(THREE, STEP.soft, V);
    assert.deepEqual(votesIn(staged.fire('recovery')), ['253 v']);
    const redo = running();
    enter(redo, V);
    assert.deepEqual(
      votesIn(redo.fire('recovery')),
      ['253 v'].map(() => '254 v'),
    );
    const down = running();
    assert.deepEqual(votesIn(down.fire('recovery')), ['255 bottom']);
  });

  test('comes again and sends what it has seen', () => {
    const player = running();
    player.fire('recovery');
    player.votes([1], STEP.down, BOTTOM);
    assert.ok(kindsOf(player.fire('recovery')).includes('resend'));
  });

  test('a quorum of any of its steps ends the period', () => {
    for (const [step, value] of [
      [STEP.late, V],
      [STEP.redo, V],
      [STEP.down, BOTTOM],
    ] as const) {
      const player = running();
      player.votes(THREE, step, value);
      assert.equal(player.state().period, 1);
    }
  });
});

describe('freshness', () => {
  test('votes of periods further than one away, and of next steps further than one away, are not counted', () => {
    const player = running();
    assert.deepEqual(player.votes(ALL, STEP.soft, V, { period: 2 }), []);
    assert.deepEqual(player.votes(ALL, STEP.next + 2, BOTTOM), []);
    assert.equal(player.state().period, 0);
  });

  test('next votes of the last period count if they are near to where it ended', () => {
    const player = running();
    for (let i = 0; i < 6; i++) player.fire('step');
    assert.equal(player.state().step, STEP.next + 4);
    enter(player, BOTTOM, 0);
    const bundle = THREE.map((from) => voteOf(from, STEP.next + 4, BOTTOM));
    player.on({ type: 'bundle', votes: bundle, pairs: [] });
    assert.equal(player.state().period, 1);
    assert.deepEqual(kindsOf(player.votes([3], STEP.next + 4, V, { period: 0 })), ['relay']);
    assert.deepEqual(player.votes([3], STEP.next, V, { period: 0 }), []);
  });

  test('what is verified: nothing that is known, and of each sender at each step no third', () => {
    const player = running();
    const wanted = (from: number, step: number, value = V) =>
      isWanted(player.state(), voteOf(from, step, value).vote);
    assert.ok(wanted(3, STEP.soft));
    player.votes([3], STEP.soft, V);
    assert.ok(!wanted(3, STEP.soft));
    assert.ok(wanted(3, STEP.soft, W));
    player.votes([3], STEP.soft, W);
    assert.ok(!wanted(3, STEP.soft, EMPTY));
    assert.ok(!wanted(0, STEP.propose));
    assert.ok(wanted(0, STEP.propose, W));
    player.propose(0, W);
    assert.ok(!wanted(0, STEP.propose, EMPTY));
  });

  test('of votes that are early for the next round as little is verified: none that is kept, and no third', () => {
    const player = running();
    const wanted = (value = V, place = {}) =>
      isWanted(player.state(), voteOf(3, STEP.soft, value, { round: 2n, ...place }).vote);
    assert.ok(wanted());
    player.votes([3], STEP.soft, V, { round: 2n });
    assert.ok(!wanted());
    assert.ok(wanted(W));
    player.votes([3], STEP.soft, W, { round: 2n });
    assert.ok(!wanted(EMPTY));
    assert.ok(!wanted(V, { period: 1 }));
  });

  test('a bundle that is a quorum counts wherever the player is: a later period opens', () => {
    const player = running();
    const votes = THREE.map((from) => voteOf(from, STEP.next + 9, BOTTOM, { period: 7 }));
    player.on({ type: 'bundle', votes, pairs: [] });
    assert.equal(player.state().period, 8);
  });

  test('of bundles of periods before the last only certificates count', () => {
    const player = running();
    const far = THREE.map((from) => voteOf(from, STEP.next, BOTTOM, { period: 7 }));
    player.on({ type: 'bundle', votes: far, pairs: [] });
    const soft = THREE.map((from) => voteOf(from, STEP.soft, V, { period: 1 }));
    assert.deepEqual(player.on({ type: 'bundle', votes: soft, pairs: [] }), []);
    const cert = THREE.map((from) => voteOf(from, STEP.cert, V, { period: 1 }));
    assert.ok(certificateIn(player.on({ type: 'bundle', votes: cert, pairs: [] })));
  });

  test('votes of other rounds than this and the next are dropped', () => {
    const player = running();
    for (const round of [0n, 3n]) assert.deepEqual(player.votes(ALL, STEP.cert, V, { round }), []);
  });

  test('votes for the first period of the next round wait for it, at most two of a sender and step', () => {
    const player = running();
    assert.deepEqual(kindsOf(player.votes(THREE, STEP.cert, V, { round: 2n })), ['relay', 'relay', 'relay']);
    assert.deepEqual(kindsOf(player.votes([0], STEP.cert, W, { round: 2n })), ['relay']);
    assert.deepEqual(player.votes([0], STEP.cert, EMPTY, { round: 2n }), []);
    assert.deepEqual(player.votes([1], STEP.cert, V, { round: 2n, period: 1 }), []);
    player.votes(THREE, STEP.cert, W);
    assert.ok(certificateIn(player.on({ type: 'round', facts: factsOf(2n) })));
  });
});

describe('equivocation', () => {
  test('the second vote of a sender is passed on with the pair as evidence; a third is not', () => {
    const player = running();
    player.votes([3], STEP.soft, V);
    assert.deepEqual(kindsOf(player.votes([3], STEP.soft, W)), ['relay', 'evidence']);
    assert.deepEqual(player.votes([3], STEP.soft, EMPTY), []);
    assert.deepEqual(player.votes([3], STEP.soft, V), []);
  });

  test('the first proposal of a sender counts, the second is passed on as evidence, a third is nothing', () => {
    const player = running();
    assert.deepEqual(kindsOf(player.propose(0, W)), ['relay', 'evidence']);
    assert.deepEqual(player.propose(0, EMPTY), []);
    assert.deepEqual(votesIn(player.fire('step')), ['1 v']);
  });
});

describe('after a crash', () => {
  test('what was due is due again, counted from now', () => {
    for (const fired of [0, 1, 2, 3]) {
      const player = running();
      for (let i = 0; i < fired; i++) player.fire('step');
      const expected = votesIn(startPlayerLike(player).fire('step'));
      player.on({ type: 'restart' }, 1_000_000);
      assert.deepEqual(votesIn(player.fire('step')), expected);
    }
  });

  test('a cert vote that was due is cast', () => {
    const { state } = running();
    const staged = running();
    staged.votes(THREE, STEP.soft, V);
    // As a crash leaves it that came between the quorum and the vote.
    const period = { ...staged.state().periods.get(0)!, certClosed: false };
    const before = { ...state(), periods: new Map([[0, period]]) };
    const player = startPlayer(PARAMS, 1n, before);
    assert.deepEqual(votesIn(player.on({ type: 'restart' })), ['2 v']);
  });

  test('a decision is told again', () => {
    const player = running();
    player.votes(THREE, STEP.cert, V);
    assert.ok(certificateIn(player.on({ type: 'restart' })));
  });

  test('an idle round waits for the whole interval again', () => {
    const player = startPlayer();
    player.on({ type: 'restart' }, 77);
    assert.deepEqual(kindsOf(player.fire('idle')), ['propose']);
  });
});

/** A player in the same state with the timers that it would have set. */
function startPlayerLike(player: TestPlayer): TestPlayer {
  const twin = startPlayer(PARAMS, 1n, player.state());
  twin.on({ type: 'restart' });
  return twin;
}
