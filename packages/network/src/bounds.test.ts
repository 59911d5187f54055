import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { addressKey } from './address-key.ts';
import { boundedStore } from './bounded-store.ts';
import { createByteBudget } from './byte-budget.ts';
import { limitsOf } from './limits.ts';
import { certificatesRequest } from './messages/certified.ts';
import { codecOf, REQUEST_NAMES } from './messages/index.ts';
import { headersRequest } from './messages/ranges.ts';
import { snapshotsRequest } from './messages/single.ts';
import { createCounters } from './metrics.ts';
import { nodeKey, peerFile } from './node-files.ts';
import { createSlots } from './slots.ts';

const never = new AbortController().signal;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('bounds', () => {
  it('of bytes under way hold for each peer and for all, and who waits for one peer holds up no other', async () => {
    const budget = createByteBudget(10, 15);
    const first = await budget.take('a', 10, never);
    let second = false;
    const waiting = budget.take('a', 5, never).then((giveBack) => {
      second = true;
      return giveBack;
    });
    const other = await budget.take('b', 5, never);
    let third = false;
    const late = budget.take('c', 1, never).then(() => {
      third = true;
    });
    await settled();
    assert.equal(budget.used(), 15);
    assert.deepEqual([second, third], [false, false]);
    first();
    first();
    await late;
    (await waiting)();
    other();
    assert.equal(budget.used(), 1, 'giving back twice gives once');
  });

  it('of bytes are not taken by who stops waiting', async () => {
    const budget = createByteBudget(10, 10);
    const first = await budget.take('a', 10, never);
    const leaving = new AbortController();
    const waiting = budget.take('b', 10, leaving.signal);
    leaving.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    first();
    assert.equal(budget.used(), 0);
    await assert.rejects(budget.take('b', 1, leaving.signal), /gone/);
  });

  it('of bytes are taken at once only where there is room and nobody waits for it', async () => {
    const budget = createByteBudget(10, 10);
    const first = budget.takeNow('a', 6);
    assert.ok(first !== undefined);
    assert.equal(budget.takeNow('a', 5), undefined);
    const waiting = budget.take('b', 8, never);
    assert.equal(budget.takeNow('c', 1), undefined, 'others were before it');
    first();
    first();
    (await waiting)();
    assert.equal(budget.used(), 0);
  });

  it('of places are kept in the order of asking, and given back by who leaves', async () => {
    const slots = createSlots(1, 9);
    const first = await slots.take('a', never);
    const leaving = new AbortController();
    const left = slots.take('a', leaving.signal);
    const order: number[] = [];
    const second = slots.take('a', never).then((leave) => {
      order.push(2);
      leave();
    });
    const third = slots.take('a', never).then(() => order.push(3));
    await slots.take('b', never);
    leaving.abort();
    await assert.rejects(left, { code: 'aborted' });
    first();
    await Promise.all([second, third]);
    assert.deepEqual(order, [2, 3]);
  });

  it('of places hold for those who wait, too: one more is refused, and one who leaves makes room', async () => {
    const slots = createSlots(1, 1);
    const leave = await slots.take('a', never);
    const leaving = new AbortController();
    const waiting = slots.take('a', leaving.signal);
    await assert.rejects(slots.take('a', never), { code: 'limited' });
    assert.equal(typeof (await slots.take('b', never)), 'function', 'others are not held up');
    leaving.abort();
    await assert.rejects(waiting, { code: 'aborted' });
    const next = slots.take('a', never);
    leave();
    assert.equal(typeof (await next), 'function');
  });

  it('of the store make it forget what was not used for longest, and refuse what is too large', async () => {
    const store = boundedStore(2);
    const key = (name: string) => ({ toString: () => name }) as unknown as Parameters<typeof store.get>[0];
    const [a, b, c] = [key('/p/a'), key('/p/b'), key('/q/c')];
    store.put(a, Uint8Array.of(1));
    store.put(b, Uint8Array.of(2));
    await store.get(a);
    store.put(c, Uint8Array.of(3));
    assert.deepEqual([store.has(a), store.has(b), store.has(c)], [true, false, true]);
    assert.throws(() => store.get(b), { name: 'NotFoundError' });
    assert.throws(() => store.put(b, new Uint8Array(16_385)), /too large/);
    assert.throws(() => store.put(key('x'.repeat(513)), new Uint8Array(1)), /too large/);
    const under: string[] = [];
    for await (const { key: found } of store.query({ prefix: '/p' })) under.push(found.toString());
    assert.deepEqual(under, ['/p/a']);
    const batch = store.batch();
    batch.delete(a);
    batch.put(b, Uint8Array.of(4));
    await batch.commit();
    assert.deepEqual([store.has(a), store.has(b)], [false, true]);
  });

  it('of labels put what is more under one name', () => {
    const counters = createCounters();
    for (let i = 0; i < 1_000; i++) counters.add('dials', `${i}`);
    const { dials } = counters.snapshot();
    assert.equal(Object.keys(dials).length, 257);
    assert.equal(dials['other'], 744);
  });

  it('of addresses count an IPv4 address, and 64 bits of an IPv6 address', () => {
    const keyOf = (address: string): string | undefined => addressKey(multiaddr(address));
    assert.equal(keyOf('/ip4/9.8.7.6/tcp/1'), '9.8.7.6');
    assert.equal(keyOf('/ip6/2001:db8:1:2:3:4:5:6/tcp/1'), '2001:db8:1:2::/64');
    assert.equal(keyOf('/ip6/2001:db8:1:2:9::1/tcp/1'), keyOf('/ip6/2001:db8:1:2:3:4:5:6/tcp/2'));
    assert.notEqual(keyOf('/ip6/2001:db8:1:3::1/tcp/1'), keyOf('/ip6/2001:db8:1:2::1/tcp/1'));
    assert.equal(keyOf('/ip6/::1/tcp/1'), '::1');
    assert.equal(keyOf('/memory/a'), undefined);
  });

  it('of limits fit each other', () => {
    assert.equal(limitsOf({ connections: { max: 50 } }).connections.max, 50);
    assert.equal(limitsOf({ connections: { max: 50 } }).connections.target, 25);
    const wrong = [
      { connections: { target: 111 } },
      { connections: { streamWindow: 1_000 } },
      { requests: { unsentPerPeer: 1_000 } },
      { requests: { unsent: 17_000_000, unsentPerPeer: 18_000_000 } },
      { gossip: { degree: 20 } },
      { gossip: { judgingShare: 0 } },
      { scores: { ban: -10 } },
      { scores: { gossipShare: 30 } },
    ];
    for (const limits of wrong)
      assert.throws(() => limitsOf(limits), { code: 'limit-invalid' }, JSON.stringify(limits));
  });

  it('of requests hold for both who makes and who reads them, and every request costs something', () => {
    assert.throws(() => headersRequest.encode({ start: 0n, count: 0 }), { code: 'malformed' });
    assert.throws(() => headersRequest.encode({ start: 0n, count: 1_025 }), { code: 'malformed' });
    assert.throws(() => headersRequest.decode(new Uint8Array(11)), { code: 'too-large' });
    assert.throws(() => snapshotsRequest.decode(new Uint8Array(1)), { code: 'too-large' });
    assert.equal(headersRequest.cost({ start: 0n, count: 1_024 }), 32);
    assert.equal(headersRequest.cost({ start: 0n, count: 1 }), 1);
    assert.equal(certificatesRequest.cost({ start: 0n, count: 64, stride: 1 }), 16);
    assert.equal(certificatesRequest.cost({ start: 0n, count: 1, stride: 1 }), 1);
    for (const name of REQUEST_NAMES) {
      const { maxBytes, chunkBytes } = codecOf(name);
      assert.ok(maxBytes <= 128 && chunkBytes <= 16_777_216, name);
    }
  });
});

describe('files of a node', () => {
  it('keep the key, readable by its owner alone, and the peers', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sero-network-'));
    try {
      const path = join(directory, 'key');
      const key = await nodeKey(path);
      assert.equal(key.length, 32);
      assert.deepEqual(await nodeKey(path), key);
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      await writeFile(path, new Uint8Array(31));
      await assert.rejects(nodeKey(path), { code: 'key-file' });
      const peers = peerFile(join(directory, 'peers'));
      assert.equal(await peers.load(), undefined);
      await peers.save(Uint8Array.of(1, 2));
      await peers.save(Uint8Array.of(3));
      assert.deepEqual(await peers.load(), Uint8Array.of(3));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
