import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Verdict } from './abstractions.ts';
import { createJudge } from './judge.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createCounters } from './metrics.ts';
import { encodePack } from './pack.ts';
import { verdictOf } from './verdict.ts';

const salt = new Uint8Array(8);
/** A pack of votes whose first bytes say what the node is to think of them. */
const pack = (...verdicts: number[]): Uint8Array =>
  encodePack(
    'vote',
    salt,
    verdicts.map((verdict) => Uint8Array.of(verdict, 1)),
  );

function world({ votes = 8, bytes = 1_000_000, direct = [] as string[], known = true } = {}) {
  const counters = createCounters();
  const reports: string[] = [];
  const waiting: (() => void)[] = [];
  const judge = createJudge({
    handlers: {
      gossip(_topic, item): Verdict | Promise<Verdict> {
        if (item[0] === 3) throw new Error('a bug of the node');
        if (item[0] === 4) return new Promise((resolve) => waiting.push(() => resolve('accept')));
        return (['accept', 'ignore', 'reject'] as const)[item[0]!]!;
      },
    },
    limits: {
      ...DEFAULT_LIMITS.gossip,
      judging: { ...DEFAULT_LIMITS.gossip.judging, vote: votes },
      judgingBytes: bytes,
    },
    counters,
    direct: new Set(direct),
    isKnown: () => known,
    report: (id, offence) => reports.push(`${id} ${offence}`),
  });
  return { judge, counters, reports, waiting };
}

describe('verdicts', () => {
  it('reject a pack for one item that is rejected, and accept it for one that is accepted', () => {
    assert.equal(verdictOf(['accept', 'reject', 'ignore']), 'reject');
    assert.equal(verdictOf(['ignore', 'accept']), 'accept');
    assert.equal(verdictOf(['ignore', 'ignore']), 'ignore');
  });

  it('come from every item, and blame the peer for a rejection alone', async () => {
    const { judge, reports, counters } = world();
    assert.equal(await judge.judge('vote', pack(0, 1), 'a'), 'accept');
    assert.equal(await judge.judge('vote', pack(1, 1), 'a'), 'ignore');
    assert.deepEqual(reports, []);
    assert.equal(await judge.judge('vote', pack(0, 2), 'a'), 'reject');
    assert.deepEqual(reports, ['a invalid-message']);
    assert.equal(counters.snapshot().items['vote accept'], 2);
  });

  it('blame the peer for what does not decode, without asking the node', async () => {
    const { judge, reports, counters } = world();
    assert.equal(await judge.judge('vote', new Uint8Array(7), 'a'), 'reject');
    assert.deepEqual(reports, ['a invalid-message']);
    assert.deepEqual(counters.snapshot().items, {});
  });

  it('are ignore where the node fails, and blame nobody', async () => {
    const { judge, reports, counters } = world();
    assert.equal(await judge.judge('vote', pack(3), 'a'), 'ignore');
    assert.deepEqual(reports, []);
    assert.equal(counters.snapshot().failures['gossip'], 1);
  });

  it('let no peer take more than its share of what the node is judging', async () => {
    const { judge, waiting, counters, reports } = world({ votes: 8 });
    const first = judge.judge('vote', pack(4, 4, 4, 4), 'a');
    assert.equal(await judge.judge('vote', pack(0), 'a'), 'ignore', 'a has its half');
    assert.equal(await judge.judge('vote', pack(0), 'b'), 'accept');
    const second = judge.judge('vote', pack(4, 4, 4, 4), 'b');
    assert.equal(await judge.judge('vote', pack(0), 'c'), 'ignore', 'all places are taken');
    assert.equal(counters.snapshot().drops['judging vote'], 2);
    for (const done of waiting) done();
    assert.deepEqual(await Promise.all([first, second]), ['accept', 'accept']);
    assert.equal(judge.judging().vote, 0);
    assert.equal(await judge.judge('vote', pack(0), 'c'), 'accept');
    assert.deepEqual(reports, [], 'to be fast is no offence');
  });

  it('bound the bytes that the node is judging', async () => {
    const { judge, waiting, counters } = world({ bytes: 100 });
    // 30 bytes each: two of one peer are above its half, four of all are above the whole.
    const message = encodePack('vote', salt, [new Uint8Array(14).fill(4)]);
    const first = judge.judge('vote', message, 'a');
    assert.equal(await judge.judge('vote', message, 'a'), 'ignore');
    const more = [judge.judge('vote', message, 'b'), judge.judge('vote', message, 'c')];
    assert.equal(await judge.judge('vote', message, 'd'), 'ignore');
    assert.equal(counters.snapshot().drops['judging vote'], 2);
    for (const done of waiting) done();
    assert.deepEqual(await Promise.all([first, ...more]), ['accept', 'accept', 'accept']);
  });

  it('let a direct peer take all places', async () => {
    const { judge, waiting } = world({ votes: 8, direct: ['a'] });
    const all = judge.judge('vote', pack(4, 4, 4, 4, 4, 4, 4, 4), 'a');
    assert.equal(judge.judging().vote, 8);
    for (const done of waiting) done();
    assert.equal(await all, 'accept');
  });

  it('are ignore for a peer that was sent away meanwhile, who is still blamed for garbage', async () => {
    const { judge, reports, counters } = world({ known: false });
    assert.equal(await judge.judge('vote', pack(0), 'a'), 'ignore');
    assert.equal(await judge.judge('vote', new Uint8Array(3), 'a'), 'reject');
    assert.deepEqual(counters.snapshot().items, {});
    assert.deepEqual(reports, ['a invalid-message']);
  });
});
