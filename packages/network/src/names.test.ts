import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { manualClock } from './manual-clock-test-support.ts';
import { type Resolver, resolveNames } from './names.ts';
import { closeHosts, testHost } from './network-test-support.ts';
import { peerIdOf } from './peer-id.ts';

const id = await peerIdOf(new Uint8Array(32).fill(31));
const other = await peerIdOf(new Uint8Array(32).fill(32));
const never = new AbortController().signal;

/** A resolver that knows these names, and notes what it was asked. */
function resolverOf(names: Record<string, readonly string[]>): Resolver & { asked: string[] } {
  const asked: string[] = [];
  const answer = async (question: string): Promise<readonly string[]> => {
    asked.push(question);
    const found = names[question];
    if (found === undefined) throw new Error(`nobody knows ${question}`);
    return found;
  };
  return {
    asked,
    addresses: (name, family) => answer(`${family} ${name}`),
    texts: (name) => answer(`txt ${name}`),
  };
}

const resolve = (address: string, resolver: Resolver): Promise<string[]> =>
  resolveNames(address, { resolver, clock: manualClock(), ms: 1_000, signal: never });

describe('names', () => {
  afterEach(closeHosts);

  it('stand for addresses of their kind, and an address for itself', async () => {
    const resolver = resolverOf({
      '4 a.example': ['192.0.2.1', '192.0.2.2'],
      '6 a.example': ['2001:db8::1'],
    });
    const rest = `/tcp/26700/p2p/${id}`;
    assert.deepEqual(await resolve(`/ip4/192.0.2.9${rest}`, resolver), [`/ip4/192.0.2.9${rest}`]);
    assert.deepEqual(resolver.asked, []);
    assert.deepEqual(await resolve(`/dns4/a.example${rest}`, resolver), [
      `/ip4/192.0.2.1${rest}`,
      `/ip4/192.0.2.2${rest}`,
    ]);
    assert.deepEqual(await resolve(`/dns6/a.example${rest}`, resolver), [`/ip6/2001:db8::1${rest}`]);
    assert.equal((await resolve(`/dns/a.example${rest}`, resolver)).length, 3);
  });

  it('of either kind do with one, and one that nobody knows is an error', async () => {
    const resolver = resolverOf({ '4 a.example': ['192.0.2.1'] });
    assert.equal((await resolve(`/dns/a.example/tcp/1/p2p/${id}`, resolver)).length, 1);
    await assert.rejects(resolve(`/dns6/a.example/tcp/1/p2p/${id}`, resolver), { code: 'name-unknown' });
  });

  it('lead over records of text to addresses of that peer alone, and only over the net', async () => {
    const resolver = resolverOf({
      'txt _dnsaddr.boot.example': [
        `dnsaddr=/ip4/192.0.2.1/tcp/1/p2p/${id}`,
        `dnsaddr=/ip4/192.0.2.2/tcp/1/p2p/${other}`,
        `dnsaddr=/ip4/192.0.2.3/tcp/1`,
        `dnsaddr=/memory/a/p2p/${id}`,
        `dnsaddr=nonsense/p2p/${id}`,
        'v=spf1 -all',
        `dnsaddr=/dns4/a.example/tcp/2/p2p/${id}`,
        `dnsaddr=${'/ip4/192.0.2.4/tcp/1'.repeat(30)}/p2p/${id}`,
      ],
      '4 a.example': ['192.0.2.5', 'nonsense', '2001:db8::1'],
    });
    assert.deepEqual(await resolve(`/dnsaddr/boot.example/p2p/${id}`, resolver), [
      `/ip4/192.0.2.1/tcp/1/p2p/${id}`,
      `/ip4/192.0.2.5/tcp/2/p2p/${id}`,
    ]);
  });

  it('are followed so far, so often, and to so many addresses', async () => {
    const deep = resolverOf({
      'txt _dnsaddr.1.example': [`dnsaddr=/dnsaddr/1.example/p2p/${id}`],
    });
    await assert.rejects(resolve(`/dnsaddr/1.example/p2p/${id}`, deep), { code: 'name-unknown' });
    assert.equal(deep.asked.length, 3);
    const wide = resolverOf({
      'txt _dnsaddr.w.example': Array.from(
        { length: 100 },
        (_, i) => `dnsaddr=/dns4/${i}.example/tcp/1/p2p/${id}`,
      ),
    });
    await assert.rejects(resolve(`/dnsaddr/w.example/p2p/${id}`, wide), { code: 'name-unknown' });
    assert.equal(wide.asked.length, 16);
    const many = resolverOf({ '4 m.example': Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`) });
    assert.equal((await resolve(`/dns4/m.example/tcp/1/p2p/${id}`, many)).length, 8);
  });

  it('are waited for so long, and no longer than the caller wants', async () => {
    const silent: Resolver = { addresses: () => new Promise(() => {}), texts: () => new Promise(() => {}) };
    const clock = manualClock();
    const late = resolveNames(`/dns4/a.example/tcp/1/p2p/${id}`, {
      resolver: silent,
      clock,
      ms: 1_000,
      signal: never,
    });
    clock.advance(1_000);
    await assert.rejects(late, { code: 'name-unknown' });
    assert.equal(clock.waiting(), 0);
    const leaving = new AbortController();
    const given = resolveNames(`/dnsaddr/a.example/p2p/${id}`, {
      resolver: silent,
      clock,
      ms: 1_000,
      signal: leaving.signal,
    });
    leaving.abort();
    await assert.rejects(given, { code: 'name-unknown' });
  });

  it('lead to bootstrap and direct peers, wherever they moved', async () => {
    const key = new Uint8Array(32).fill(31);
    const peer = await testHost({ key, transport: 'tcp', listen: ['/ip4/127.0.0.1/tcp/0'] });
    const port = /\/tcp\/(\d+)/.exec(peer.network.addresses()[0]!)![1]!;
    const names: Record<string, readonly string[]> = {};
    const resolver = resolverOf(names);
    for (const role of ['bootstrap', 'direct'] as const) {
      const address = `/dns4/${role}.example/tcp/${port}/p2p/${id}`;
      const host = await testHost({ transport: 'tcp', listen: [], [role]: [address], resolver });
      await host.until(() => resolver.asked.length >= 2);
      names[`4 ${role}.example`] = ['127.0.0.1'];
      await host.until(() => host.network.peers()[0]?.id === id);
      assert.equal(host.network.peers()[0]!.address.startsWith('/ip4/127.0.0.1/'), true);
    }
  });

  it('that are none are refused at the start', async () => {
    for (const name of ['a..example', `${'a'.repeat(64)}.example`, 'a b', `${'a.'.repeat(127)}example`]) {
      await assert.rejects(testHost({ bootstrap: [`/dns4/${encodeURIComponent(name)}/tcp/1/p2p/${id}`] }), {
        code: 'address-invalid',
      });
    }
  });
});

describe('names that peers say of themselves', () => {
  afterEach(closeHosts);

  it('are not looked up', async () => {
    const { createGater } = await import('./gater.ts');
    const { DEFAULT_LIMITS } = await import('./limits.ts');
    const { createCounters } = await import('./metrics.ts');
    const counters = createCounters();
    const { gater } = createGater({
      limits: DEFAULT_LIMITS.connections,
      clock: manualClock(),
      counters,
      scores: {} as never,
      direct: new Set(),
      mayDial: () => true,
    });
    for (const kind of ['dns', 'dns4', 'dns6', 'dnsaddr']) {
      assert.equal(gater.denyDialMultiaddr!(multiaddr(`/${kind}/a.example`)), true, kind);
    }
    assert.equal(gater.denyDialMultiaddr!(multiaddr('/ip4/192.0.2.1/tcp/1')), false);
    assert.equal(counters.snapshot().refused['name'], 4);
  });
});
