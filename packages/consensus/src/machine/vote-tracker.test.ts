import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOTTOM, STEP, type Value, type WeighedVote } from '@sero/protocol';
import fc from 'fast-check';
import { EMPTY, V, voteOf, W } from './machine-test-support.ts';
import {
  checkTracker,
  countVote,
  EMPTY_TRACKER,
  quorumFor,
  type VoteTracker,
  weightFor,
} from './vote-tracker.ts';

const VALUES = [V, W, EMPTY, BOTTOM];

function counted(votes: readonly WeighedVote[], threshold: bigint): VoteTracker {
  return votes.reduce((tracker, vote) => countVote(tracker, vote, threshold).tracker, EMPTY_TRACKER);
}

/** Any votes of four senders; a sender's weight is the same in all of his. */
const VOTES = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 12 }),
    fc.tuple(...[0, 1, 2, 3].map(() => fc.bigInt({ min: 1n, max: 5n }))),
  )
  .map(([votes, weights]) =>
    votes.map(([from, value]) => voteOf(from, STEP.next, VALUES[value]!, { weight: weights[from]! })),
  );

/** The rule itself: each sender counts for the one value that he voted for, or for all if he voted for two. */
function weightByRule(votes: readonly WeighedVote[], value: Value): bigint {
  const bySender = new Map<string, { weight: bigint; values: Set<Value> }>();
  for (const { vote, weight } of votes) {
    const sender = String(vote.sender);
    const entry = bySender.get(sender) ?? { weight, values: new Set() };
    entry.values.add(vote.value);
    bySender.set(sender, entry);
  }
  return [...bySender.values()]
    .filter(({ values }) => values.size > 1 || values.has(value))
    .reduce((sum, { weight }) => sum + weight, 0n);
}

/** Whether a sender votes for this value and no other. What equivocators alone say is a quorum only where they are one by themselves. */
function hasFriend(votes: readonly WeighedVote[], value: Value): boolean {
  const isSingle = (sender: Uint8Array) =>
    votes.every(({ vote }) => vote.sender !== sender || vote.value === value);
  return votes.some(({ vote }) => vote.value === value && isSingle(vote.sender));
}

test('a sender counts once, an equivocator for every value, whatever comes in which order', () => {
  fc.assert(
    fc.property(VOTES, fc.bigInt({ min: 1n, max: 15n }), (votes, threshold) => {
      const tracker = counted(votes, threshold);
      checkTracker(tracker, STEP.next, threshold);
      for (const value of VALUES) assert.equal(weightFor(tracker, value), weightByRule(votes, value));
      for (const value of VALUES.filter((one) => hasFriend(votes, one))) {
        assert.equal(tracker.reached.includes(value), weightByRule(votes, value) >= threshold);
      }
    }),
  );
});

test('the same votes in another order come to the same quorums and weights', () => {
  fc.assert(
    fc.property(VOTES, fc.bigInt({ min: 1n, max: 15n }), (votes, threshold) => {
      const [one, other] = [counted(votes, threshold), counted(votes.toReversed(), threshold)];
      for (const value of VALUES.filter((known) => hasFriend(votes, known))) {
        assert.equal(one.reached.includes(value), other.reached.includes(value));
      }
      assert.equal(one.total, other.total);
      assert.equal(one.paired, other.paired);
    }),
  );
});

test('a quorum is told once, by the vote that completes it', () => {
  const told = [0, 1, 2, 3].map((from) => {
    const tracker = counted(
      [0, 1, 2, 3].slice(0, from).map((i) => voteOf(i, STEP.soft, V)),
      3n,
    );
    return countVote(tracker, voteOf(from, STEP.soft, V), 3n).reached.length;
  });
  assert.deepEqual(told, [0, 0, 1, 0]);
});

test('a pair can complete several quorums at once', () => {
  const tracker = counted([voteOf(0, STEP.soft, V), voteOf(1, STEP.soft, W), voteOf(2, STEP.soft, V)], 2n);
  const { reached, outcome, pair } = countVote(tracker, voteOf(2, STEP.soft, EMPTY), 2n);
  assert.equal(outcome, 'paired');
  assert.deepEqual([pair?.first.vote.value, pair?.second.vote.value], [V, EMPTY]);
  assert.deepEqual(reached, [W]);
});

test('the votes of a quorum are those for its value and all pairs, and weigh it', () => {
  fc.assert(
    fc.property(VOTES, (votes) => {
      const tracker = counted(votes, 1n);
      for (const value of tracker.reached) {
        const quorum = quorumFor(tracker, { round: 1n, period: 0, step: STEP.next }, value);
        const sum =
          quorum.votes.reduce((total, { weight }) => total + weight, 0n) +
          quorum.pairs.reduce((total, { first }) => total + first.weight, 0n);
        assert.equal(sum, weightFor(tracker, value));
        assert.ok(quorum.votes.every(({ vote }) => vote.value === value));
      }
    }),
  );
});

test('players that saw the two votes of an equivocator in different orders come to the same quorum; without pairs they do not', () => {
  const honest = [voteOf(0, STEP.cert, V), voteOf(1, STEP.cert, V)];
  const [one, other] = [voteOf(3, STEP.cert, V), voteOf(3, STEP.cert, W)];
  const reached = (votes: readonly WeighedVote[], mutant?: 'equivocation') =>
    votes.reduce((tracker, vote) => countVote(tracker, vote, 3n, mutant).tracker, EMPTY_TRACKER).reached;
  assert.deepEqual(reached([...honest, one, other]), [V]);
  assert.deepEqual(reached([...honest, other, one]), [V]);
  assert.deepEqual(reached([...honest, one, other], 'equivocation'), [V]);
  assert.deepEqual(reached([...honest, other, one], 'equivocation'), []);
});

test('an equivocator who says the same things again and again counts once', () => {
  const votes = [V, W, V, W, V].map((value) => voteOf(3, STEP.cert, value));
  assert.deepEqual(counted(votes, 2n).reached, []);
});
