import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { RequestError } from './errors.ts';
import { headersRequest } from './messages/ranges.ts';
import { closeHosts, statusAt, testHost, testHosts } from './network-test-support.ts';

const text = (item: Uint8Array): string => new TextDecoder().decode(item);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

describe('network', () => {
  afterEach(closeHosts);

  it('brings what one host publishes to every other, through hosts between them', async () => {
    const hosts = await testHosts(4);
    const [, one, ...others] = hosts;
    one!.network.publish('vote', bytes('a'));
    one!.network.publish('vote', bytes('b'));
    one!.network.publish('block', bytes('c'));
    for (const host of [hosts[0]!, ...others]) {
      await host.until(() => host.heard.length === 3);
      assert.deepEqual(host.heard.map(({ topic, item }) => `${topic} ${text(item)}`).sort(), [
        'block c',
        'vote a',
        'vote b',
      ]);
    }
    assert.equal(one!.heard.length, 0, 'its own messages do not come back');
    assert.equal(one!.network.metrics().counters.published['vote'], 1, 'two votes are one message');
  });

  it('brings the same item again when it is published again', async () => {
    const hosts = await testHosts(2);
    hosts[0]!.network.publish('vote', bytes('a'));
    await hosts[1]!.until(() => hosts[1]!.heard.length === 1);
    hosts[0]!.network.publish('vote', bytes('a'));
    await hosts[1]!.until(() => hosts[1]!.heard.length === 2);
  });

  it('shows a peer to both sides with the status that it told', async () => {
    const a = await testHost({ status: () => statusAt(5n) });
    const b = await testHost({ status: () => statusAt(9n), bootstrap: [...a.network.addresses()] });
    await a.until(() => a.network.peers().length === 1);
    await b.until(() => b.network.peers().length === 1);
    assert.equal(a.network.peers()[0]!.status!.height, 9n);
    assert.equal(a.network.peers()[0]!.direction, 'inbound');
    assert.equal(b.network.peers()[0]!.status!.height, 5n);
    assert.equal(b.network.peers()[0]!.id, a.network.peerId);
    assert.equal(typeof b.network.peers()[0]!.latencyMs, 'number');
  });

  it('tells peers when the own status changes', async () => {
    let height = 1n;
    const a = await testHost({ status: () => statusAt(height) });
    const b = await testHost({ bootstrap: [...a.network.addresses()] });
    await b.until(() => b.network.peers().length === 1);
    height = 2n;
    a.network.statusChanged();
    await b.until(() => b.network.peers()[0]?.status?.height === 2n);
  });

  it('sends short chunks together, and lets none of them wait for one that takes long', async () => {
    let go: () => void = () => undefined;
    const a = await testHost({
      handlers: {
        gossip: () => 'accept',
        async *serve() {
          yield bytes('a');
          yield bytes('b');
          await new Promise<void>((resolve) => {
            go = resolve;
          });
          yield bytes('c');
        },
      },
    });
    const b = await testHost({ bootstrap: [...a.network.addresses()] });
    await b.until(() => b.network.peers().length === 1);
    const request = headersRequest.encode({ start: 1n, count: 3 });
    const heard: string[] = [];
    for await (const chunk of b.network.request(a.network.peerId, 'headers', request)) {
      heard.push(text(chunk));
      if (heard.length === 2) go();
    }
    assert.deepEqual(heard, ['a', 'b', 'c']);
  });

  it('answers a request chunk by chunk, and passes on what the server refuses', async () => {
    const a = await testHost({
      handlers: {
        gossip: () => 'ignore',
        async *serve(name, request) {
          const { start, count } = headersRequest.decode(request);
          if (start > 100n) throw new RequestError('unavailable');
          for (let i = 0; i < count; i++) yield bytes(`${name} ${start + BigInt(i)}`);
        },
      },
    });
    const b = await testHost({ bootstrap: [...a.network.addresses()] });
    await b.until(() => b.network.peers().length === 1);
    const chunks: string[] = [];
    const request = headersRequest.encode({ start: 7n, count: 3 });
    for await (const chunk of b.network.request(a.network.peerId, 'headers', request))
      chunks.push(text(chunk));
    assert.deepEqual(chunks, ['headers 7', 'headers 8', 'headers 9']);
    const late = headersRequest.encode({ start: 101n, count: 3 });
    await assert.rejects(
      async () => {
        for await (const _ of b.network.request(a.network.peerId, 'headers', late));
      },
      { code: 'unavailable' },
    );
  });

  it('speaks over TCP', async () => {
    const hosts = await testHosts(2, () => ({ transport: 'tcp', listen: ['/ip4/127.0.0.1/tcp/0'] }));
    hosts[0]!.network.publish('block', new Uint8Array(4_000_000).fill(3));
    await hosts[1]!.until(() => hosts[1]!.heard.length === 1);
    assert.equal(hosts[1]!.heard[0]!.item.length, 4_000_000);
  });

  it('leaves a peer of another genesis, and one without a common version', async () => {
    for (const other of [
      { status: () => statusAt(1n, new Uint8Array(32).fill(8)) },
      // The same first 8 bytes, so that only the status tells.
      { status: () => statusAt(1n, new Uint8Array(32).fill(7).fill(9, 8)) },
      { versions: { lowest: 2, highest: 3 } },
    ]) {
      const a = await testHost();
      const b = await testHost({ ...other, bootstrap: [...a.network.addresses()] });
      await b.until(
        () =>
          Object.keys(b.network.metrics().counters.disconnected).length > 0 ||
          Object.keys(b.network.metrics().counters.goodbyes).length > 0,
      );
      await b.until(() => b.network.metrics().connections === 0 && a.network.metrics().connections === 0);
      assert.equal(a.network.peers().length + b.network.peers().length, 0);
    }
  });
});
