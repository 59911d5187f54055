import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { attack, rawFrame, rawMessage, stopAttackers, tellStatus } from './attacker-test-support.ts';
import { MAX_FRAME_BYTES, tendStreams } from './gossip-streams.ts';
import { closeHosts, GENESIS, listeners, type TestHost, testHost } from './network-test-support.ts';
import { encodePack } from './pack.ts';
import { TOPIC_RULES, TOPICS, topicName } from './topics.ts';

const filled = (length: number, n: number): Uint8Array => new Uint8Array(length).fill(n);

/** Three hosts, of which the outer two know the middle one alone. */
async function line(): Promise<[TestHost, TestHost, TestHost]> {
  const middle = await testHost();
  const bootstrap = [...middle.network.addresses()];
  const [left, right] = [await testHost({ bootstrap }), await testHost({ bootstrap })];
  await middle.until(() => listeners(middle) === 2);
  for (const end of [left, right]) await end.until(() => listeners(end) === 1);
  return [left, middle, right];
}

describe('sizes of gossip', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it('let the largest item of every topic through, over a host between', async () => {
    const [left, , right] = await line();
    for (const [n, topic] of TOPICS.entries()) {
      const { itemBytes } = TOPIC_RULES[topic];
      left.network.publish(topic, filled(itemBytes, n + 1));
      await right.until(() => right.heard.length === n + 1);
      assert.deepEqual(
        [right.heard[n]!.topic, Buffer.compare(right.heard[n]!.item, filled(itemBytes, n + 1))],
        [topic, 0],
      );
    }
    assert.deepEqual(left.network.metrics().counters.drops, {});
    assert.equal(left.network.metrics().connections, 1);
  });

  it('let the largest item through to a peer that is held to its rate', async () => {
    const victim = await testHost({
      limits: { gossip: { bytesPerPeer: { burst: 1_000_000, perSecond: 50_000_000 } } },
    });
    const friend = await testHost({ bootstrap: [...victim.network.addresses()] });
    await friend.until(() => listeners(friend) === 1);
    for (const n of [1, 2, 3]) friend.network.publish('bundle', filled(TOPIC_RULES.bundle.itemBytes, n));
    await victim.until(() => victim.heard.length === 3);
    assert.ok(victim.network.metrics().counters.gossipBytes['paused']! >= 1);
  });

  it('let a peer that is early wait with what is more than a window, and lose none of it', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network, { handshake: false });
    const stream = await attacker.open('/meshsub/1.2.0');
    const pack = encodePack('bundle', filled(8, 1), [filled(TOPIC_RULES.bundle.itemBytes, 1)]);
    stream.send(rawMessage(topicName(GENESIS, 'bundle'), pack));
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(stream.writeBufferLength > 5_000_000, `${stream.writeBufferLength} bytes wait with the sender`);
    await tellStatus(attacker.connection);
    await victim.until(() => victim.heard.length === 1);
  });

  it('cost a peer whose item is a byte longer than its topic allows', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network);
    const stream = await attacker.open('/meshsub/1.2.0');
    const pack = encodePack('proposal', filled(8, 1), [filled(TOPIC_RULES.block.itemBytes + 1, 1)]);
    stream.send(rawMessage(topicName(GENESIS, 'block'), pack));
    await victim.until(() => victim.network.metrics().counters.offences['invalid-message'] === 1);
    assert.equal(victim.network.metrics().counters.malformed['block'], 1);
    assert.equal(victim.heard.length, 0);
  });

  it('end the connection of a peer that announces a frame longer than any, before it comes, at its cost', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network);
    const stream = await attacker.open('/meshsub/1.2.0');
    stream.send(rawFrame(MAX_FRAME_BYTES + 1));
    await victim.until(() => victim.network.metrics().counters.offences['invalid-message'] === 1);
    await victim.until(() => victim.network.metrics().connections === 0);
    assert.equal(victim.network.metrics().counters.malformed['frame'], 1);
  });

  it('split an answer of many messages into frames that each can be read, in their order', () => {
    const sent: { readonly data: number[]; readonly control: boolean }[] = [];
    const service = {
      streamsOutbound: new Map(),
      createOutboundStream() {},
      sendRpc(_id: string, { messages, control }: { messages: { data: Uint8Array }[]; control?: unknown }) {
        sent.push({ data: messages.map(({ data }) => data.length), control: control !== undefined });
        return true;
      },
      sendRpcInBatch() {},
    };
    tendStreams(service as never, { opened() {}, ended() {}, oversized() {} });
    const messages = [4_000_000, 4_000_000, 10, 6_000_000, 500_000].map((length) => ({
      data: new Uint8Array(length),
    }));
    assert.equal(service.sendRpc('a', { messages, control: {} }), true);
    assert.deepEqual(sent, [
      { data: [4_000_000], control: true },
      { data: [4_000_000, 10], control: false },
      { data: [6_000_000], control: false },
      { data: [500_000], control: false },
    ]);
  });
});
