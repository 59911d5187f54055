import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareBytes, toHex } from '@sero/crypto';
import { BOTTOM, STEP, type Value } from '@sero/protocol';
import { certifying, certVotes, story } from './certifying-test-support.ts';
import { block, startWorld, valueFrom } from './participant-test-support.ts';

describe('the order of voting', () => {
  test('a vote is written, then log and keys are synced, and only then is it sent', () => {
    const { world } = certifying();
    assert.deepEqual(story(world), ['log', 'sync log']);
    world.sync();
    assert.deepEqual(story(world).slice(0, 4), ['log', 'sync log', 'sync keys', 'broadcast vote 2 v']);
  });

  test('its leaf is gone before it is sent: nothing that is stored signs another', () => {
    const { world } = certifying();
    const message = new Uint8Array(1);
    assert.notEqual(world.keys.sign(1n, 0, STEP.cert, message), undefined, 'the vote is not durable yet');
    world.syncOnce();
    assert.equal(world.keys.sign(1n, 0, STEP.cert, message), undefined);
    assert.notEqual(world.keys.steal(1n, 0, STEP.cert, message), undefined, 'nor is this');
    assert.deepEqual(certVotes(world), []);
    world.sync();
    assert.equal(world.keys.steal(1n, 0, STEP.cert, message), undefined);
    assert.equal(certVotes(world).length, 1);
  });

  test('a proposal goes the same way, and its block after it', () => {
    const world = startWorld();
    world.sync();
    world.journal.length = 0;
    world.pass(400);
    world.sync();
    assert.deepEqual(story(world).slice(0, 5), [
      'log',
      'sync log',
      'sync keys',
      'broadcast vote 0 own',
      'broadcast block',
    ]);
  });

  test('a disk that fails stops the participant, and nothing is sent', () => {
    const world = startWorld();
    world.sync();
    world.failDisk();
    world.pass(60_000);
    assert.deepEqual(
      world.halts.map(({ reason }) => reason),
      ['disk-failed'],
    );
    assert.deepEqual(world.sent, []);
  });
});

describe('proposals', () => {
  test('whoever has heard of a smaller leader value builds nothing', () => {
    const world = startWorld();
    world.sync();
    // One of the three leads the participant, or it leads all: then it builds.
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.propose, valueFrom(world, 'v', from))));
    world.pass(400);
    world.sync();
    const leads = world.leaders().every((leader, number) => number === 0 || leader > world.leaders()[0]!);
    assert.equal(story(world).includes('broadcast vote 0 own'), leads);
    assert.ok(!leads, 'the values of this test were chosen so that another one leads');
  });

  test('a block that is ready when its period is over is not proposed', () => {
    const world = startWorld({ slowBuilds: true });
    world.sync();
    world.pass(400);
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM)));
    world.finishBuilds();
    world.sync();
    const own = world.sent.filter((sent) => sent.type === 'vote' && sent.vote.step === STEP.propose);
    assert.ok(own.every((sent) => sent.type === 'vote' && sent.vote.period === 1));
  });
});

describe('the end of a round', () => {
  test('a certificate is committed with a quorum’s votes, the keys of the round go, then the next round begins', () => {
    const { world, v } = certifying();
    world.sync();
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    const end = story(world).slice(-3);
    assert.deepEqual(end, ['broadcast vote 2 v', 'commit v with 3', 'sync keys']);
    const message = new Uint8Array(1);
    world.sync();
    assert.equal(world.journal.filter((line) => line === 'final 1').length, 1);
    for (const step of [STEP.propose, STEP.soft, STEP.cert, STEP.next]) {
      for (const period of [0, 1, 2, 3]) assert.equal(world.keys.steal(1n, period, step, message), undefined);
    }
    assert.equal([...world.log.replay()].length, 0);
  });

  test('nothing of the next round is said before the last leaf of the round is gone', () => {
    const { world, v } = certifying();
    world.sync();
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    world.pass(60_000);
    assert.ok(world.sent.every((message) => message.type !== 'vote' || message.vote.round === 1n));
    world.sync();
    world.pass(60_000);
    world.sync();
    assert.ok(world.sent.some((message) => message.type === 'vote' && message.vote.round === 2n));
  });

  test('another certificate of the round that just ended stops the participant; one for the same block does not', () => {
    const { world, v } = certifying();
    world.sync();
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    world.sync();
    const w = valueFrom(world, 'w', 2);
    const certificateFor = (value: Value, period: number) => ({
      ...{ round: 1n, period, step: STEP.cert, value, equivocations: [] },
      votes: [1, 2, 3]
        .map((from) => world.vote(from, STEP.cert, value, { period }))
        .sort((a, b) => (toHex(a.sender) < toHex(b.sender) ? -1 : 1)),
    });
    world.participant().receive({ type: 'bundle', bundle: certificateFor(v, 1) });
    const forged = { ...certificateFor(w, 0), value: valueFrom(world, 'other', 2) };
    assert.throws(() => world.participant().receive({ type: 'bundle', bundle: forged }));
    assert.deepEqual(world.halts, []);
    world.participant().receive({ type: 'bundle', bundle: certificateFor(w, 0) });
    assert.deepEqual(
      world.halts.map(({ reason }) => reason),
      ['two-certificates'],
    );
  });

  test('so does one that comes vote by vote while the first one’s block is missing', () => {
    const world = startWorld();
    world.sync();
    const [v, w] = [valueFrom(world, 'v', 1), valueFrom(world, 'w', 2)];
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, w)));
    assert.deepEqual(
      world.halts.map(({ reason }) => reason),
      ['two-certificates'],
    );
  });

  test('who has halted makes nothing final any more, whatever comes with the second certificate', () => {
    const world = startWorld();
    world.sync();
    const [v, w] = [valueFrom(world, 'v', 1), valueFrom(world, 'w', 2)];
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
    const votes = [1, 2, 3].map((from) => world.vote(from, STEP.cert, w));
    const sorted = votes.sort((a, b) => compareBytes(a.sender, b.sender));
    const certificate = { round: 1n, period: 0, step: STEP.cert, value: w, votes: sorted, equivocations: [] };
    world.participant().receiveCertified(1n, { block: block('v').bytes, certificate });
    assert.equal(world.journal.at(-1), 'halted two-certificates');
  });

  test('who lags behind asks for the next round as soon as one is over, also where everything is done at once', () => {
    const world = startWorld({ quickDisk: true });
    const v = valueFrom(world, 'v', 1);
    world.participant().receive({ type: 'block', bytes: block('v').bytes });
    world.receive({ ...world.vote(1, STEP.soft, v), round: 9n });
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
    for (const done of world.validating.values()) done(true);
    assert.ok(world.journal.includes('final 1'));
    assert.equal(world.journal.filter((line) => line === 'ask for round 2').length, 1);
  });

  test('another certificate stops the participant also while the first one’s block is missing', () => {
    const world = startWorld();
    world.sync();
    const [v, w] = [valueFrom(world, 'v', 1), valueFrom(world, 'w', 2)];
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
    const judgements: string[] = [];
    const receive = (value: Value): void => {
      const votes = [1, 2, 3].map((from) => world.vote(from, STEP.cert, value));
      const sorted = votes.sort((a, b) => compareBytes(a.sender, b.sender));
      const bundle = { round: 1n, period: 0, step: STEP.cert, value, votes: sorted, equivocations: [] };
      world.participant().receive({ type: 'bundle', bundle }, (judgement) => judgements.push(judgement));
    };
    receive(v);
    receive(w);
    assert.deepEqual(judgements, ['ignored', 'accepted']);
    assert.deepEqual(
      world.halts.map(({ reason }) => reason),
      ['two-certificates'],
    );
  });

  test('a certified block that is not there is asked for until it comes', () => {
    const world = startWorld();
    world.sync();
    const v = valueFrom(world, 'v', 1);
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
    world.journal.length = 0;
    world.pass(10_000);
    assert.ok(story(world).filter((line) => line === 'ask for a block').length > 3);
    assert.ok(story(world).includes('ask for round 1'));
    world.participant().receive({ type: 'block', bytes: block('v').bytes });
    assert.ok(story(world).includes('commit v with 3'));
  });

  test('the empty block needs nobody to send it', () => {
    const world = startWorld();
    world.sync();
    const empty = { period: 0, proposer: new Uint8Array(32), digest: block('empty').digest };
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, empty, { period: 1 })));
    assert.ok(story(world).includes('commit empty with 3'));
  });

  test('a certified block that does not hold stops the participant', () => {
    const { world, v } = certifying();
    world.failCommits();
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
    assert.deepEqual(
      world.halts.map(({ reason }) => reason),
      ['commit-failed'],
    );
  });

  test('where the next round is of a version that the ledger lacks, the round is final, then the participant stops and says why', () => {
    const { world, v } = certifying();
    world.sync();
    world.loseVersion();
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    world.sync();
    assert.deepEqual(story(world).slice(-2), ['final 1', 'halted no-next-round']);
    const { length } = world.sent;
    world.pass(60_000);
    assert.equal(world.sent.length, length);
  });
});

describe('blocks', () => {
  test('one that nobody proposed is not executed, and five of them push out the first', () => {
    const world = startWorld();
    world.sync();
    for (const name of ['v', 'a', 'b', 'c', 'd']) {
      world.participant().receive({ type: 'block', bytes: block(name).bytes });
    }
    assert.equal(world.validating.size, 0);
    assert.equal(world.participant().blockOf(block('v').digest), undefined);
    assert.notEqual(world.participant().blockOf(block('d').digest), undefined);
  });

  test('the leader’s is executed once, passed on, and handed out', () => {
    const world = startWorld();
    world.sync();
    const v = valueFrom(world, 'v', 1);
    world.receive(world.vote(1, STEP.propose, v));
    for (let i = 0; i < 3; i++) world.participant().receive({ type: 'block', bytes: block('v').bytes });
    assert.deepEqual([...world.validating.keys()], [toHex(v.digest)]);
    assert.equal(world.journal.filter((line) => line === 'relay block').length, 1);
    assert.deepEqual(world.participant().blockOf(v.digest), block('v').bytes);
  });

  test('a block of another height is dropped', () => {
    const world = startWorld();
    world.sync();
    world.participant().receive({ type: 'block', bytes: block('v', 7n).bytes });
    assert.equal(world.participant().blockOf(block('v', 7n).digest), undefined);
  });

  test('a staged value’s block that is missing is asked for at once, and again at every timer', () => {
    const world = startWorld();
    world.sync();
    const v = valueFrom(world, 'v', 1);
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.soft, v)));
    assert.equal(world.journal.filter((line) => line === 'ask for a block').length, 1);
    world.pass(5_000);
    assert.ok(world.journal.filter((line) => line === 'ask for a block').length > 1);
  });
});

describe('a block of the future', () => {
  test('gets no vote before its time is two seconds away by the own clock, and then its vote', () => {
    const world = startWorld();
    world.sync();
    world.setBlockTime(3_000n);
    const v = valueFrom(world, 'v', 1);
    world.participant().receive({ type: 'block', bytes: block('v').bytes });
    world.receive(world.vote(1, STEP.propose, v), ...[1, 2, 3].map((from) => world.vote(from, STEP.soft, v)));
    for (const done of world.validating.values()) done(true);
    world.pass(999);
    world.sync();
    assert.equal(certVotes(world).length, 0);
    world.pass(1);
    world.sync();
    assert.equal(certVotes(world).length, 1);
  });

  test('that is certified is final whatever its time', () => {
    const world = startWorld();
    world.sync();
    world.setBlockTime(3_000_000n);
    const v = valueFrom(world, 'v', 1);
    world.participant().receive({ type: 'block', bytes: block('v').bytes });
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.cert, v)));
    assert.ok(story(world).includes('commit v with 3'));
  });
});

describe('an idle chain', () => {
  test('a player with nothing to include proposes only when the gap after the last block is over', () => {
    const world = startWorld({ transactions: false });
    world.sync();
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.soft, valueFrom(world, 'v', 1))));
    world.pass(1_000);
    world.sync();
    assert.ok(!story(world).some((line) => line === 'broadcast vote 0 own'));
    const idle = startWorld({ transactions: false });
    idle.sync();
    idle.pass(6_000);
    idle.sync();
    assert.ok(story(idle).includes('broadcast vote 0 own'));
  });
});
