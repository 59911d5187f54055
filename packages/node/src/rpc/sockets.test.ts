import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { createClient, createSocketClient, type HeadEvent } from '@sero/api';
import { headerHash } from '@sero/protocol';
import { WebSocket } from 'ws';
import { type MadeSource, madeSource } from '../../../../test/rpc/made-chain.ts';
import { settle } from '../test-support.ts';
import type { RpcLimits } from './limits.ts';
import { serve, type TestServer } from './test-support.ts';

interface Scene {
  readonly server: TestServer;
  readonly source: MadeSource;
  readonly url: string;
}

async function scene(
  limits: Partial<RpcLimits>,
  run: (scene: Scene) => Promise<void>,
  source = madeSource(),
): Promise<void> {
  const server = await serve(source, { limits: { burst: 1_000_000, closeGraceMs: 200, ...limits } });
  try {
    await run({ server, source, url: server.url.replace('http', 'ws') });
  } finally {
    await server.close();
  }
}

/** A socket without a client around it. */
async function bare(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return socket;
}

function closing(socket: WebSocket): Promise<number> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', resolve));
}

const call = (id: number, method: string, params: unknown = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

const SUBSCRIBE = call(1, 'sero_subscribe', { topic: 'heads' });
const BLOCK = call(2, 'sero_getBlocks', { from: '0x1', limit: '0x1' });

/** Waits, turn by turn, for something that another connection brings about. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

/** A source whose block 1 has 1.3 MB, in digits. */
function largeSource(): MadeSource {
  const source = madeSource();
  source.grow(Array(100).fill({ outputs: 16 }));
  return source;
}

test('a socket answers what HTTP answers', async () => {
  await scene({}, async ({ server, url }) => {
    const socket = await createSocketClient({ url });
    const http = createClient({ url: server.url });
    assert.deepEqual(await socket.request('sero_getStatus', {}), await http.request('sero_getStatus', {}));
    await assert.rejects(socket.request('sero_getBlocks', { from: 0n, limit: 2_000 }), {
      name: 'limit-exceeded',
    });
    socket.close();
    assert.deepEqual((await socket.closed).code, 1000);
    await assert.rejects(socket.request('sero_getStatus', {}), { code: 'closed' });
  });
});

test('a subscription tells of each new head until it is ended', async () => {
  await scene({}, async ({ source, url }) => {
    const client = await createSocketClient({ url });
    const heads: HeadEvent[] = [];
    const subscription = await client.subscribeHeads((head) => heads.push(head));
    const headers = [source.grow(), source.grow()];
    await until(() => heads.length === 2);
    assert.deepEqual(
      heads,
      headers.map((header) => ({ height: header.height, hash: headerHash(header), time: header.time })),
    );
    await subscription.end();
    source.grow();
    await client.request('sero_getFees', {});
    assert.equal(heads.length, 2);
    client.close();
  });
});

test('a notification has the documented form', async () => {
  await scene({}, async ({ source, url }) => {
    const socket = await bare(url);
    const texts: string[] = [];
    socket.on('message', (data) => texts.push(String(data)));
    socket.send(SUBSCRIBE);
    await until(() => texts.length === 1);
    source.grow();
    await until(() => texts.length === 2);
    assert.deepEqual(JSON.parse(texts[0]!).result, { subscription: '0x1' });
    const { method, params } = JSON.parse(texts[1]!);
    assert.deepEqual(
      [method, params.subscription, params.result.height],
      ['sero_subscription', '0x1', '0x1'],
    );
    socket.close();
  });
});

test('a socket has so many subscriptions and no more; an ended one makes room; names are its own', async () => {
  await scene({ maxSubscriptions: 2 }, async ({ server, url }) => {
    const [first, second] = [await createSocketClient({ url }), await createSocketClient({ url })];
    const kept = await first.subscribeHeads(() => undefined);
    await first.subscribeHeads(() => undefined);
    await assert.rejects(
      first.subscribeHeads(() => undefined),
      { name: 'limit-exceeded', data: { limit: 'subscriptions', max: 2 } },
    );
    await second.subscribeHeads(() => undefined);
    assert.equal(await server.metric('sero_rpc_subscriptions'), 3);
    await kept.end();
    await first.subscribeHeads(() => undefined);
    first.close();
    await first.closed;
    await until(async () => (await server.metric('sero_rpc_subscriptions')) === 1);
    second.close();
  });
});

test('an unknown subscription is not ended, and one of another socket is unknown', async () => {
  await scene({}, async ({ url }) => {
    const owner = await createSocketClient({ url });
    await owner.subscribeHeads(() => undefined);
    const other = await bare(url);
    other.send(call(1, 'sero_unsubscribe', { subscription: '0x1' }));
    const [text] = await once(other, 'message');
    assert.deepEqual(JSON.parse(String(text)).result, { ended: false });
    other.close();
    owner.close();
  });
});

test('a reader that does not read is told nothing more, then closed; memory stays bounded and others are served', async () => {
  await scene(
    { maxSocketBytes: 100_000, slowSocketMs: 150 },
    async ({ server, source, url }) => {
      const slow = await bare(url);
      slow.send(SUBSCRIBE);
      await once(slow, 'message');
      slow.pause();
      // More than the system takes off the server's hands for one connection.
      for (let i = 0; i < 40; i++) slow.send(BLOCK);
      const gone = closing(slow);
      const honest = await createSocketClient({ url });
      const heads: bigint[] = [];
      await honest.subscribeHeads(({ height }) => heads.push(height));
      await until(async () => (await server.metric('sero_rpc_unsent_bytes')) > 100_000);
      for (let i = 0; i < 5; i++) source.grow();
      await until(() => heads.length === 5);
      assert.ok((await server.metric('sero_rpc_unsent_bytes')) < 5_000_000, 'one answer at a time');
      assert.equal(await server.metric('sero_rpc_notifications_dropped_total'), 4, 'all but the latest');
      await until(async () => (await server.metric('sero_rpc_sockets')) === 1);
      assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'slow-reader' }), 1);
      assert.equal(await server.metric('sero_rpc_unsent_bytes'), 0);
      slow.resume();
      await gone;
      honest.close();
    },
    largeSource(),
  );
});

test('a reader that was slow for a while gets its answers and the latest head', async () => {
  await scene(
    { maxSocketBytes: 100_000, slowSocketMs: 60_000 },
    async ({ server, source, url }) => {
      const socket = await bare(url);
      const answers: { id?: number; method?: string; params?: { result: { height: string } } }[] = [];
      socket.on('message', (data) => answers.push(JSON.parse(String(data))));
      socket.send(SUBSCRIBE);
      await until(() => answers.length === 1);
      socket.pause();
      for (let i = 0; i < 20; i++) socket.send(BLOCK);
      await until(async () => (await server.metric('sero_rpc_unsent_bytes')) > 100_000);
      for (let i = 0; i < 3; i++) source.grow();
      socket.resume();
      await until(() => answers.filter(({ id }) => id === 2).length === 20);
      await until(() => answers.some(({ params }) => params?.result.height === '0x4'));
      const heights = answers.flatMap(({ params }) =>
        params === undefined ? [] : [Number(params.result.height)],
      );
      assert.deepEqual(
        heights,
        heights.toSorted((a, b) => a - b),
        'heights never fall',
      );
      socket.close();
    },
    largeSource(),
  );
});

test('a bomb of calls in one piece is answered one a turn, none of it lost', async () => {
  await scene({ maxSocketCalls: 4 }, async ({ url }) => {
    const socket = await bare(url);
    const ids = new Set<number>();
    socket.on('message', (data) => ids.add(JSON.parse(String(data)).id));
    for (let id = 0; id < 500; id++) socket.send(call(id, 'sero_getFees'));
    await until(() => ids.size === 500);
    socket.close();
  });
});

test('calls of a socket that wait for their answer are bounded: nothing more is read from it meanwhile', async () => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const source = madeSource({
    async submit() {
      waiting++;
      await gate.promise;
      return { txid: new Uint8Array(32), wtxid: new Uint8Array(32) };
    },
  });
  await scene(
    { maxSocketCalls: 4 },
    async ({ url }) => {
      const socket = await bare(url);
      let answers = 0;
      socket.on('message', () => answers++);
      // 12 MB: more than the system takes for a reader who has stopped.
      const message = call(1, 'sero_submit', { transaction: `0x${'00'.repeat(5_000)}` });
      for (let i = 0; i < 1_200; i++) socket.send(message);
      await until(() => waiting === 4);
      const other = await createSocketClient({ url });
      for (let i = 0; i < 300; i++) await other.request('sero_getFees', {});
      assert.equal(waiting, 4);
      assert.ok(socket.bufferedAmount > 1_000_000, `${socket.bufferedAmount} bytes wait at their sender`);
      gate.resolve();
      await until(() => answers === 1_200);
      socket.close();
      other.close();
    },
    source,
  );
});

test('a message beyond the bound, and one that is no text, end the socket with the code that says so', async () => {
  await scene({ maxBodyBytes: 10_000 }, async ({ server, url }) => {
    const long = await bare(url);
    const tooLong = closing(long);
    long.send('x'.repeat(10_001));
    assert.equal(await tooLong, 1009);
    const binary = await bare(url);
    const noText = closing(binary);
    binary.send(Buffer.from(SUBSCRIBE), { binary: true });
    assert.equal(await noText, 1003);
    await until(async () => (await server.metric('sero_rpc_sockets')) === 0);
  });
});

/** Opens a WebSocket by hand and then says nothing: neither pong nor close. */
async function halfOpen(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 101 /);
  return socket;
}

/** A frame of text as a client sends it, masked with zeros. */
function frame(text: string, fin = true, opcode = 1): Buffer {
  const content = Buffer.from(text);
  const first = (fin ? 0x80 : 0) | opcode;
  const { length } = content;
  const header = length < 126 ? [first, 0x80 | length] : [first, 0x80 | 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), content]);
}

test('a message that has begun must end in its time; one that comes in pieces in time is answered', async () => {
  await scene({ requestTimeoutMs: 300 }, async ({ server }) => {
    const half = await halfOpen(server.port);
    half.write(frame('x'.repeat(10_000)).subarray(0, 5_000));
    const pieces = await halfOpen(server.port);
    pieces.write(frame(SUBSCRIBE.slice(0, 10), false));
    pieces.write(frame('', true, 9));
    pieces.write(frame(SUBSCRIBE.slice(10), true, 0));
    let heard = '';
    pieces.on('data', (data) => {
      heard += data;
    });
    await once(half.resume(), 'close');
    assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'slow-sender' }), 1);
    assert.match(heard, /"subscription":"0x1"/);
    await until(async () => (await server.metric('sero_rpc_sockets')) === 1);
    assert.equal(await server.metric('sero_rpc_reception_bytes'), 0);
    assert.equal(pieces.closed, false);
    pieces.destroy();
  });
});

test('messages that are half sent count, and end the sockets of a client that holds more than his share', async () => {
  const limits = { maxReceptionPerClient: 100_000 };
  await scene(limits, async ({ server }) => {
    const first = await halfOpen(server.port);
    first.write(frame('x'.repeat(60_000)).subarray(0, 50_000));
    await until(async () => (await server.metric('sero_rpc_reception_bytes')) >= 50_000);
    const second = await halfOpen(server.port);
    const ended = once(second.resume(), 'close');
    second.write(frame('x'.repeat(60_000)).subarray(0, 59_000));
    await ended;
    assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'reception' }), 1);
    first.destroy();
    await until(async () => (await server.metric('sero_rpc_reception_bytes')) === 0);
  });
});

test('a socket that ends in mid-message leaves nothing counted, though its call is answered later', async () => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const source = madeSource({
    async submit() {
      waiting++;
      await gate.promise;
      return { txid: new Uint8Array(32), wtxid: new Uint8Array(32) };
    },
  });
  await scene(
    {},
    async ({ server }) => {
      const socket = await halfOpen(server.port);
      const half = frame('x'.repeat(60_000)).subarray(0, 50_000);
      socket.write(Buffer.concat([frame(call(1, 'sero_submit', { transaction: '0x00' })), half]));
      await until(() => waiting === 1);
      await until(async () => (await server.metric('sero_rpc_reception_bytes')) > 50_000);
      socket.resetAndDestroy();
      await until(async () => (await server.metric('sero_rpc_reception_bytes')) === 0);
      gate.resolve();
      await settle();
      assert.equal(await server.metric('sero_rpc_reception_bytes'), 0);
      assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'reception' }), 0);
    },
    source,
  );
});

test('a message in crumbs counts by what its crumbs take', async () => {
  await scene({ maxReceptionPerClient: 100_000 }, async ({ server }) => {
    const socket = await halfOpen(server.port);
    const ended = once(socket.resume(), 'close');
    socket.write(Buffer.concat([frame('x', false), ...Array(300).fill(frame('x', false, 0))]));
    await until(async () => (await server.metric('sero_rpc_reception_bytes')) > 300 * 256);
    socket.write(Buffer.concat(Array(300).fill(frame('x', false, 0))));
    await ended;
    assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'reception' }), 1);
  });
});

test('a socket that sends much before it is answered is read no further meanwhile, and loses nothing', async () => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const source = madeSource({
    async submit() {
      waiting++;
      await gate.promise;
      return { txid: new Uint8Array(32), wtxid: new Uint8Array(32) };
    },
  });
  const limits = { maxBodyBytes: 200_000, maxReceptionPerClient: 1_000_000 };
  await scene(
    limits,
    async ({ server, url }) => {
      const socket = await bare(url);
      let answers = 0;
      socket.on('message', () => answers++);
      const message = call(1, 'sero_submit', { transaction: `0x${'00'.repeat(50_000)}` });
      for (let i = 0; i < 100; i++) socket.send(message);
      await until(() => waiting === 2);
      const other = await createSocketClient({ url });
      for (let i = 0; i < 50; i++) await other.request('sero_getFees', {});
      assert.ok(waiting <= 4, `${waiting} wait`);
      assert.ok((await server.metric('sero_rpc_reception_bytes')) < 600_000);
      gate.resolve();
      await until(() => answers === 100);
      socket.close();
      other.close();
    },
    source,
  );
});

test('who sends pings and reads no pong gets one at a time', async () => {
  await scene({}, async ({ server }) => {
    const socket = await halfOpen(server.port);
    let heard = 0;
    socket.on('data', (data) => {
      heard += data.length;
    });
    // All in one piece: the last is answered, and perhaps the first, and few between.
    socket.write(Buffer.concat(Array(1_000).fill(frame('x'.repeat(100), true, 9))));
    await createClient({ url: server.url }).request('sero_getFees', {});
    await until(() => heard > 0);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(heard < 20_000, `${heard} bytes of pongs`);
    socket.destroy();
  });
});

test('an address has so many sockets, also behind a proxy that speaks for it', async () => {
  const server = await serve(madeSource(), {
    limits: { maxConnectionsPerAddress: 2 },
    trustedProxies: ['127.0.0.1'],
  });
  try {
    const from = async (client: string): Promise<WebSocket> => {
      const socket = new WebSocket(server.url.replace('http', 'ws'), {
        headers: { 'x-forwarded-for': client },
      });
      await once(socket, 'open');
      return socket;
    };
    const [first] = [await from('192.0.2.1'), await from('192.0.2.1')];
    assert.equal(await closing(await from('192.0.2.1')), 1013);
    const other = await from('192.0.2.2');
    assert.equal(other.readyState, WebSocket.OPEN);
    const left = closing(first!);
    first!.close();
    await left;
    await until(async () => (await server.metric('sero_rpc_sockets')) === 2);
    const again = await from('192.0.2.1');
    again.send(SUBSCRIBE);
    await once(again, 'message');
  } finally {
    await server.close();
  }
});

test('a peer that is no longer there is found by its missing pong; one that is there stays', async () => {
  await scene({ pingIntervalMs: 100 }, async ({ server, url }) => {
    const alive = await bare(url);
    let pings = 0;
    alive.on('ping', () => pings++);
    const dead = await halfOpen(server.port);
    await once(dead.resume(), 'close');
    assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'half-open' }), 1);
    await until(() => pings >= 3);
    assert.equal(alive.readyState, WebSocket.OPEN);
    assert.equal(await server.metric('sero_rpc_sockets'), 1);
    alive.close();
  });
});

test('closing the server closes its sockets with 1001, and ends those that do not answer', async () => {
  const server = await serve(madeSource(), { limits: { closeGraceMs: 100 } });
  const polite = await createSocketClient({ url: server.url.replace('http', 'ws') });
  const dead = await halfOpen(server.port);
  const ended = once(dead.resume(), 'close');
  await server.close();
  assert.equal((await polite.closed).code, 1001);
  await ended;
});

test('heads that come after the server was closed reach nobody, and harm nobody', async () => {
  const source = madeSource();
  const server = await serve(source);
  await server.close();
  source.grow();
});
