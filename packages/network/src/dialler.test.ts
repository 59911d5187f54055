import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAddressBook } from './address-book.ts';
import { createDialler } from './dialler.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { manualClock } from './manual-clock-test-support.ts';
import { createCounters } from './metrics.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const { intervalMs } = DEFAULT_LIMITS.dialling;

function world({
  bootstrap = [] as string[],
  direct = [] as string[],
  target = 3,
  refused = [] as string[],
} = {}) {
  const clock = manualClock();
  const connected = new Set<string>();
  const reachable = new Set<string>();
  const dials: string[] = [];
  const book = createAddressBook({
    file: undefined,
    limits: DEFAULT_LIMITS.addressBook,
    clock,
    verify: async () => true,
  });
  const dialler = createDialler({
    bootstrap: bootstrap.map((id) => ({ id, address: `/${id}` })),
    direct: direct.map((id) => ({ id, address: `/${id}` })),
    book,
    limits: DEFAULT_LIMITS.dialling,
    target,
    clock,
    counters: createCounters(),
    isConnected: (id) => connected.has(id),
    isRefused: (id) => refused.includes(id),
    connected: () => connected.size,
    async dial({ id }) {
      dials.push(id);
      if (!reachable.has(id)) throw new Error('nobody there');
      connected.add(id);
    },
  });
  /** Lets time pass, and what was begun end. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) {
      clock.advance(Math.min(500, left));
      await settled();
    }
  };
  return { clock, connected, reachable, dials, book, dialler, pass };
}

describe('dialling', () => {
  it('goes on for bootstrap peers, at doubled intervals up to a bound', async () => {
    const { dialler, dials, pass } = world({ bootstrap: ['b'] });
    dialler.start();
    await pass(60_000);
    // At 0, 2, 4, 8, 16, then each 16 s (the first look after 15 s).
    assert.ok(dials.length >= 6 && dials.length <= 9, `${dials.length}`);
    dialler.close();
  });

  it('connects again when a given peer is gone', async () => {
    const { dialler, dials, pass, reachable, connected } = world({ direct: ['d'] });
    reachable.add('d');
    dialler.start();
    await pass(10_000);
    assert.deepEqual(dials, ['d']);
    connected.delete('d');
    await pass(intervalMs);
    assert.deepEqual(dials, ['d', 'd']);
    dialler.close();
  });

  it('takes peers of the book, the last heard of first, until there are enough', async () => {
    const { dialler, dials, pass, reachable, book } = world({ target: 2 });
    for (const id of ['w', 'x', 'y', 'z']) {
      book.add(id, new Uint8Array(1));
      reachable.add(id);
    }
    dialler.start();
    await pass(10_000);
    assert.deepEqual(dials, ['z', 'y']);
    dialler.close();
  });

  it('forgets a peer of the book that failed too often', async () => {
    const { dialler, pass, book } = world();
    book.add('x', new Uint8Array(1));
    dialler.start();
    await pass(1_200_000);
    assert.equal(book.size(), 0);
    dialler.close();
  });

  it('tries a peer that the DHT spoke of once, and listens to a bounded number', async () => {
    const { dialler, dials, pass } = world({ target: 1_000 });
    for (let i = 0; i < 10_000; i++) dialler.found(`x${i}`);
    dialler.start();
    await pass(600_000);
    assert.equal(dials.length, 256);
    assert.equal(new Set(dials).size, 256);
    dialler.close();
  });

  it('leaves out who is refused or avoided, but never a direct peer', async () => {
    const { dialler, dials, pass } = world({ bootstrap: ['a', 'b'], direct: ['d'], refused: ['a', 'd'] });
    dialler.avoid('b', 5_000);
    dialler.avoid('d', 1_000_000);
    dialler.start();
    await pass(4_000);
    assert.deepEqual([...new Set(dials)], ['d']);
    await pass(4_000);
    assert.ok(dials.includes('b'));
    assert.ok(!dials.includes('a'));
    dialler.close();
  });

  it('stops when it is closed', async () => {
    const { dialler, dials, pass, clock } = world({ bootstrap: ['b'] });
    dialler.start();
    await settled();
    dialler.close();
    await pass(100_000);
    assert.equal(dials.length, 1);
    assert.equal(clock.waiting(), 0);
  });
});
