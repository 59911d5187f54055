import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from './limits.ts';
import { manualClock } from './manual-clock-test-support.ts';
import { createCounters } from './metrics.ts';
import { decodePack } from './pack.ts';
import { createPublisher } from './publisher.ts';
import type { Topic } from './topics.ts';

function world({ publishQueue = DEFAULT_LIMITS.gossip.publishQueue, hold = false } = {}) {
  const clock = manualClock();
  const counters = createCounters();
  const sent: { topic: Topic; message: Uint8Array }[] = [];
  const held: (() => void)[] = [];
  let salt = 0;
  const publisher = createPublisher({
    limits: { ...DEFAULT_LIMITS.gossip, publishQueue },
    clock,
    counters,
    random: (bytes) => {
      salt++;
      return bytes.fill(salt);
    },
    send(topic, message) {
      sent.push({ topic, message });
      return hold ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
    },
  });
  const packs = (): number[] => sent.map(({ topic, message }) => decodePack(topic, message).length);
  return { clock, counters, publisher, sent, packs, held };
}

const item = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('publishing', () => {
  it('collects votes for their window, in their order', () => {
    const { clock, publisher, sent, packs } = world();
    for (let i = 1; i <= 3; i++) publisher.publish('vote', item(4, i));
    clock.advance(DEFAULT_LIMITS.gossip.voteWindowMs - 1);
    assert.deepEqual(packs(), []);
    clock.advance(1);
    assert.deepEqual(packs(), [3]);
    assert.deepEqual(
      decodePack('vote', sent[0]!.message).map(([first]) => first),
      [1, 2, 3],
    );
    clock.advance(1_000);
    assert.deepEqual(packs(), [3], 'nothing is sent twice');
  });

  it('sends a pack of transactions when it is full, by items or by bytes, and the rest after the window', () => {
    const { clock, publisher, packs } = world();
    for (let i = 0; i < 70; i++) publisher.publish('tx', item(100));
    assert.deepEqual(packs(), [64]);
    clock.advance(20);
    assert.deepEqual(packs(), [64, 6]);
    for (let i = 0; i < 9; i++) publisher.publish('tx', item(131_072));
    assert.deepEqual(packs(), [64, 6, 7], 'seven of the largest fill a MiB');
    clock.advance(20);
    assert.deepEqual(packs(), [64, 6, 7, 2]);
  });

  it('lets blocks wait for nothing, and never packs them together', () => {
    const { publisher, packs } = world();
    publisher.publish('block', item(10));
    publisher.publish('block', item(10));
    assert.deepEqual(packs(), [1, 1]);
  });

  it('gives the same items another salt each time', () => {
    const { publisher, sent } = world();
    publisher.publish('block', item(10));
    publisher.publish('block', item(10));
    assert.notDeepEqual(sent[0]!.message, sent[1]!.message);
  });

  it('takes a copy of what it is given', () => {
    const { publisher, sent, clock } = world();
    const bytes = item(4, 1);
    publisher.publish('vote', bytes);
    bytes.fill(9);
    clock.advance(20);
    assert.deepEqual(decodePack('vote', sent[0]!.message)[0], item(4, 1));
  });

  it('drops the oldest of a full queue, and counts it; what waits goes when there is room', async () => {
    const { publisher, sent, counters, held } = world({ publishQueue: 4, hold: true });
    for (let i = 0; i < 32; i++) publisher.publish('block', item(1, 200));
    assert.equal(sent.length, 32);
    for (let i = 1; i <= 6; i++) publisher.publish('block', item(1, i));
    assert.equal(sent.length, 32, 'so many are under way at most');
    assert.equal(counters.snapshot().drops['publish block'], 2);
    for (const done of held) done();
    await settled();
    assert.deepEqual(
      sent.slice(32).map(({ message }) => decodePack('block', message)[0]![0]),
      [3, 4, 5, 6],
    );
  });

  it('refuses items that no peer would take', () => {
    const { publisher } = world();
    assert.throws(() => publisher.publish('vote', item(0)), { code: 'item-size' });
    assert.throws(() => publisher.publish('vote', item(1_025)), { code: 'item-size' });
    assert.throws(() => publisher.publish('tx', item(131_073)), { code: 'item-size' });
  });

  it('sends nothing after it is closed', () => {
    const { clock, publisher, packs } = world();
    publisher.publish('vote', item(1));
    publisher.close();
    clock.advance(1_000);
    assert.deepEqual(packs(), []);
    assert.equal(clock.waiting(), 0);
  });
});
