import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { attack, rawMessage, stopAttackers } from './attacker-test-support.ts';
import { closeHosts, GENESIS, listeners, testHost, testHosts } from './network-test-support.ts';
import { encodePack } from './pack.ts';
import { topicName } from './topics.ts';

const salt = (n: number): Uint8Array => new Uint8Array(8).fill(n);
const item = (n: number): Uint8Array => new Uint8Array(40).fill(n);

describe('hostile gossip', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it('sends a peer away that floods garbage, and refuses it when it comes again; others go on', async () => {
    const [victim, honest] = await testHosts(2);
    const key = new Uint8Array(32).fill(5);
    const attacker = await attack(victim!.network, { key });
    await victim!.until(() => listeners(victim!) === 2);
    for (let i = 0; i < 30; i++) await attacker.gossip('vote', new Uint8Array(100).fill(i)).catch(() => {});
    await victim!.until(() => victim!.network.metrics().connections === 1);
    assert.ok(victim!.network.metrics().counters.malformed['vote']! >= 4);
    assert.equal(victim!.network.peers().length, 1);
    await assert.rejects(attack(victim!.network, { key }), 'its score refuses it');
    honest!.network.publish('vote', item(1));
    await victim!.until(() => victim!.heard.length === 1);
    assert.equal(victim!.heard[0]!.from, honest!.network.peerId);
  });

  it('sends a peer away whose well-formed items the node rejects, and keeps hearing others meanwhile', async () => {
    const [victim, honest] = await testHosts(2, (index) =>
      index === 0 ? { verdict: ({ item }) => (item[0] === 66 ? 'reject' : 'accept') } : {},
    );
    const attacker = await attack(victim!.network);
    await victim!.until(() => listeners(victim!) === 2);
    for (let i = 0; i < 20; i++) {
      await attacker.gossip('vote', encodePack('vote', salt(i), [item(66)])).catch(() => {});
      honest!.network.publish('proposal', item(i));
    }
    await victim!.until(() => victim!.heard.filter(({ topic }) => topic === 'proposal').length === 20);
    await victim!.until(() => victim!.network.peers().length === 1);
    assert.equal(victim!.network.peers()[0]!.id, honest!.network.peerId);
    assert.ok(victim!.network.metrics().counters.offences['invalid-message']! >= 4);
    const fromAttacker = honest!.heard.filter(({ item }) => item[0] === 66);
    assert.deepEqual(fromAttacker, [], 'what is rejected is not passed on');
  });

  it('bans a peer for a flood that goes on after it was sent away', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network);
    const stream = await attacker.open('/meshsub/1.2.0');
    const flood = Array.from({ length: 40 }, (_, i) =>
      rawMessage(topicName(GENESIS, 'vote'), new Uint8Array(50).fill(i)),
    );
    for (const message of flood) stream.send(message);
    await victim.until(() => victim.network.metrics().counters.bans['peer'] === 1);
    await victim.until(() => victim.network.metrics().connections === 0);
    assert.equal(victim.network.metrics().banned, 1);
  });

  it('passes nothing on that the node ignores, and nothing before the node has said yes', async () => {
    let allow: (() => void) | undefined;
    const allowed = new Promise<void>((resolve) => {
      allow = resolve;
    });
    const hosts = await testHosts(3, (index) =>
      index !== 0
        ? {}
        : {
            async verdict({ item }) {
              if (item[0] === 1) return 'ignore';
              await allowed;
              return 'accept';
            },
          },
    );
    await hosts[0]!.until(() => listeners(hosts[0]!) === 2);
    hosts[1]!.network.publish('block', item(1));
    hosts[1]!.network.publish('block', item(2));
    await hosts[0]!.until(() => hosts[0]!.network.metrics().judging['block'] === 1);
    assert.equal(hosts[2]!.heard.length, 0);
    allow!();
    await hosts[2]!.until(() => hosts[2]!.heard.length === 1);
    assert.equal(hosts[2]!.heard[0]!.item[0], 2);
  });

  it('hears nothing on a topic that is not one of its own', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network);
    const stream = await attacker.open('/meshsub/1.2.0');
    stream.send(rawMessage('/nonsense', encodePack('vote', salt(1), [item(1)])));
    stream.send(rawMessage(topicName(GENESIS, 'vote'), encodePack('vote', salt(1), [item(2)])));
    await victim.until(() => victim.network.metrics().counters.messages['vote accept'] === 1);
    assert.deepEqual(
      victim.heard.map(({ item }) => item[0]),
      [2],
    );
  });

  it('gives the node a message once, however often it is sent', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network);
    const stream = await attacker.open('/meshsub/1.2.0');
    const replayed = rawMessage(topicName(GENESIS, 'vote'), encodePack('vote', salt(1), [item(1)]));
    for (let i = 0; i < 500; i++) stream.send(replayed);
    stream.send(rawMessage(topicName(GENESIS, 'vote'), encodePack('vote', salt(2), [item(2)])));
    await victim.until(() => victim.heard.some(({ item }) => item[0] === 2));
    assert.equal(victim.heard.length, 2);
  });

  it('hears nothing of a peer before its status', async () => {
    const victim = await testHost({ limits: { connections: { handshakeMs: 300 } } });
    const attacker = await attack(victim.network, { handshake: false });
    await attacker.gossip('vote', encodePack('vote', salt(1), [item(1)]));
    await victim.until(() => victim.network.metrics().counters.disconnected['no-status'] === 1);
    await victim.until(() => victim.network.metrics().connections === 0);
    assert.equal(victim.heard.length, 0);
    assert.equal(victim.network.metrics().counters.gossipBytes['in'], undefined);
  });

  it('ends the stream of a peer that announces a message longer than any, before it comes', async () => {
    const [victim, honest] = await testHosts(2);
    const attacker = await attack(victim!.network);
    const stream = await attacker.open('/meshsub/1.2.0');
    // A length of 2^32 - 1 as a varint.
    stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3));
    honest!.network.publish('vote', item(9));
    await victim!.until(() => victim!.heard.length === 1);
    assert.equal(victim!.heard[0]!.item[0], 9);
  });

  it('slows a peer down that sends more than its rate, and drops nothing', async () => {
    const victim = await testHost({
      limits: { gossip: { bytesPerPeer: { burst: 20_000, perSecond: 400_000 } } },
    });
    const friend = await testHost({ bootstrap: [...victim.network.addresses()] });
    await friend.until(() => listeners(friend) === 1);
    const began = performance.now();
    for (let i = 0; i < 6; i++) friend.network.publish('block', new Uint8Array(20_000).fill(i + 1));
    await victim.until(() => victim.heard.length === 6);
    assert.ok(victim.network.metrics().counters.gossipBytes['paused']! >= 1);
    // What came in one piece came; what is sent after it waits until all fit.
    friend.network.publish('block', new Uint8Array(10).fill(9));
    await victim.until(() => victim.heard.length === 7);
    assert.ok(performance.now() - began >= 150, `${performance.now() - began} ms`);
  });
});
