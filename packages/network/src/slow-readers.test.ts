import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { concat, le32 } from '@sero/crypto';
import type { Handlers } from './abstractions.ts';
import { attackerHost, stopAttackers, tellStatus } from './attacker-test-support.ts';
import type { LimitsGiven } from './limits.ts';
import type { RequestName } from './messages/index.ts';
import { blocksRequest, headersRequest } from './messages/ranges.ts';
import { snapshotChunkRequest } from './messages/single.ts';
import { closeHosts, GENESIS, type TestHost, testHost } from './network-test-support.ts';
import { protocolName } from './topics.ts';

/** About what a full block, a header and a part of a snapshot take. */
const BYTES: Partial<Record<RequestName, number>> = {
  blocks: 4_000_000,
  headers: 697,
  'snapshot-chunk': 16_000_000,
};

const ALL: Partial<Record<RequestName, Uint8Array>> = {
  blocks: blocksRequest.encode({ start: 1n, count: 64 }),
  headers: headersRequest.encode({ start: 1n, count: 1_024 }),
  'snapshot-chunk': snapshotChunkRequest.encode({ height: 1n, index: 0 }),
};
const oneHeader = headersRequest.encode({ start: 1n, count: 1 });
const twoBlocks = blocksRequest.encode({ start: 1n, count: 2 });

const ends: (Server | Socket)[] = [];
const timers: ReturnType<typeof setInterval>[] = [];

function stopWays(): void {
  for (const timer of timers.splice(0)) clearInterval(timer);
  for (const end of ends.splice(0)) 'destroy' in end ? end.destroy() : end.close();
}

interface Served {
  readonly handlers: Handlers;
  /** Most bytes that were made at a time and not let go, whoever held them. */
  most(): number;
}

function serving(): Served {
  let [held, most] = [0, 0];
  return {
    most: () => most,
    handlers: {
      gossip: () => 'accept',
      async *serve(name, request) {
        const range = { blocks: blocksRequest, headers: headersRequest }[name as string];
        const bytes = BYTES[name]!;
        for (let left = range?.decode(request).count ?? 1; left > 0; left--) {
          held += bytes;
          most = Math.max(most, held);
          try {
            yield new Uint8Array(bytes).fill(left);
          } finally {
            held -= bytes;
          }
        }
      },
    },
  };
}

/** A node over TCP that serves much, with an honest peer. */
async function scene(limits: LimitsGiven = {}) {
  const served = serving();
  const victim = await testHost({
    transport: 'tcp',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    handlers: served.handlers,
    limits,
  });
  const honest = await testHost({ transport: 'tcp', listen: [], bootstrap: [...victim.network.addresses()] });
  await honest.until(() => honest.network.peers().length === 1);
  return { victim, honest, most: served.most };
}

/** Somebody who is a peer like any other until he has asked; then he reads no more than a byte a second of whatever comes, of all streams together. */
interface SlowReader {
  /** Asks for as much as one request may, so many times at once. */
  ask(name: RequestName, times: number): Promise<void>;
}

async function slowReader(victim: TestHost): Promise<SlowReader> {
  const port = Number(
    multiaddr(victim.network.addresses()[0]!)
      .getComponents()
      .find(({ name }) => name === 'tcp')!.value,
  );
  const ways: Socket[] = [];
  const between = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    ends.push(near, far);
    ways.push(far);
    far.on('data', (data) => near.write(data));
    near.on('data', (data) => far.write(data));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  ends.push(between);
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  const host = await attackerHost({ transport: 'tcp' });
  const at = (between.address() as AddressInfo).port;
  const connection = await host.dial(multiaddr(`/ip4/127.0.0.1/tcp/${at}/p2p/${victim.network.peerId}`));
  await tellStatus(connection);
  return {
    async ask(name, times) {
      const streams: Stream[] = [];
      const protocol = protocolName(GENESIS, name);
      for (let i = 0; i < times; i++) {
        streams.push(await connection.newStream(protocol, { maxOutboundStreams: 256 }));
      }
      for (const far of ways) {
        far.removeAllListeners('data');
        far.pause();
        timers.push(setInterval(() => void far.read(1), 1_000));
      }
      for (const stream of streams) stream.send(concat(le32(ALL[name]!.length), ALL[name]!));
    },
  };
}

async function lengths(answer: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of answer) all.push(chunk.length);
  return all;
}

const metrics = ({ network }: TestHost) => network.metrics();

/** What the honest peer gets for a request: the length of each chunk. */
const ask = ({ honest, victim }: Awaited<ReturnType<typeof scene>>, name: RequestName, request: Uint8Array) =>
  lengths(honest.network.request(victim.network.peerId, name, request));

describe('readers who take a byte a second', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);
  afterEach(stopWays);

  for (const name of ['blocks', 'headers', 'snapshot-chunk'] as const) {
    it(`are cut off in the middle of ${name} within the time of a chunk or of an answer, and make the node hold little more than one peer may`, async () => {
      const all = await scene({ requests: { chunkMs: 500, wholeMs: 1_500 } });
      const { victim, most } = all;
      const reader = await slowReader(victim);
      await reader.ask(name, 16);
      await victim.until(() => metrics(victim).serving > 0);
      const began = performance.now();
      while (metrics(victim).serving > 0) {
        assert.ok(metrics(victim).unsentBytes <= 16_777_216, `${metrics(victim).unsentBytes} bytes wait`);
        assert.deepEqual(await ask(all, 'headers', oneHeader), [697], 'others are served');
      }
      const seconds = (performance.now() - began) / 1_000;
      assert.equal(metrics(victim).unsentBytes, 0);
      // One that waits for room, and one that is made before the last one's end is through.
      assert.ok(most() <= 16_777_216 + 2 * BYTES[name]! + 697, `${most()} bytes were held`);
      assert.ok(seconds < 30, `it took ${seconds} s`);
      const { served } = metrics(victim).counters;
      const cut = (served[`${name} timeout`] ?? 0) + (served[`${name} aborted`] ?? 0);
      assert.equal(cut, 16, JSON.stringify(served));
      assert.equal(metrics(victim).connections, 2, 'it is no offence: a line may be slow');
    });
  }

  /** Two who hold all places, and nearly all room, for a minute. */
  const FULL = { perPeer: 4, total: 8, unsent: 33_554_432, chunkMs: 60_000 };
  const twoReaders = async (victim: TestHost): Promise<void> => {
    for (const reader of [await slowReader(victim), await slowReader(victim)]) await reader.ask('blocks', 4);
    await victim.until(() => metrics(victim).unsentBytes === 32_000_000);
  };

  it('lose places and room to who has less, when they have had their time', async () => {
    const all = await scene({ requests: { ...FULL, readMs: 0 } });
    const { victim, most } = all;
    await twoReaders(victim);
    await victim.until(() => metrics(victim).serving === 8);
    assert.deepEqual(await ask(all, 'blocks', twoBlocks), [4_000_000, 4_000_000]);
    const { served } = metrics(victim).counters;
    assert.equal(served['blocks ok'], 1);
    assert.ok(served['blocks timeout']! <= 2, 'no more of them than need be');
    assert.ok(metrics(victim).serving >= 6);
    assert.ok(most() <= 33_554_432 + 3 * 4_000_000, `${most()} bytes were held`);
  });

  it('keep their places while they are in their time, and room that is wanted is waited for', async () => {
    const busy = await scene({ requests: { ...FULL, readMs: 60_000 } });
    await twoReaders(busy.victim);
    await assert.rejects(ask(busy, 'blocks', twoBlocks), { code: 'limited' });
    assert.equal(metrics(busy.victim).counters.offences['too-many-requests'], undefined, 'not its fault');
    assert.equal(metrics(busy.victim).serving, 8);

    const full = await scene({ requests: { ...FULL, total: 9, readMs: 1_000 } });
    await twoReaders(full.victim);
    assert.deepEqual(await ask(full, 'blocks', twoBlocks), [4_000_000, 4_000_000]);
    assert.equal(metrics(full.victim).counters.served['blocks timeout'], 1);
  });

  it('lose nothing to who has as much as they', async () => {
    const { victim } = await scene({ requests: { ...FULL, perPeer: 4, total: 4, readMs: 0 } });
    const [one, other] = [await slowReader(victim), await slowReader(victim)];
    await one.ask('blocks', 4);
    await victim.until(() => metrics(victim).serving === 4);
    await other.ask('blocks', 4);
    await victim.until(() => (metrics(victim).counters.served['blocks busy'] ?? 0) === 2);
    assert.equal(metrics(victim).serving, 4);
    assert.equal(metrics(victim).counters.served['blocks timeout'], 2, 'half of the places for each');
  });
});
