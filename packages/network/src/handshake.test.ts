import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { concat, le32 } from '@sero/crypto';
import { attack, attackerHost, stopAttackers, tellStatus } from './attacker-test-support.ts';
import { RequestError } from './errors.ts';
import { blockRequest } from './messages/single.ts';
import { encodeGoodbye } from './messages/status.ts';
import { closeHosts, GENESIS, type TestHost, testHost, testHosts } from './network-test-support.ts';
import { protocolName } from './topics.ts';

let places = 0;
const place = (): string => {
  places++;
  return `/memory/handshake-${process.pid}-${places}`;
};

describe('handshake', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it('is waited for so long, of who dialled', async () => {
    const victim = await testHost({ limits: { connections: { handshakeMs: 200 } } });
    await attack(victim.network, { handshake: false });
    await victim.until(() => victim.network.metrics().counters.disconnected['no-status'] === 1);
    await victim.until(() => victim.network.metrics().connections === 0);
  });

  it('is waited for so long, of who was dialled, who is blamed', async () => {
    const host = await attackerHost({ listen: [place()], silent: () => true });
    const victim = await testHost({
      bootstrap: [host.getMultiaddrs()[0]!.toString()],
      limits: { connections: { handshakeMs: 200 } },
    });
    await victim.until(() => victim.network.metrics().counters.disconnected['no-status'] === 1);
    assert.equal(victim.network.metrics().counters.offences['timeout'], 1);
    assert.equal(victim.network.peers().length, 0);
  });

  it('is not for everybody to repeat as often as they like', async () => {
    const victim = await testHost({ limits: { requests: { statusRate: { burst: 3, perSecond: 0.001 } } } });
    const attacker = await attack(victim.network);
    const tell = () => tellStatus(attacker.connection);
    await tell();
    await tell();
    await assert.rejects(tell(), { code: 'limited' });
    assert.equal(victim.network.metrics().counters.offences['too-many-requests'], 1);
    for (let i = 0; i < 11; i++) await tell().catch(() => {});
    await victim.until(() => victim.network.metrics().counters.disconnected['score'] === 1);
  });

  it('says when gossip reaches a peer, and what is published from then on does', async () => {
    const listener = await testHost();
    const speaker = await testHost({ bootstrap: [...listener.network.addresses()] });
    const reached = ({ network }: TestHost): Promise<void> =>
      new Promise((resolve) => {
        network.onPeer(({ subscribed }) => {
          if (subscribed) resolve();
        });
      });
    await Promise.all([reached(listener), reached(speaker)]);
    speaker.network.publish('bundle', new Uint8Array(9));
    listener.network.publish('bundle', new Uint8Array(8));
    await listener.until(() => listener.heard.length === 1);
    await speaker.until(() => speaker.heard.length === 1);
  });
});

describe('goodbyes', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it('of another network or score keep the node from dialling again, others do not', async () => {
    const says = async (reason: Parameters<typeof encodeGoodbye>[0]) => {
      const host = await attackerHost({ listen: [place()] });
      const leave = async (): Promise<void> => {
        const [connection] = host.getConnections();
        const stream = await connection!.newStream(protocolName(GENESIS, 'goodbye'));
        const bytes = encodeGoodbye(reason);
        stream.send(concat(le32(bytes.length), bytes));
        await stream.close();
      };
      return { host, id: host.peerId.toString(), leave };
    };
    const others = await Promise.all(
      (['wrong-network', 'no-common-version', 'score', 'shutdown'] as const).map(says),
    );
    const victim = await testHost({
      bootstrap: others.map(({ host }) => host.getMultiaddrs()[0]!.toString()),
    });
    await victim.until(() => victim.network.peers().length === 4);
    const came: string[] = [];
    const gone: string[] = [];
    victim.network.onGone((id) => gone.push(id));
    for (const { leave } of others) await leave();
    await victim.until(() => Object.keys(victim.network.metrics().counters.goodbyes).length === 4);
    victim.network.onPeer(({ id }) => came.push(id));
    for (const { host } of others)
      for (const connection of host.getConnections()) connection.abort(new Error('gone'));
    await victim.until(() => gone.length === 4);
    await victim.until(() => came.includes(others[3]!.id));
    assert.deepEqual(
      victim.network.peers().map(({ id }) => id),
      [others[3]!.id],
    );
  });

  it('that are garbage, or of a later program, change nothing', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network);
    for (const bytes of [Uint8Array.of(200), Uint8Array.of(1, 2), new Uint8Array(0)]) {
      const stream = await attacker.open('goodbye');
      stream.send(concat(le32(bytes.length), bytes));
      await stream.close();
    }
    await victim.until(() => (victim.network.metrics().counters.goodbyes['unknown'] ?? 0) >= 2);
    assert.equal(victim.network.peers().length, 1);
  });

  it('are said to every peer of a node that stops', async () => {
    const [first, ...others] = await testHosts(3);
    await first!.network.close();
    for (const other of others) {
      await other.until(() => other.network.metrics().counters.goodbyes['shutdown'] === 1);
    }
  });
});

describe('requests that wait', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it("are so many to a peer, and one more is refused here, at nobody else's cost", async () => {
    const server = await testHost({
      handlers: {
        gossip: () => 'accept',
        async *serve(_name, _request, _from, signal) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new RequestError('unavailable');
        },
      },
    });
    const client = await testHost({
      bootstrap: [...server.network.addresses()],
      limits: { requests: { perPeer: 1, waiting: 2 } },
    });
    await client.until(() => client.network.peers().length === 1);
    const giveUp = new AbortController();
    const asks = Array.from({ length: 5 }, async () => {
      const request = blockRequest.encode({ digest: new Uint8Array(32) });
      try {
        for await (const _ of client.network.request(server.network.peerId, 'block', request, giveUp));
      } catch (error) {
        return (error as RequestError).code;
      }
      return 'ok';
    });
    assert.deepEqual(await Promise.all(asks.slice(3)), ['limited', 'limited']);
    giveUp.abort();
    assert.deepEqual(await Promise.all(asks), ['aborted', 'aborted', 'aborted', 'limited', 'limited']);
    assert.deepEqual(client.network.metrics().counters.offences, {});
  });
});
