import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import { post, serve } from './test-support.ts';

/** What is served beside JSON-RPC is bounded as that is. */

test('a description that nobody reads is cut off in time, however often it was asked for', async () => {
  // A description longer than what the system takes off the server's hands for one connection.
  const version = 'x'.repeat(4_000_000);
  const server = await serve(madeSource({ version }), {
    limits: { answerTimeoutMs: 300, burst: 1_000_000, maxUnsentPerClient: 100_000_000 },
  });
  try {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.pause();
    const closed = once(socket, 'close');
    let most = 0;
    socket.write('GET /openrpc.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10));
    while ((await server.metric('sero_rpc_connections')) > 0) {
      most = Math.max(most, await server.metric('sero_rpc_unsent_bytes'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(most > 4_000_000 && most < 50_000_000, `${most} bytes were counted`);
    assert.equal(await server.metric('sero_rpc_unsent_bytes'), 0);
    socket.resume();
    await closed;
  } finally {
    await server.close();
  }
});

test('pages that cost something are paid for; probes are answered all the same, and what is not there is charged', async () => {
  const server = await serve(madeSource(), { limits: { burst: 12, unitsPerSecond: 1 }, now: () => 0 });
  try {
    const status = async (path: string): Promise<number> => {
      const response = await fetch(`${server.url}${path}`);
      await response.text();
      return response.status;
    };
    assert.deepEqual([await status('/metrics'), await status('/metrics')], [200, 200]);
    const refused = await fetch(`${server.url}/metrics`);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '3');
    assert.match(await refused.text(), /too many/);
    assert.equal(await status('/openrpc.json'), 200);
    assert.deepEqual([await status('/nothing'), await status('/nothing')], [404, 404]);
    assert.equal(await status('/openrpc.json'), 429);
    assert.equal(await status('/'), 405);
    const { status: posted } = await post(server.url, '{"jsonrpc":"2.0","id":1,"method":"sero_getFees"}');
    assert.equal(posted, 429);
    for (let i = 0; i < 20; i++)
      assert.deepEqual([await status('/health'), await status('/ready')], [200, 200]);
  } finally {
    await server.close();
  }
});

test('all who ask for the metrics at once share one look at them', async () => {
  const server = await serve(madeSource());
  let looks = 0;
  const look = server.registry.metrics.bind(server.registry);
  const gate = Promise.withResolvers<void>();
  server.registry.metrics = async () => {
    looks++;
    await gate.promise;
    return look();
  };
  try {
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20));
    while (looks === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    while (text.split('HTTP/1.1 200 ').length < 21) await once(socket, 'data');
    assert.equal(looks, 1);
    socket.destroy();
  } finally {
    await server.close();
  }
});

test('a connection that asks on and on without taking an answer is ended', async () => {
  const server = await serve(madeSource(), { limits: { maxPipelined: 8, burst: 1_000_000 } });
  try {
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const polite = connect(server.port, '127.0.0.1');
    polite.write(get('/metrics').repeat(8));
    let text = '';
    while (text.split('HTTP/1.1 200 ').length < 9) text += (await once(polite, 'data'))[0];
    const rude = connect(server.port, '127.0.0.1');
    rude.on('error', () => undefined);
    const closed = once(rude.resume(), 'close');
    rude.write(get('/metrics').repeat(1_000));
    await closed;
    assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'pipelined' }), 1);
    polite.destroy();
  } finally {
    await server.close();
  }
});
