import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareBytes, toHex } from '@sero/crypto';
import { BOTTOM, encodeVote, STEP, type Value } from '@sero/protocol';
import { block, PARAMS, startWorld, type TestWorld, valueFrom } from './participant-test-support.ts';

/** The journal without what concerns nobody here. */
function story({ journal }: TestWorld): string[] {
  return journal.filter((line) => !line.startsWith('relay') && !line.startsWith('tentative'));
}

/** A world in which v, player 1's block, has a soft quorum and was executed: the participant has cast its cert vote. */
function certifying(mutant?: 'vote-log-sync'): { world: TestWorld; v: Value } {
  const world = startWorld(mutant === undefined ? {} : { mutant });
  world.sync();
  const v = valueFrom(world, 'v', 1);
  world.participant().receive({ type: 'block', bytes: block('v').bytes });
  world.receive(world.vote(1, STEP.propose, v), ...[1, 2, 3].map((from) => world.vote(from, STEP.soft, v)));
  world.journal.length = 0;
  for (const done of world.validating.values()) done(true);
  return { world, v };
}

function certVotes(world: TestWorld): string[] {
  return world.sent.flatMap((message) =>
    message.type === 'vote' && message.vote.step === STEP.cert ? [toHex(encodeVote(message.vote))] : [],
  );
}

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
