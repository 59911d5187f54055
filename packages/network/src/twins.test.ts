import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { attackerHost, stopAttackers, tellStatus } from './attacker-test-support.ts';
import { closeHosts, GENESIS, type TestHost, testHost } from './network-test-support.ts';
import { peerIdOf } from './peer-id.ts';
import { TOPICS, topicName } from './topics.ts';

const keyOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
/** Keys, that of the smaller id first. */
async function keysInOrder(a: number, b: number): Promise<[Uint8Array, Uint8Array]> {
  const keys: [Uint8Array, Uint8Array] = [keyOf(a), keyOf(b)];
  return (await peerIdOf(keys[0])) < (await peerIdOf(keys[1])) ? keys : [keys[1], keys[0]];
}

/** Ids of peers that a host lost. */
function lostBy({ network }: TestHost): string[] {
  const gone: string[] = [];
  network.onGone((id) => gone.push(id));
  return gone;
}

const twins = ({ network }: TestHost): number => network.metrics().counters.disconnected['twin'] ?? 0;

/** A victim that dialled an attacker, and what of it is seen. */
async function dialled(smaller: 'victim' | 'attacker', silent: () => boolean = () => false) {
  const keys = await keysInOrder(41, 42);
  const [mine, theirs] = smaller === 'victim' ? keys : [keys[1], keys[0]];
  const host = await attackerHost({
    key: theirs,
    listen: [`/memory/twin-${process.pid}-${smaller}`],
    silent,
  });
  for (const topic of TOPICS) host.services.gossip.subscribe(topicName(GENESIS, topic));
  const [address] = host.getMultiaddrs();
  const victim = await testHost({
    key: mine,
    bootstrap: [address!.toString()],
    limits: { requests: { firstMs: 200 }, dialling: { intervalMs: 3_600_000 } },
  });
  const gone = lostBy(victim);
  await victim.until(() => victim.network.peers()[0]?.subscribed === true);
  const again = () => host.dial(multiaddr(victim.network.addresses()[0]!), { force: true });
  return { host, victim, gone, again };
}

describe('two connections to one peer', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it('become one where both dialled at once, and neither side loses the other or its gossip', async () => {
    let met = 0;
    for (let n = 0; n < 6; n++) {
      const keys = [keyOf(50 + 2 * n), keyOf(51 + 2 * n)];
      const places = keys.map((_, i) => `/memory/at-once-${process.pid}-${n}-${i}`);
      const ids = await Promise.all(keys.map(peerIdOf));
      const pair = await Promise.all(
        keys.map((key, i) =>
          testHost({ key, listen: [places[i]!], bootstrap: [`${places[1 - i]}/p2p/${ids[1 - i]}`] }),
        ),
      );
      const [a, b] = pair as [TestHost, TestHost];
      const gone = [lostBy(a), lostBy(b)];
      for (const host of pair) {
        await host.until(
          () => host.network.metrics().connections === 1 && host.network.peers()[0]?.subscribed === true,
        );
      }
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        from.network.publish('vote', new Uint8Array(3));
        await to.until(() => to.heard.length === 1);
      }
      assert.deepEqual(gone, [[], []]);
      assert.equal(
        a.network.peers()[0]!.direction === 'outbound',
        b.network.peers()[0]!.direction === 'inbound',
      );
      met += twins(a) + twins(b);
      await closeHosts();
    }
    assert.ok(met > 0, 'at least one pair had two connections');
  });

  it('leave the one that the smaller id dialled, whichever came last', async () => {
    const { victim, gone, again } = await dialled('victim');
    const second = await again();
    await tellStatus(second).catch(() => {});
    await victim.until(() => second.status !== 'open' && victim.network.metrics().connections === 1);
    assert.equal(victim.network.peers()[0]!.direction, 'outbound');
    assert.deepEqual([gone, twins(victim)], [[], 1]);
  });

  it('are not for the larger id to choose between', async () => {
    const { victim, gone, again } = await dialled('attacker');
    await tellStatus(await again());
    victim.network.statusChanged();
    await victim.until(() => victim.network.metrics().counters.asked['status ok']! >= 2);
    assert.equal(victim.network.metrics().connections, 2);
    assert.deepEqual([gone, twins(victim)], [[], 0]);
  });

  it('leave the new one where the old one does not answer any more', async () => {
    let silent = false;
    const { victim, gone, again, host } = await dialled('victim', () => silent);
    silent = true;
    const second = await again();
    await tellStatus(second);
    await victim.until(() => victim.network.metrics().connections === 1);
    assert.equal(victim.network.peers()[0]!.direction, 'inbound');
    assert.deepEqual(gone, []);
    // Gossip goes on over it.
    const heard = new Promise((resolve) =>
      host.services.gossip.addEventListener('gossipsub:message', resolve, { once: true }),
    );
    await victim.until(() => victim.network.peers()[0]!.subscribed);
    victim.network.publish('vote', new Uint8Array(3));
    await heard;
  });

  it('leave the newest of those that the peer dialled, once a status came over it', async () => {
    const victim = await testHost();
    const host = await attackerHost({});
    const to = multiaddr(victim.network.addresses()[0]!);
    const first = await host.dial(to);
    await tellStatus(first);
    const gone = lostBy(victim);
    const second = await host.dial(to, { force: true });
    await victim.until(() => victim.network.metrics().connections === 2);
    assert.equal(first.status, 'open', 'not before');
    await tellStatus(second);
    await victim.until(() => victim.network.metrics().connections === 1);
    assert.deepEqual([first.status === 'open', second.status, gone], [false, 'open', []]);
  });
});
