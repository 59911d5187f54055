import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@sero/crypto';
import { BOTTOM, STEP, type Value } from '@sero/protocol';
import { certifying, certVotes, story } from './certifying-test-support.ts';
import { block, startWorld, type TestWorld, valueFrom } from './participant-test-support.ts';

describe('keys', () => {
  const message = new Uint8Array(1);

  test('of the votes that may end a period go when it is left, before a vote of the next one is sent', () => {
    const world = startWorld();
    world.sync();
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM)));
    world.sync();
    assert.ok(!world.sent.some((sent) => sent.type === 'vote' && sent.vote.period === 1));
    assert.equal(world.keys.steal(1n, 0, STEP.next, message), undefined);
    world.pass(2_000);
    world.sync();
    assert.ok(world.sent.some((sent) => sent.type === 'vote' && sent.vote.period === 1));
  });

  test('of a period that is jumped over go with those of the one before it', () => {
    const world = startWorld();
    world.sync();
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM, { period: 1 })));
    world.sync();
    for (const period of [0, 1]) {
      for (const step of [STEP.propose, STEP.soft, STEP.cert, STEP.next]) {
        assert.equal(world.keys.steal(1n, period, step, message), undefined, `${step} of ${period}`);
      }
    }
    assert.notEqual(world.keys.sign(1n, 2, STEP.soft, message), undefined);
  });

  test('of a period stay while a process that died would come back to it: all of them together could never leave it', () => {
    const world = startWorld();
    world.sync();
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM)));
    assert.notEqual(world.keys.sign(1n, 0, STEP.next, message), undefined);
    // The process is killed: what it wrote is there, what it had not written is not.
    world.crash((length) => (length === 1 ? 1 : 0));
    world.sync();
    world.pass(60_000);
    world.sync();
    const own = world.sent.flatMap((sent) => (sent.type === 'vote' ? [sent.vote] : []));
    assert.ok(own.some(({ period, step }) => period === 0 && step >= STEP.next));
  });

  test('of a period that was left go again after a crash which kept them, as does what made it be left', () => {
    const world = startWorld();
    world.sync();
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.next, BOTTOM)));
    world.syncOnce();
    world.crash((length) => (length === 1 ? 0 : length));
    assert.notEqual(world.keys.steal(1n, 0, STEP.next, message), undefined);
    world.sync();
    assert.equal(world.keys.steal(1n, 0, STEP.next, message), undefined);
    world.pass(20_000);
    world.sync();
    const own = world.sent.flatMap((sent) => (sent.type === 'vote' ? [sent.vote] : []));
    assert.ok(own.some(({ period }) => period === 1));
  });

  test('that the log names go again after a crash which kept them, before anything is sent', () => {
    const { world } = certifying();
    // The record is durable; the erasure of its key is not.
    world.crash((length) => (length === 1 ? 0 : length));
    const before = world.sent.length;
    world.syncOnce();
    assert.equal(world.keys.sign(1n, 0, STEP.cert, message), undefined);
    assert.notEqual(world.keys.steal(1n, 0, STEP.cert, message), undefined);
    assert.equal(world.sent.length, before, 'the log is durable, the keys are not gone yet');
    world.sync();
    assert.ok(world.sent.length > before);
    assert.equal(world.keys.steal(1n, 0, STEP.cert, message), undefined);
  });
});

describe('crashes', () => {
  test('a vote whose record is durable is sent again as it was, byte for byte', () => {
    const { world } = certifying();
    world.sync();
    const [before] = certVotes(world);
    world.crash(() => 0);
    world.sync();
    assert.deepEqual(certVotes(world), [before, before]);
  });

  test('a record that survived without an answer of the disk counts as sent: the vote goes out, and no other', () => {
    const { world } = certifying();
    world.crash((length) => length);
    world.sync();
    assert.equal(certVotes(world).length, 1);
    world.pass(60_000);
    world.sync();
    // It stands by what it may have made final.
    const next = world.sent.flatMap((message) =>
      message.type === 'vote' && message.vote.step >= STEP.next ? [message.vote.value] : [],
    );
    assert.ok(next.length > 0 && next.every(({ digest }) => toHex(digest) === toHex(block('v').digest)));
  });

  test('a record that was torn was never sent, and the participant votes anew with what it sees then', () => {
    const { world } = certifying();
    world.crash(() => 0);
    world.sync();
    assert.deepEqual(certVotes(world), []);
    world.pass(60_000);
    world.sync();
    assert.ok(story(world).includes('broadcast vote 3 bottom'));
  });

  test('the block that a cert vote relies on survives its voter’s crash: all voters may crash at once', () => {
    const { world, v } = certifying();
    world.sync();
    world.crash(() => 0);
    world.sync();
    assert.deepEqual(world.participant().blockOf(v.digest), block('v').bytes);
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    assert.ok(story(world).includes('commit v with 3'));
  });

  test('without waiting for the log a vote is out that a crash forgets: what the rule stops', () => {
    const { world } = certifying('vote-log-sync');
    assert.equal(certVotes(world).length, 1);
    world.crash(() => 0);
    world.sync();
    world.pass(60_000);
    assert.ok(story(world).includes('broadcast vote 3 bottom'), 'v may be final, and its voter gives it up');
  });
});

describe('what a crash must not take away', () => {
  /** A world whose round 2 begins with soft votes for w that came early, and in which the participant has cast its cert vote for w. */
  function afterEarlyVotes(): { world: TestWorld; w: Value } {
    const { world, v } = certifying();
    world.sync();
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    const w = valueFrom(world, 'w', 2, 0, 2n);
    world.receive(...[1, 2, 3].map((from) => world.vote(from, STEP.soft, w, { round: 2n })));
    world.participant().receive({ type: 'block', bytes: block('w', 2n).bytes });
    world.sync();
    world.receive(world.vote(2, STEP.propose, w, { round: 2n }));
    for (const done of world.validating.values()) done(true);
    world.sync();
    return { world, w };
  }

  test('votes that came early for a round: their quorum is what a cert vote stands on', () => {
    const { world, w } = afterEarlyVotes();
    const cert = world.sent.filter((message) => message.type === 'vote' && message.vote.step === STEP.cert);
    assert.equal(cert.length, 2);
    world.crash(() => 0);
    world.sync();
    world.pass(60_000);
    world.sync();
    const next = world.sent.flatMap((message) =>
      message.type === 'vote' && message.vote.round === 2n && message.vote.step >= STEP.next
        ? [message.vote.value]
        : [],
    );
    assert.ok(next.length > 0);
    for (const value of next) assert.equal(toHex(value.digest), toHex(w.digest));
  });

  test('the block that it knows to hold, from the first vote after it was executed', () => {
    const world = startWorld();
    world.sync();
    const v = valueFrom(world, 'v', 1);
    world.participant().receive({ type: 'block', bytes: block('v').bytes });
    world.receive(world.vote(1, STEP.propose, v));
    for (const done of world.validating.values()) done(true);
    world.pass(1_000);
    world.sync();
    assert.ok(story(world).includes('broadcast vote 1 v'));
    world.crash(() => 0);
    world.sync();
    assert.deepEqual(world.participant().blockOf(v.digest), block('v').bytes);
  });

  test('the own proposal’s block: it is proposed again with it', () => {
    const world = startWorld();
    world.sync();
    world.pass(400);
    world.sync();
    const digest = block('own').digest;
    assert.notEqual(world.participant().blockOf(digest), undefined);
    world.crash(() => 0);
    world.sync();
    assert.notEqual(world.participant().blockOf(digest), undefined);
  });

  test('records of a round that is over start nothing in the next one', () => {
    const { world, v } = certifying();
    world.sync();
    const old = [...world.log.replay()];
    world.receive(...[1, 2].map((from) => world.vote(from, STEP.cert, v)));
    world.sync();
    for (const record of old) world.log.append(1n, record);
    world.setTransactions(false);
    world.crash((length) => length);
    world.journal.length = 0;
    world.sync();
    world.pass(1_000);
    world.sync();
    assert.ok(!story(world).some((line) => line.startsWith('broadcast')), story(world).join('; '));
  });

  test('nothing is said before the log that was found is durable', () => {
    const { world } = certifying();
    world.crash((length) => length);
    world.journal.length = 0;
    world.pass(10);
    assert.deepEqual(story(world), []);
    world.sync();
    assert.ok(story(world).includes('broadcast vote 2 v'));
  });
});
