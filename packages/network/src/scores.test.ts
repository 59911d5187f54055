import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from './limits.ts';
import { manualClock } from './manual-clock-test-support.ts';
import { createScores } from './scores.ts';

const limits = DEFAULT_LIMITS.scores;

function world({ direct = [] as string[], exempt = ['127.0.0.1'], gossip = 0, remembered = 4_096 } = {}) {
  const clock = manualClock();
  const bans: string[] = [];
  const scores = createScores({
    limits: { ...limits, remembered },
    clock,
    direct: new Set(direct),
    exempt: new Set(exempt),
    gossipScore: () => gossip,
    onBan: (what) => bans.push(what),
  });
  return { clock, scores, bans };
}

describe('scores', () => {
  it('disconnects at the fourth invalid message, and bans at the ninth', () => {
    const { scores } = world();
    const sentences = Array.from({ length: 9 }, () => scores.offend('a', 'invalid-message', undefined));
    assert.deepEqual(sentences.slice(0, 4), ['none', 'none', 'none', 'disconnect']);
    assert.equal(sentences[7], 'disconnect');
    assert.equal(sentences[8], 'ban');
    assert.equal(scores.refused('a'), true);
    assert.equal(scores.refused('b'), false);
  });

  it('bans for malice at once', () => {
    assert.equal(world().scores.offend('a', 'malice', undefined), 'ban');
  });

  it('forgives by half every ten minutes, and lets a peer come again when it is above the threshold', () => {
    const { scores, clock } = world();
    for (let i = 0; i < 4; i++) scores.offend('a', 'invalid-message', undefined);
    assert.equal(scores.refused('a'), true);
    clock.advance(limits.halfLifeMs);
    assert.equal(scores.own('a'), -12);
    assert.equal(scores.refused('a'), false);
  });

  it('ends a ban after its time', () => {
    const { scores, clock } = world();
    for (let i = 0; i < 9; i++) scores.offend('a', 'invalid-message', undefined);
    assert.equal(scores.banned().peers, 1);
    clock.advance(limits.banMs - 1);
    assert.equal(scores.refused('a'), true, 'though its score is above the threshold');
    assert.ok(scores.own('a') > limits.disconnect);
    clock.advance(1);
    assert.equal(scores.refused('a'), false);
    assert.equal(scores.banned().peers, 0);
  });

  it('refuses or bans no direct peer, whatever it does', () => {
    const { scores } = world({ direct: ['a'] });
    for (let i = 0; i < 50; i++) assert.equal(scores.offend('a', 'malice', '9.9.9.9'), 'none');
    assert.equal(scores.refused('a'), false);
    assert.equal(scores.refusedAddress('9.9.9.9'), false);
  });

  it('bans an address after three bans of peers there, for a while, but no exempt one', () => {
    const { scores, clock, bans } = world();
    for (const id of ['a', 'b']) scores.offend(id, 'malice', '9.9.9.9');
    assert.equal(scores.refusedAddress('9.9.9.9'), false);
    scores.offend('c', 'malice', '9.9.9.9');
    assert.equal(scores.refusedAddress('9.9.9.9'), true);
    assert.deepEqual(bans, ['peer', 'peer', 'peer', 'address']);
    for (const id of ['d', 'e', 'f']) scores.offend(id, 'malice', '127.0.0.1');
    assert.equal(scores.refusedAddress('127.0.0.1'), false);
    assert.equal(scores.banned().addresses, 1);
    clock.advance(limits.banMs);
    assert.equal(scores.refusedAddress('9.9.9.9'), false);
  });

  it('counts bans of an address only within the time of a ban', () => {
    const { scores, clock } = world();
    for (const id of ['a', 'b']) scores.offend(id, 'malice', '9.9.9.9');
    clock.advance(limits.banMs);
    scores.offend('c', 'malice', '9.9.9.9');
    assert.equal(scores.refusedAddress('9.9.9.9'), false);
  });

  it('lets gossip alone disconnect nobody, and adds it to what the peer did here', () => {
    const { scores } = world({ gossip: -1_000 });
    assert.equal(scores.score('a'), -limits.gossipShare);
    assert.equal(scores.offend('a', 'timeout', undefined), 'none');
    assert.equal(scores.offend('a', 'invalid-message', undefined), 'none');
    assert.equal(scores.offend('a', 'invalid-message', undefined), 'disconnect', '-13 and -10');
    assert.equal(world({ gossip: 1_000 }).scores.score('a'), 0, 'nor is a good one worth anything');
  });

  it('remembers a bounded number of peers, the worst ones longest', () => {
    const { scores } = world({ remembered: 64 });
    for (let i = 0; i < 9; i++) scores.offend('worst', 'invalid-message', undefined);
    for (let i = 0; i < 5_000; i++) scores.offend(`peer ${i}`, 'timeout', undefined);
    assert.equal(scores.refused('worst'), true);
    const remembered = Array.from({ length: 5_000 }, (_, i) => scores.own(`peer ${i}`)).filter(
      (own) => own < 0,
    );
    assert.ok(remembered.length <= 64, `${remembered.length}`);
  });
});
