import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { createClient, createSocketClient, openRpcDocument, type RpcError } from '@sero/api';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import type { RpcLimits } from './limits.ts';
import { post, serve, type TestServer } from './test-support.ts';

/** Each limit is met by somebody who goes beyond it, and by somebody honest who is served all the same. */

async function withServer(
  limits: Partial<RpcLimits>,
  run: (server: TestServer) => Promise<void>,
  options: Parameters<typeof serve>[1] & { node?: Parameters<typeof serve>[0] } = {},
): Promise<void> {
  const { node = madeSource(), ...rest } = options;
  const server = await serve(node, { limits, ...rest });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

const fees = (id: number | string = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'sero_getFees' });
const batch = (n: number, call = fees()): string => `[${Array(n).fill(call).join(',')}]`;

async function code(url: string, body: string, headers = {}): Promise<unknown> {
  const { text } = await post(url, body, headers);
  const json = JSON.parse(text);
  return json.error?.code ?? 'ok';
}

/** A chain whose block 1 is 5 MB in digits: its answer fills what the system keeps for a reader, and more. */
const LARGE = madeSource();
LARGE.grow(Array(400).fill({ outputs: 16 }));
const LARGE_BLOCK = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'sero_getBlocks',
  params: { from: '0x1', limit: '0x1' },
});

/** A raw connection, for what no HTTP client would do. */
async function raw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

test('a body beyond the limit is refused by its length alone', async () => {
  await withServer({ maxBodyBytes: 1_000 }, async ({ url, port }) => {
    assert.equal((await post(url, fees('x'.repeat(1_000)))).status, 413);
    const socket = await raw(port);
    socket.write(
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n',
    );
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 413 /);
    socket.destroy();
    assert.equal(await code(url, fees()), 'ok');
  });
});

test('a batch beyond the limit is refused as a whole, one at the limit is answered', async () => {
  await withServer({ maxBatch: 8 }, async ({ url, metric }) => {
    const { text } = await post(url, batch(9));
    assert.deepEqual(JSON.parse(text).error.data, { limit: 'batch', max: 8 });
    assert.equal(JSON.parse((await post(url, batch(8))).text).length, 8);
    assert.equal(await metric('sero_rpc_refusals_total', { limit: 'batch' }), 1);
  });
});

test('a batch whose answer would be too long is answered as far as it fits', async () => {
  const source = madeSource();
  source.grow(Array(20).fill({ outputs: 16 }));
  await withServer(
    { maxBatchAnswerBytes: 1_000_000 },
    async ({ url }) => {
      const { text } = await post(url, batch(64, LARGE_BLOCK));
      const answers = JSON.parse(text) as { result?: unknown; error?: { data: unknown } }[];
      const given = answers.filter(({ result }) => result !== undefined).length;
      assert.ok(given > 1 && given < 10, `${given} given`);
      assert.ok(text.length < 1_500_000);
      assert.deepEqual(answers.at(-1)!.error!.data, { limit: 'size', max: 1_000_000 });
    },
    { node: source },
  );
});

test('a client beyond its rate is told when to come back; time, and other clients, are not concerned', async () => {
  const time = { now: 0 };
  const limits = { unitsPerSecond: 10, burst: 5 };
  const options = { now: () => time.now, trustedProxies: ['127.0.0.1'] };
  await withServer(
    limits,
    async ({ url, metric }) => {
      const from = (client: string) => post(url, fees(), { 'x-forwarded-for': client });
      for (let i = 0; i < 5; i++) assert.equal((await from('192.0.2.1')).status, 200);
      const refused = await from('192.0.2.1');
      assert.equal(refused.status, 429);
      assert.equal(refused.headers.get('retry-after'), '1');
      assert.deepEqual(JSON.parse(refused.text).error.data, { limit: 'rate', retryAfterMs: 100 });
      assert.equal((await from('192.0.2.2')).status, 200);
      time.now = 100;
      assert.equal((await from('192.0.2.1')).status, 200);
      assert.equal(await metric('sero_rpc_refusals_total', { limit: 'rate' }), 1);
    },
    options,
  );
});

test('an address that a client makes up is not believed unless a trusted proxy says it', async () => {
  await withServer({ unitsPerSecond: 1, burst: 3 }, async ({ url }) => {
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push((await post(url, fees(), { 'x-forwarded-for': `192.0.2.${i}` })).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  });
});

test('each call of a batch counts for the rate', async () => {
  await withServer(
    { unitsPerSecond: 10, burst: 5 },
    async ({ url }) => {
      const answers = JSON.parse((await post(url, batch(8))).text) as {
        result?: unknown;
        error?: RpcError;
      }[];
      assert.deepEqual(
        answers.map(({ error }) => error?.data.limit ?? 'ok'),
        ['ok', 'ok', 'ok', 'ok', 'ok', 'rate', 'rate', 'rate'],
      );
    },
    { now: () => 0 },
  );
});

test('long answers count for the rate by their bytes', async () => {
  await withServer(
    { unitsPerSecond: 1, burst: 10 },
    async ({ url }) => {
      assert.equal((await post(url, LARGE_BLOCK)).status, 200);
      assert.equal((await post(url, LARGE_BLOCK)).status, 429);
    },
    { now: () => 0, node: LARGE },
  );
});

test('the client waits as long as the node says where only its rate was refused, and no longer than its own time', async () => {
  await withServer({ unitsPerSecond: 50, burst: 1 }, async ({ url }) => {
    const patient = createClient({ url });
    await patient.request('sero_getFees', {});
    await patient.request('sero_getFees', {});
    await patient.batch([{ method: 'sero_getFees', params: {} }]);
  });
  await withServer({ unitsPerSecond: 50, burst: 1 }, async ({ url, metric }) => {
    const socket = await createSocketClient({ url: url.replace('http', 'ws') });
    // Each refusal names its request, so that the answers of the others find theirs.
    await Promise.all([1, 2, 3].map(() => socket.request('sero_getFees', {})));
    assert.ok((await metric('sero_rpc_refusals_total', { limit: 'rate' })) > 0);
    socket.close();
  });
  await withServer({ unitsPerSecond: 0.001, burst: 1 }, async ({ url }) => {
    const client = createClient({ url, timeoutMs: 5_000 });
    await client.request('sero_getFees', {});
    await assert.rejects(client.request('sero_getFees', {}), { name: 'limit-exceeded' });
    const impatient = createClient({ url, waitForRate: false });
    await assert.rejects(impatient.request('sero_getFees', {}), { name: 'limit-exceeded' });
  });
});

test('a range beyond the limit is refused', async () => {
  await withServer({ maxRange: 16 }, async ({ url, metric }) => {
    const client = createClient({ url });
    for (const method of ['sero_getBlocks', 'sero_getCompactOutputs', 'sero_getShardRoots'] as const) {
      await assert.rejects(client.request(method, { from: 0n, limit: 17 }), {
        name: 'limit-exceeded',
        data: { limit: 'range', max: 16 },
      });
      await client.request(method, { from: 0n, limit: 16 });
    }
    await assert.rejects(client.request('sero_getAssets', { limit: 17 }), { name: 'limit-exceeded' });
    assert.equal(await metric('sero_rpc_refusals_total', { limit: 'range' }), 4);
  });
});

test('calls that wait are bounded: beyond it the answer is busy at once, and what waits is answered', async () => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  let waiting = 0;
  const node = madeSource({
    async submit() {
      if (++waiting === 4) arrived.resolve();
      await gate.promise;
      return { txid: new Uint8Array(32), wtxid: new Uint8Array(32) };
    },
  });
  await withServer(
    { maxInFlight: 4 },
    async ({ url }) => {
      const client = createClient({ url, waitForRate: false });
      const slow = [1, 2, 3, 4].map(() => client.request('sero_submit', { transaction: new Uint8Array(1) }));
      await arrived.promise;
      await assert.rejects(client.request('sero_getFees', {}), {
        name: 'busy',
        data: { retryAfterMs: 1_000 },
      });
      gate.resolve();
      assert.equal((await Promise.all(slow)).length, 4);
      await client.request('sero_getFees', {});
    },
    { node },
  );
});

test('what has no room for its answer is busy; what was done for it names no pause, so that no client does it again by itself', async () => {
  let submitted = 0;
  const node = madeSource({
    async submit() {
      submitted++;
      return { txid: new Uint8Array(32), wtxid: new Uint8Array(32) };
    },
  });
  await withServer(
    // The first answer takes all the room but for a few bytes.
    { maxUnsentPerClient: JSON.stringify(openRpcDocument(node.version)).length + 60 },
    async ({ url }) => {
      const [, submission, fees] = await createClient({ url }).batch([
        { method: 'rpc.discover', params: {} },
        { method: 'sero_submit', params: { transaction: new Uint8Array(1) } },
        { method: 'sero_getFees', params: {} },
      ]);
      assert.deepEqual(
        [submission, fees].map((outcome) => !outcome.ok && [outcome.error.name, outcome.error.data]),
        [
          ['busy', {}],
          ['busy', { retryAfterMs: 1_000 }],
        ],
      );
      assert.equal(submitted, 1);
    },
    { node },
  );
});

test('one client has no more than his share of the calls that wait: others are answered meanwhile', async () => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  let waiting = 0;
  const node = madeSource({
    async submit() {
      if (++waiting === 2) arrived.resolve();
      await gate.promise;
      return { txid: new Uint8Array(32), wtxid: new Uint8Array(32) };
    },
  });
  await withServer(
    { maxInFlight: 3, maxInFlightPerClient: 2 },
    async ({ url, metric }) => {
      const greedy = createClient({
        url,
        headers: { 'x-forwarded-for': '192.0.2.1' },
        waitForRate: false,
      });
      const others = createClient({ url, headers: { 'x-forwarded-for': '192.0.2.2' } });
      const slow = [1, 2].map(() => greedy.request('sero_submit', { transaction: new Uint8Array(1) }));
      await arrived.promise;
      await assert.rejects(greedy.request('sero_getFees', {}), { name: 'busy' });
      await others.request('sero_getFees', {});
      assert.equal(await metric('sero_rpc_refusals_total', { limit: 'busy' }), 1);
      gate.resolve();
      await Promise.all(slow);
      await greedy.request('sero_getFees', {});
    },
    { node, trustedProxies: ['127.0.0.1'] },
  );
});

test('a submission whose sender left is given up', async () => {
  const given = Promise.withResolvers<AbortSignal>();
  const node = madeSource({
    submit: (_, __, signal) =>
      new Promise((_resolve, reject) => {
        signal!.addEventListener('abort', () => reject(signal!.reason));
        given.resolve(signal!);
      }),
  });
  await withServer(
    {},
    async ({ url, log }) => {
      const leave = new AbortController();
      const sent = createClient({ url }).request(
        'sero_submit',
        { transaction: new Uint8Array(1) },
        leave.signal,
      );
      const signal = await given.promise;
      leave.abort(new Error('enough'));
      await assert.rejects(sent, { message: 'enough' });
      if (!signal.aborted) await once(signal, 'abort');
      assert.deepEqual(log, [], 'that is no fault of the node');
    },
    { node },
  );
});

test('connections are bounded in all: what comes beyond is closed unread, and a place that is left is taken', async () => {
  await withServer({ maxConnections: 3 }, async ({ port, metric }) => {
    const open = [await raw(port), await raw(port), await raw(port)];
    const fourth = await raw(port);
    await once(fourth, 'close');
    assert.equal(await metric('sero_rpc_connections'), 3);
    assert.equal(await metric('sero_rpc_refusals_total', { limit: 'connections' }), 1);
    const left = once(open[0]!, 'close');
    open[0]!.end();
    await left;
    open.push(await raw(port));
    const last = open.at(-1)!;
    last.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.match(String((await once(last, 'data'))[0]), /200 OK/);
    for (const socket of open) socket.destroy();
  });
});

test('connections from one address are bounded', async () => {
  await withServer({ maxConnectionsPerAddress: 2 }, async ({ port }) => {
    const open = [await raw(port), await raw(port)];
    const third = await raw(port);
    await once(third, 'close');
    for (const socket of open) socket.destroy();
  });
});

test('a request that dribbles in is ended in time, headers and body alike', async () => {
  const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200 };
  await withServer(limits, async ({ url, port }) => {
    const silent = await raw(port);
    const headers = await raw(port);
    headers.write('POST / HTTP/1.1\r\nHost: localhost\r\nX-A: ');
    const body = await raw(port);
    body.write(
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    // Node ends them with 408; nothing but the close is waited for.
    await Promise.all([silent, headers, body].map((socket) => once(socket.resume(), 'close')));
    assert.equal(await code(url, fees()), 'ok');
  });
});

test('an answer that nobody takes is given up in time, and its bytes are let go', async () => {
  await withServer(
    { answerTimeoutMs: 200 },
    async ({ port, metric }) => {
      const socket = await raw(port);
      socket.pause();
      const request = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${LARGE_BLOCK.length}\r\n\r\n${LARGE_BLOCK}`;
      socket.write(request.repeat(8));
      const gone = once(socket, 'close');
      while ((await metric('sero_rpc_unsent_bytes')) === 0)
        await new Promise((resolve) => setImmediate(resolve));
      while ((await metric('sero_rpc_unsent_bytes')) > 0)
        await new Promise((resolve) => setImmediate(resolve));
      socket.resume();
      await gone;
    },
    { node: LARGE },
  );
});

/** Connections that ask for a large block and do not read it. */
async function slowReaders(port: number, count: number): Promise<Socket[]> {
  const request = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${LARGE_BLOCK.length}\r\n\r\n${LARGE_BLOCK}`;
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = await raw(port);
    socket.pause();
    socket.write(request);
    sockets.push(socket);
  }
  return sockets;
}

/** Waits, turn by turn, for something that other connections bring about. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

test('while readers in their time leave too much waiting nothing more is made, and afterwards it is', async () => {
  const limits = { maxUnsentBytes: 20_000_000, maxUnsentPerClient: 1_000_000_000, minReadMs: 60_000 };
  await withServer(
    limits,
    async ({ url, port, metric }) => {
      const slow = await slowReaders(port, 8);
      await until(async () => (await metric('sero_rpc_refusals_total', { limit: 'busy' })) > 0);
      const waiting = await metric('sero_rpc_unsent_bytes');
      assert.ok(waiting > 10_000_000 && waiting <= 20_000_000, `${waiting} bytes wait`);
      assert.equal(await code(url, LARGE_BLOCK), -32012);
      for (const socket of slow) socket.destroy();
      await until(async () => (await metric('sero_rpc_unsent_bytes')) === 0);
      assert.equal(await code(url, LARGE_BLOCK), 'ok');
    },
    { node: LARGE },
  );
});

test('readers who have had their time are cut off for others', async () => {
  const limits = { maxUnsentBytes: 20_000_000, maxUnsentPerClient: 1_000_000_000, minReadMs: 0 };
  await withServer(
    limits,
    async ({ url, port, metric }) => {
      const slow = await slowReaders(port, 8);
      await until(async () => (await metric('sero_rpc_requests_total', { outcome: 'ok' })) === 8);
      for (let i = 0; i < 3; i++) assert.equal(await code(url, LARGE_BLOCK), 'ok');
      assert.ok((await metric('sero_rpc_refusals_total', { limit: 'slow-reader' })) >= 4);
      assert.equal(await metric('sero_rpc_refusals_total', { limit: 'busy' }), 0);
      for (const socket of slow) socket.destroy();
    },
    { node: LARGE },
  );
});

test('one client cannot fill the room of all', async () => {
  const limits = { maxUnsentPerClient: 8_000_000, minReadMs: 60_000 };
  await withServer(
    limits,
    async ({ url, port, metric }) => {
      const slow = await slowReaders(port, 4);
      await until(async () => (await metric('sero_rpc_refusals_total', { limit: 'busy' })) >= 3);
      assert.equal(await code(url, LARGE_BLOCK), -32012);
      assert.equal(await code(url, LARGE_BLOCK, { 'x-forwarded-for': '192.0.2.9' }), 'ok');
      for (const socket of slow) socket.destroy();
    },
    { node: LARGE, trustedProxies: ['127.0.0.1'] },
  );
});

test('headers beyond 8 KiB are refused', async () => {
  await withServer({}, async ({ url }) => {
    assert.equal((await post(url, fees(), { 'x-long': 'x'.repeat(9_000) })).status, 431);
  });
});

test('closing ends idle connections at once and is done twice without harm', async () => {
  const server = await serve(madeSource());
  const idle = await raw(server.port);
  const closed = once(idle, 'close');
  await Promise.all([server.close(), server.close()]);
  await closed;
  await assert.rejects(createClient({ url: server.url }).request('sero_getFees', {}), {
    code: 'unreachable',
  });
});

test('a taken port is said at the start', async () => {
  const server = await serve(madeSource());
  await assert.rejects(serve(madeSource(), { port: server.port }), { code: 'EADDRINUSE' });
  await server.close();
});
