import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@sero/crypto';
import { BOTTOM, STEP } from '@sero/protocol';
import { certifying, certVotes, story } from './certifying-test-support.ts';
import { block, PARAMS, startWorld, type TestWorld, valueFrom } from './participant-test-support.ts';

describe('messages', () => {
  test('a vote with a forged signature, of a stranger or of a far round does nothing', () => {
    const world = startWorld();
    world.sync();
    const v = valueFrom(world, 'v', 1);
    const honest = [1, 2, 3].map((from) => world.vote(from, STEP.cert, v));
    const forged = honest.map((vote) => ({ ...vote, value: { ...v, digest: block('w').digest } }));
    const strange = honest.map((vote) => ({ ...vote, sender: new Uint8Array(32).fill(7) }));
    const far = [1, 2, 3].map((from) => world.vote(from, STEP.cert, v, { round: 9n }));
    world.receive(...forged, ...strange, ...far);
    assert.ok(!story(world).some((line) => line.startsWith('commit')));
    world.receive(...honest);
    world.participant().receive({ type: 'block', bytes: block('v').bytes });
    assert.ok(story(world).includes('commit v with 3'));
  });

  test('who hears of later rounds asks for what made this one final', () => {
    const world = startWorld();
    world.sync();
    world.receive(world.vote(1, STEP.soft, valueFrom(world, 'v', 1), { round: 5n }));
    assert.ok(story(world).includes('ask for round 1'));
  });

  test('a final block that was asked for is taken with its certificate, and with no other', () => {
    const { world: source, v } = certifying();
    source.sync();
    source.receive(...[1, 2].map((from) => source.vote(from, STEP.cert, v)));
    const world = startWorld();
    world.sync();
    const votes = [1, 2, 3].map((from) => world.vote(from, STEP.cert, v));
    const sorted = votes.toSorted((a, b) => (toHex(a.sender) < toHex(b.sender) ? -1 : 1));
    const certificate = { round: 1n, period: 0, step: STEP.cert, value: v, votes: sorted, equivocations: [] };
    world
      .participant()
      .receiveCertified(1n, { block: block('v').bytes, certificate: { ...certificate, step: STEP.soft } });
    world.participant().receiveCertified(2n, { block: block('v').bytes, certificate });
    assert.ok(!story(world).some((line) => line.startsWith('commit')));
    world.participant().receiveCertified(1n, { block: block('v').bytes, certificate });
    assert.ok(story(world).includes('commit v with 3'));
  });

  test('a stopped participant neither answers nor speaks', () => {
    const { world } = certifying();
    world.participant().stop();
    world.sync();
    world.receive(world.vote(1, STEP.next, BOTTOM));
    world.pass(60_000);
    assert.deepEqual(certVotes(world), []);
  });
});

describe('what a value is of', () => {
  test('the block of one proposer under another’s name, or as of another period, gets no cert vote', () => {
    for (const [from, period] of [
      [2, 0],
      [1, 1],
    ] as const) {
      const world = startWorld();
      world.sync();
      const borrowed = { ...valueFrom(world, 'v', from), period };
      world.participant().receive({ type: 'block', bytes: block('v').bytes });
      world.receive(...[1, 2, 3].map((sender) => world.vote(sender, STEP.soft, borrowed, { period })));
      for (const done of world.validating.values()) done(true);
      world.sync();
      assert.equal(certVotes(world).length, 0);
    }
  });

  test('the empty block as somebody’s proposal gets no cert vote', () => {
    const world = startWorld();
    world.sync();
    const empty = { ...valueFrom(world, 'v', 1), digest: block('empty').digest };
    world.receive(world.vote(1, STEP.propose, empty));
    world.participant().receive({ type: 'block', bytes: block('empty').bytes });
    world.receive(...[1, 2, 3].map((sender) => world.vote(sender, STEP.soft, empty)));
    for (const done of world.validating.values()) done(true);
    world.sync();
    assert.equal(certVotes(world).length, 0);
  });
});

describe('judgements', () => {
  test('a message is accepted, ignored or invalid, and says so once', () => {
    const world = startWorld();
    world.sync();
    const v = valueFrom(world, 'v', 1);
    const vote = world.vote(1, STEP.soft, v);
    const judge = (message: Parameters<ReturnType<TestWorld['participant']>['receive']>[0]) => {
      const judgements: string[] = [];
      world.participant().receive(message, (judgement) => judgements.push(judgement));
      return judgements.join(' ');
    };
    assert.equal(judge({ type: 'vote', vote: { ...vote, sender: new Uint8Array(32) } }), 'invalid');
    assert.equal(judge({ type: 'vote', vote }), 'accepted');
    assert.equal(judge({ type: 'vote', vote }), 'ignored');
    assert.equal(judge({ type: 'block', bytes: block('v').bytes }), 'accepted');
    assert.equal(judge({ type: 'block', bytes: block('v').bytes }), 'ignored');
    assert.equal(judge({ type: 'block', bytes: block('v', 9n).bytes }), 'ignored');
  });

  test('an own vote is said once: nobody passes on what is his own', () => {
    const { world } = certifying();
    world.sync();
    assert.ok(story(world).includes('broadcast vote 2 v'));
    assert.ok(!world.journal.includes('relay vote 2 v'));
    world.receive(world.vote(1, STEP.cert, valueFrom(world, 'v', 1)));
    assert.ok(world.journal.includes('relay vote 2 v'));
  });

  test('of one sender’s proposals two are verified and no more', () => {
    const world = startWorld();
    world.sync();
    const judgements: string[] = [];
    for (const name of ['v', 'a', 'b', 'c']) {
      const vote = world.vote(1, STEP.propose, valueFrom(world, name, 1));
      world.participant().receive({ type: 'vote', vote }, (judgement) => judgements.push(judgement));
    }
    assert.deepEqual(judgements, ['accepted', 'accepted', 'ignored', 'ignored']);
    assert.equal(world.journal.filter((line) => line === 'evidence').length, 1);
  });

  test('votes of ever later rounds, which cost their sender nothing, make it ask once a pause', () => {
    const world = startWorld();
    world.sync();
    const asked = (): number => world.journal.filter((line) => line.startsWith('ask for round')).length;
    for (let round = 3n; round < 1000n; round++) {
      world.receive({ ...world.vote(1, STEP.soft, valueFrom(world, 'v', 1)), round });
    }
    assert.equal(asked(), 1);
    world.pass(PARAMS.pace.filterMax);
    assert.equal(asked(), 2);
  });

  test('a participant that does not listen yet, or any more, says that it ignores', () => {
    const world = startWorld();
    const judgements: string[] = [];
    const tell = (): void =>
      world
        .participant()
        .receive({ type: 'vote', vote: world.vote(1, STEP.soft, valueFrom(world, 'v', 1)) }, (judged) =>
          judgements.push(judged),
        );
    tell();
    world.sync();
    world.participant().stop();
    tell();
    assert.deepEqual(judgements, ['ignored', 'ignored']);
  });

  test('votes of a round that is decided are not verified any more', () => {
    const { world, v } = certifying();
    world.sync();
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    const judgements: string[] = [];
    world
      .participant()
      .receive({ type: 'vote', vote: world.vote(3, STEP.cert, v) }, (judged) => judgements.push(judged));
    assert.deepEqual(judgements, ['ignored']);
  });

  test('rumours of later rounds make it ask once, and then no more until it hears of them again', () => {
    const world = startWorld({ transactions: false });
    world.sync();
    world.receive(world.vote(1, STEP.soft, valueFrom(world, 'v', 1), { round: 7n }));
    world.pass(4_000);
    assert.equal(world.journal.filter((line) => line.startsWith('ask for round')).length, 2);
  });

  test('the certificate that ends the round is passed on', () => {
    const { world, v } = certifying();
    world.sync();
    const votes = [1, 2, 3].map((from) => world.vote(from, STEP.cert, v));
    const sorted = votes.toSorted((a, b) => (toHex(a.sender) < toHex(b.sender) ? -1 : 1));
    const bundle = { round: 1n, period: 0, step: STEP.cert, value: v, votes: sorted, equivocations: [] };
    world.participant().receive({ type: 'bundle', bundle });
    assert.ok(world.journal.includes('relay bundle 2 v'));
  });
});
