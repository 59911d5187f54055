import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { closeHosts, listeners, type TestHost, testHost } from './network-test-support.ts';

/** A host over real sockets. */
const overTcp = (discovery: 'dht' | 'none', told?: TestHost): Promise<TestHost> =>
  testHost({
    transport: 'tcp',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery,
    bootstrap: [...(told?.network.addresses() ?? [])],
  });

const peersOf = ({ network }: TestHost): string[] => network.peers().map(({ id }) => id);
const know = (host: TestHost, other: TestHost): boolean => peersOf(host).includes(other.network.peerId);

describe('the DHT', () => {
  afterEach(closeHosts);

  it('brings two together that were told of a third alone, and nobody who does not ask it', async () => {
    const middle = await overTcp('dht');
    const quiet = await overTcp('none', middle);
    await middle.until(() => know(middle, quiet));
    const [one, other] = await Promise.all([overTcp('dht', middle), overTcp('dht', middle)]);
    await one.until(() => know(one, other) && know(one, middle));
    await other.until(() => know(other, one) && know(other, middle));
    assert.deepEqual(peersOf(quiet), [middle.network.peerId], 'each is found by his own will');

    // They are peers like any others: what one says the other hears though the third is gone.
    await one.until(() => listeners(one) === 2);
    await middle.network.close();
    await one.until(() => listeners(one) === 1);
    one.network.publish('vote', Uint8Array.of(1, 2, 3));
    await other.until(() => other.heard.length === 1);
    assert.equal(other.heard[0]!.from, one.network.peerId);
  });

  it('of one network tells nothing to another one, though they share a peer’s address', async () => {
    const middle = await overTcp('dht');
    const status = {
      genesisHash: new Uint8Array(32).fill(8),
      height: 1n,
      headHash: new Uint8Array(32),
      earliest: 0n,
      version: 1,
    };
    const stranger = await testHost({
      transport: 'tcp',
      listen: ['/ip4/127.0.0.1/tcp/0'],
      discovery: 'dht',
      status: () => status,
      bootstrap: [...middle.network.addresses()],
    });
    const one = await overTcp('dht', middle);
    const other = await overTcp('dht', middle);
    await one.until(() => know(one, other));
    assert.deepEqual(peersOf(stranger), []);
    for (const host of [middle, one, other]) assert.equal(know(host, stranger), false);
  });
});
