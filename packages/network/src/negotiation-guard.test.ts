import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { ConnectionEncrypter, MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { concat, utf8 } from '@sero/crypto';
import { guardConnection, guardedEncrypter, guardedMuxer } from './negotiation-guard.ts';
import { closeHosts, testHost } from './network-test-support.ts';
import { peerIdOf } from './peer-id.ts';

/** A stream that notes what came through. */
function fake() {
  const passed: Uint8Array[] = [];
  let aborted = false;
  const stream = {
    onData: (data: Uint8Array) => passed.push(data),
    abort: () => {
      aborted = true;
    },
  };
  return {
    stream,
    give: (...parts: readonly Uint8Array[]) => {
      for (const part of parts) stream.onData(part);
    },
    bytes: () => passed.reduce((sum, { length }) => sum + length, 0),
    aborted: () => aborted,
  };
}

const line = (text: string): Uint8Array => concat(Uint8Array.of(text.length + 1), utf8(`${text}\n`));
const high = (count: number): Uint8Array => new Uint8Array(count).fill(0x80);
const header = line('/multistream/1.0.0');

/** A stream that a peer opens, behind the guard. */
function inbound() {
  const one = fake();
  const muxer = { onRemoteStream() {}, createStream: async () => one.stream };
  const factory = {
    protocol: '/m',
    createStreamMuxer: () => muxer,
  } as unknown as StreamMuxerFactory<StreamMuxer>;
  const guarded = guardedMuxer(
    () => factory,
    (name) => name === '/lengths',
  )({ registrar: { getProtocols: () => ['/plain', '/lengths'] } });
  guarded.createStreamMuxer({} as MessageStream);
  (muxer.onRemoteStream as (stream: unknown) => void)(one.stream);
  return one;
}

describe('negotiation guard', () => {
  afterEach(closeHosts);

  it('lets a connection begin with the one negotiation that we have, in whatever pieces, and nothing else', () => {
    const good = fake();
    guardConnection(good.stream as unknown as MessageStream);
    for (const byte of concat(header, line('/noise'))) good.give(Uint8Array.of(byte));
    good.give(high(1_000));
    assert.equal(good.bytes(), 28 + 1_000, 'what follows is encrypted');
    for (const bad of [
      high(3),
      concat(header, high(3)),
      concat(header, line('/tls/1.0.0')),
      utf8('GET / HTTP/1.1'),
    ]) {
      const one = fake();
      guardConnection(one.stream as unknown as MessageStream);
      one.give(bad, high(1_000));
      assert.deepEqual([one.aborted(), one.bytes()], [true, 0]);
    }
  });

  it('lets a stream name a protocol of ours, after others or at once, and looks no further', () => {
    for (const tried of [[], [line('/unknown')]]) {
      const one = inbound();
      one.give(header, ...tried, concat(line('/plain'), high(5)), high(5));
      assert.equal(one.aborted(), false);
    }
  });

  it('ends a stream with a length of more than a byte, or too many names, before a protocol is named', () => {
    const long = inbound();
    long.give(header, high(1));
    assert.equal(long.aborted(), true);
    const after = inbound();
    after.give(header, line('/unknown'), high(2));
    assert.equal(after.aborted(), true);
    const many = inbound();
    many.give(header, ...Array.from({ length: 16 }, () => line('/unknown')));
    assert.equal(many.aborted(), true);
  });

  it('ends a stream of messages with lengths at a length of more than four bytes', () => {
    const one = inbound();
    one.give(
      header,
      line('/lengths'),
      Uint8Array.of(0x81, 0x80, 0x00),
      high(1).subarray(0, 1),
      Uint8Array.of(1),
    );
    assert.equal(one.aborted(), false);
    const bad = inbound();
    bad.give(header, line('/lengths'), high(3));
    assert.equal(bad.aborted(), false);
    bad.give(high(1));
    assert.equal(bad.aborted(), true);
  });

  it('lets an encrypted connection begin with yamux and nothing else, whoever dialled, where the handshake did not settle it', async () => {
    for (const side of ['secureInbound', 'secureOutbound'] as const) {
      const begin = async (settled: boolean, ...parts: readonly Uint8Array[]) => {
        const one = fake();
        const secured = { connection: one.stream, ...(settled ? { streamMuxer: {} } : {}) };
        const encrypter = {
          protocol: '/e',
          secureInbound: async () => secured,
          secureOutbound: async () => secured,
        };
        const guarded = guardedEncrypter(() => encrypter as unknown as ConnectionEncrypter)({});
        await guarded[side]({} as MessageStream);
        one.give(...parts);
        return one;
      };
      const good = await begin(false, header, line('/yamux/1.0.0'), high(9));
      assert.deepEqual([good.aborted(), good.bytes()], [false, 20 + 14 + 9], side);
      for (const bad of [high(3), concat(header, line('/mplex/6.7.0')), concat(header, high(3))]) {
        const one = await begin(false, bad, high(9));
        assert.deepEqual([one.aborted(), one.bytes()], [true, 0], side);
      }
      assert.equal((await begin(true, high(9))).bytes(), 9, 'what is settled is not negotiated');
    }
  });

  it('looks at what answers a stream that the node opened, too', async () => {
    const opened = async (...parts: readonly Uint8Array[]) => {
      const one = fake();
      const muxer = { onRemoteStream() {}, createStream: async () => one.stream };
      const factory = {
        protocol: '/m',
        createStreamMuxer: () => muxer,
      } as unknown as StreamMuxerFactory<StreamMuxer>;
      const guarded = guardedMuxer(
        () => factory,
        (name) => name === '/lengths',
      )({ registrar: { getProtocols: () => [] } });
      await guarded.createStreamMuxer({} as MessageStream).createStream();
      one.give(...parts);
      return one.aborted();
    };
    assert.equal(await opened(header, line('/plain'), high(9)), false);
    assert.equal(await opened(header, line('na'), line('/lengths'), high(3)), false);
    assert.equal(await opened(high(1)), true);
    assert.equal(await opened(header, line('/lengths'), high(4)), true);
  });

  it('ends a connection that the node dialled and that is answered with a length without an end', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      socket.write(high(1_000));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as { port: number };
      const id = await peerIdOf(new Uint8Array(32).fill(61));
      const host = await testHost({
        transport: 'tcp',
        listen: [],
        bootstrap: [`/ip4/127.0.0.1/tcp/${port}/p2p/${id}`],
        limits: { connections: { upgradeMs: 3_600_000, dialMs: 3_600_000 } },
      });
      await host.until(() => host.network.metrics().counters.dials['failed']! >= 1);
    } finally {
      server.close();
    }
  });

  it('ends a socket that sends a length without an end, long before its time is over', async () => {
    const victim = await testHost({
      transport: 'tcp',
      listen: ['/ip4/127.0.0.1/tcp/0'],
      limits: { connections: { upgradeMs: 3_600_000 } },
    });
    const port = Number(/\/tcp\/(\d+)/.exec(victim.network.addresses()[0]!)![1]);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    socket.write(high(1_000));
    await new Promise((resolve) => socket.once('close', resolve));
  });
});
