import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import type { RpcLimits } from './limits.ts';
import { post, serve, type TestServer } from './test-support.ts';

/** Requests that are half sent, and what they hold meanwhile. */

const KIBI = 1_024;
const FEES = '{"jsonrpc":"2.0","id":1,"method":"sero_getFees"}';
/** Ample for what each test sends; those that are the subject are given smaller. */
const LIMITS = { maxReceptionBytes: 2_000 * KIBI, maxReceptionPerClient: 1_000 * KIBI, minReadMs: 0 };

async function withServer(
  limits: Partial<RpcLimits>,
  run: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await serve(madeSource(), {
    limits: { ...LIMITS, ...limits },
    trustedProxies: ['127.0.0.1'],
  });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

async function raw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

const head = (client: string, more: string): string =>
  `POST / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${client}\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;

/** Sends so much of a body of 1 MiB and then nothing. */
async function halfSent(port: number, client: string, bytes: number): Promise<Socket> {
  const socket = await raw(port);
  socket.write(`${head(client, 'Content-Length: 1048576')}${'['.repeat(bytes)}`);
  return socket;
}

test('what is half sent counts until its connection is gone', async () => {
  await withServer({}, async ({ port, metric }) => {
    const socket = await halfSent(port, '192.0.2.1', 300 * KIBI);
    await until(async () => (await metric('sero_rpc_reception_bytes')) > 300 * KIBI);
    socket.destroy();
    await until(async () => (await metric('sero_rpc_reception_bytes')) === 0);
  });
});

test('one client cannot send halves without end: what comes beyond his share is refused, others are heard', async () => {
  await withServer({}, async ({ url, port, metric }) => {
    const open = [
      await halfSent(port, '192.0.2.1', 400 * KIBI),
      await halfSent(port, '192.0.2.1', 400 * KIBI),
    ];
    await until(async () => (await metric('sero_rpc_reception_bytes')) > 800 * KIBI);
    const third = await halfSent(port, '192.0.2.1', 400 * KIBI);
    assert.match(String((await once(third, 'data'))[0]), /^HTTP\/1\.1 503 /);
    await once(third.resume(), 'close');
    assert.equal(await metric('sero_rpc_refusals_total', { limit: 'reception' }), 1);
    const { text } = await post(url, FEES, { 'x-forwarded-for': '192.0.2.2' });
    assert.ok(JSON.parse(text).result !== undefined);
    for (const socket of open) socket.destroy();
  });
});

test('all together hold no more than there is room for: who holds the most is cut off, and the honest are heard', async () => {
  await withServer({}, async ({ url, port, metric }) => {
    const large = await halfSent(port, '192.0.2.1', 900 * KIBI);
    await until(async () => (await metric('sero_rpc_reception_bytes')) > 900 * KIBI);
    const gone = once(large.resume(), 'close');
    const many: Socket[] = [];
    for (let i = 2; i < 9; i++) {
      many.push(await halfSent(port, `192.0.2.${i}`, 300 * KIBI));
      const { text } = await post(url, FEES, { 'x-forwarded-for': '198.51.100.1' });
      assert.ok(JSON.parse(text).result !== undefined);
      assert.ok((await metric('sero_rpc_reception_bytes')) <= 2_000 * KIBI);
    }
    await gone;
    for (const socket of many) socket.destroy();
  });
});

test('a body in crumbs counts by what its crumbs take, not by its bytes alone', async () => {
  await withServer({ maxReceptionPerClient: 500 * KIBI }, async ({ port, metric }) => {
    const socket = await raw(port);
    const answer = once(socket, 'data');
    socket.write(`${head('192.0.2.1', 'Transfer-Encoding: chunked')}${'1\r\n[\r\n'.repeat(4_000)}`);
    assert.match(String((await answer)[0]), /^HTTP\/1\.1 503 /);
    await once(socket.resume(), 'close');
    await until(async () => (await metric('sero_rpc_reception_bytes')) === 0);
  });
});

test('a request counts until it is answered, and a body of no known length is bounded', async () => {
  const gate = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  const node = madeSource({
    async submit() {
      called.resolve();
      await gate.promise;
      return { txid: new Uint8Array(32), wtxid: new Uint8Array(32) };
    },
  });
  const server = await serve(node, { limits: { ...LIMITS, maxBodyBytes: 100_000 } });
  try {
    const params = { transaction: `0x${'00'.repeat(40_000)}` };
    const sent = post(server.url, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sero_submit', params }));
    await called.promise;
    assert.ok((await server.metric('sero_rpc_reception_bytes')) > 80_000);
    gate.resolve();
    await sent;
    await until(async () => (await server.metric('sero_rpc_reception_bytes')) === 0);
    const socket = await raw(server.port);
    const answer = once(socket, 'data');
    socket.write(
      `${head('192.0.2.1', 'Transfer-Encoding: chunked')}${`2710\r\n${'['.repeat(10_000)}\r\n`.repeat(11)}`,
    );
    assert.match(String((await answer)[0]), /^HTTP\/1\.1 413 /);
    await once(socket.resume(), 'close');
  } finally {
    await server.close();
  }
});
