import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { concat, le32 } from '@sero/crypto';
import type { Handlers } from './abstractions.ts';
import { attack, firstByte, stopAttackers } from './attacker-test-support.ts';
import { RESULT } from './frames.ts';
import { MAX_CHUNK_BYTES } from './messages/codec.ts';
import { blocksRequest, headersRequest } from './messages/ranges.ts';
import { closeHosts, statusAt, type TestHost, testHost } from './network-test-support.ts';

const oneHeader = headersRequest.encode({ start: 1n, count: 1 });
const twoBlocks = blocksRequest.encode({ start: 1n, count: 2 });

/** Serves as many chunks as are asked for, each of so many bytes. */
function serving(bytes: number): Handlers {
  return {
    gossip: () => 'accept',
    async *serve(name, request) {
      const { count } = (name === 'blocks' ? blocksRequest : headersRequest).decode(request);
      for (let i = 0; i < count; i++) yield new Uint8Array(bytes).fill(i + 1);
    },
  };
}

async function collect(answer: AsyncIterable<Uint8Array>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const chunk of answer) lengths.push(chunk.length);
  return lengths;
}

/** A frame of an answer. */
function frame(result: number, payload: Uint8Array, length = payload.length): Uint8Array {
  return concat(Uint8Array.of(result), le32(length), payload);
}

const outcomes = ({ network }: TestHost): Readonly<Record<string, number>> =>
  network.metrics().counters.served;

describe('hostile requests', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it('refuses a request that is too long before it comes, or that is garbage or not canonical', async () => {
    const victim = await testHost({ handlers: serving(10) });
    const attacker = await attack(victim.network);
    assert.equal(await attacker.ask('headers', oneHeader), RESULT.chunk, 'one that is in order');
    assert.equal(await attacker.ask('headers', new Uint8Array(0), 4_000_000_000), 'closed');
    assert.equal(await attacker.ask('headers', new Uint8Array(3)), RESULT.invalid);
    assert.equal(victim.network.metrics().counters.offences['invalid-request'], 2);
    await victim.until(() => victim.network.metrics().connections === 0);
    assert.equal(victim.network.metrics().counters.disconnected['score'], 1);
  });

  it('refuses counts that a name does not allow', async () => {
    const victim = await testHost({ handlers: serving(10) });
    const attacker = await attack(victim.network);
    const many = new Uint8Array(oneHeader);
    many.set([0x01, 0x04], 8);
    assert.equal(await attacker.ask('headers', many), RESULT.invalid);
    assert.equal(outcomes(victim)['headers invalid'], 1);
  });

  it('serves nobody before the status', async () => {
    const victim = await testHost({ handlers: serving(10) });
    const attacker = await attack(victim.network, { handshake: false });
    assert.equal(await attacker.ask('headers', oneHeader), 'closed');
  });

  it('limits what one peer may cause, and serves others meanwhile', async () => {
    const victim = await testHost({
      handlers: serving(10),
      limits: { requests: { ratePerPeer: { burst: 4, perSecond: 0.001 } } },
    });
    const honest = await testHost({ bootstrap: [...victim.network.addresses()] });
    await honest.until(() => honest.network.peers().length === 1);
    const attacker = await attack(victim.network);
    assert.equal(await attacker.ask('blocks', twoBlocks), RESULT.chunk);
    assert.equal(await attacker.ask('blocks', twoBlocks), RESULT.chunk);
    for (let i = 0; i < 10; i++) assert.equal(await attacker.ask('blocks', twoBlocks), RESULT.limited);
    assert.deepEqual(
      await collect(honest.network.request(victim.network.peerId, 'headers', oneHeader)),
      [10],
    );
    await attacker.ask('blocks', twoBlocks).catch(() => {});
    await victim.until(() => victim.network.metrics().connections === 1);
    assert.equal(victim.network.peers()[0]!.id, honest.network.peerId);
  });

  it('limits what all peers together may cause', async () => {
    const victim = await testHost({
      handlers: serving(10),
      limits: { requests: { rate: { burst: 2, perSecond: 0.001 } } },
    });
    const [one, other] = [await attack(victim.network), await attack(victim.network)];
    assert.equal(await one.ask('blocks', twoBlocks), RESULT.chunk);
    assert.equal(await other.ask('blocks', twoBlocks), RESULT.limited);
    assert.equal(victim.network.metrics().counters.offences['too-many-requests'], undefined, 'not its fault');
  });

  it('cuts off a reader that does not read, and gives its bytes back', async () => {
    const victim = await testHost({ handlers: serving(4_000_000), limits: { requests: { chunkMs: 200 } } });
    const honest = await testHost({ bootstrap: [...victim.network.addresses()] });
    await honest.until(() => honest.network.peers().length === 1);
    const attacker = await attack(victim.network);
    const many = blocksRequest.encode({ start: 1n, count: 64 });
    const streams = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const stream = await attacker.open('blocks');
        stream.pause();
        stream.send(concat(le32(many.length), many));
        return stream;
      }),
    );
    await victim.until(() => victim.network.metrics().unsentBytes > 0);
    assert.ok(victim.network.metrics().unsentBytes <= 16_777_216);
    assert.deepEqual(
      await collect(honest.network.request(victim.network.peerId, 'blocks', twoBlocks)),
      [4_000_000, 4_000_000],
    );
    await victim.until(() => victim.network.metrics().serving === 0);
    assert.equal(victim.network.metrics().unsentBytes, 0);
    assert.equal(outcomes(victim)['blocks ok'], 1);
    assert.equal(streams.length, 8);
  });

  for (const [what, wholeMs, leave] of [
    ['the peer goes', 60_000, true],
    ['an answer takes too long', 200, false],
  ] as const) {
    it(`stops the node when ${what}`, async () => {
      const seen: AbortSignal[] = [];
      const victim = await testHost({
        handlers: {
          gossip: () => 'accept',
          async *serve(_name, _request, _from, signal) {
            seen.push(signal);
            yield new Uint8Array(1);
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
          },
        },
        limits: { requests: { wholeMs } },
      });
      const attacker = await attack(victim.network);
      const stream = await attacker.open('blocks');
      const answer = firstByte(stream);
      stream.send(concat(le32(twoBlocks.length), twoBlocks));
      assert.equal(await answer, RESULT.chunk);
      if (leave) stream.abort(new Error('gone'));
      await victim.until(() => seen[0]?.aborted === true);
      await victim.until(() => victim.network.metrics().serving === 0);
    });
  }

  it('never sends more chunks, or longer ones, than a name allows, whatever the node yields', async () => {
    const server = await testHost({
      handlers: {
        gossip: () => 'accept',
        async *serve(name) {
          if (name === 'headers') yield new Uint8Array(100_000);
          else for (;;) yield new Uint8Array(1);
        },
      },
    });
    const client = await testHost({ bootstrap: [...server.network.addresses()] });
    await client.until(() => client.network.peers().length === 1);
    const { peerId } = server.network;
    await assert.rejects(collect(client.network.request(peerId, 'headers', oneHeader)), {
      code: 'unavailable',
    });
    await assert.rejects(collect(client.network.request(peerId, 'blocks', twoBlocks)), {
      code: 'unavailable',
    });
    assert.equal(server.network.metrics().counters.failures['serve'], 2);
    assert.equal(client.network.metrics().counters.offences['invalid-answer'], undefined);
  });

  for (const [what, answer, code] of [
    [
      'a chunk longer than its name allows',
      [frame(RESULT.chunk, new Uint8Array(0), MAX_CHUNK_BYTES + 1)],
      'malformed',
    ],
    [
      'more chunks than were asked for',
      [1, 2, 3].map(() => frame(RESULT.chunk, new Uint8Array(1))),
      'malformed',
    ],
    ['a result that is none', [frame(9, new Uint8Array(0))], 'malformed'],
    ['an end with a payload', [frame(RESULT.end, new Uint8Array(4))], 'malformed'],
    ['an answer cut off within a chunk', [frame(RESULT.chunk, new Uint8Array(3), 10)], 'closed'],
    ['an answer without its end', [frame(RESULT.chunk, new Uint8Array(3))], 'closed'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const client = await testHost();
      const attacker = await attack(client.network, {
        serve: {
          async blocks(stream) {
            for (const part of answer) stream.send(part);
            await stream.close();
          },
        },
      });
      await client.until(() => client.network.peers().length === 1);
      await assert.rejects(collect(client.network.request(attacker.id, 'blocks', twoBlocks)), { code });
      const blamed = client.network.metrics().counters.offences['invalid-answer'];
      assert.equal(blamed, code === 'malformed' ? 1 : undefined);
    });
  }

  it('does not wait for an answer for ever, and blames who is late', async () => {
    const client = await testHost({ limits: { requests: { firstMs: 100 } } });
    const attacker = await attack(client.network, { serve: { blocks: () => {} } });
    await client.until(() => client.network.peers().length === 1);
    await assert.rejects(collect(client.network.request(attacker.id, 'blocks', twoBlocks)), {
      code: 'timeout',
    });
    assert.equal(client.network.metrics().counters.offences['timeout'], 1);
  });

  it('lets a caller take its time between long chunks, while the peer waits', async () => {
    const server = await testHost({ handlers: serving(4_000_000) });
    const client = await testHost({ bootstrap: [...server.network.addresses()] });
    await client.until(() => client.network.peers().length === 1);
    const request = blocksRequest.encode({ start: 1n, count: 8 });
    let bytes = 0;
    for await (const chunk of client.network.request(server.network.peerId, 'blocks', request)) {
      bytes += chunk.length;
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(bytes, 32_000_000);
  });

  it('ends a request when its caller gives up or leaves', async () => {
    const server = await testHost({ handlers: serving(1_000) });
    const client = await testHost({ bootstrap: [...server.network.addresses()] });
    await client.until(() => client.network.peers().length === 1);
    const { peerId } = server.network;
    for await (const _ of client.network.request(peerId, 'blocks', twoBlocks)) break;
    await server.until(() => server.network.metrics().serving === 0);
    const giveUp = new AbortController();
    giveUp.abort();
    const { signal } = giveUp;
    await assert.rejects(collect(client.network.request(peerId, 'blocks', twoBlocks, { signal })), {
      code: 'aborted',
    });
    await assert.rejects(collect(client.network.request('nobody', 'blocks', twoBlocks)), { code: 'closed' });
  });

  it('lets requests above what a peer serves at a time wait for their turn', async () => {
    let most = 0;
    const server = await testHost({
      handlers: {
        gossip: () => 'accept',
        async *serve() {
          most = Math.max(most, server.network.metrics().serving);
          yield new Uint8Array(1);
        },
      },
      limits: { requests: { perPeer: 2 } },
    });
    const client = await testHost({
      bootstrap: [...server.network.addresses()],
      limits: { requests: { perPeer: 2 } },
    });
    await client.until(() => client.network.peers().length === 1);
    const all = Array.from({ length: 20 }, () =>
      collect(client.network.request(server.network.peerId, 'blocks', twoBlocks)),
    );
    assert.equal((await Promise.all(all)).length, 20);
    assert.ok(most <= 2);
  });

  it('leaves a peer whose status is garbage', async () => {
    const victim = await testHost({ status: () => statusAt(3n) });
    const attacker = await attack(victim.network, { handshake: false });
    assert.equal(await attacker.ask('status', new Uint8Array(5)), 'closed');
    assert.equal(await attacker.ask('status', new Uint8Array(0), 1_000_000), 'closed');
    await victim.until(() => victim.network.metrics().connections === 0);
  });
});
