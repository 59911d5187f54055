import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import { createDoors } from './doors.ts';
import { serve } from './test-support.ts';

const server = await serve(madeSource(), {
  allowedHosts: ['node.example'],
  allowedOrigins: ['https://wallet.example'],
});
after(() => server.close());

const CALL = '{"jsonrpc":"2.0","id":1,"method":"sero_getFees"}';

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A request with headers that `fetch` would not let through. */
function ask(headers: Readonly<Record<string, string>>, method = 'POST', path = '/'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port: server.port, method, path, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end(method === 'POST' ? CALL : undefined);
  });
}

/** The HTTP status with which a socket is refused, or `open`. */
async function knock(headers: Readonly<Record<string, string>>): Promise<number | 'open'> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`, { headers });
  socket.on('error', () => undefined);
  const outcome = await new Promise<number | 'open'>((resolve) => {
    socket.on('open', () => resolve('open'));
    socket.on('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode!);
    });
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.terminate();
  await closed;
  return outcome;
}

test('a page whose name was made to point here is refused: the node goes by its own names alone', async () => {
  for (const host of ['localhost', '127.0.0.1:8645', `[::1]:${server.port}`, 'LOCALHOST:1', 'node.example']) {
    assert.equal((await ask({ host })).status, 200, host);
  }
  for (const host of [
    'evil.example',
    'evil.example:8645',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
  ]) {
    assert.equal((await ask({ host })).status, 403, host);
    assert.equal(await knock({ host }), 403, host);
  }
  assert.equal((await ask({ host: 'evil.example' }, 'GET', '/metrics')).status, 403);
  assert.equal(await server.metric('sero_rpc_refusals_total', { limit: 'host' }), 9);
});

test('an address that the server listens at is one of its names; others are where they are allowed', () => {
  const doors = createDoors('192.0.2.7', {});
  assert.equal(doors.hostAllowed('192.0.2.7:8645'), true);
  assert.equal(doors.hostAllowed('192.0.2.8:8645'), false);
  assert.equal(doors.hostAllowed(undefined), false);
  assert.equal(createDoors('::', {}).hostAllowed('[::]:8645'), true);
  assert.equal(createDoors('0.0.0.0', { allowedHosts: ['*'] }).hostAllowed('any.example'), true);
});

test('pages of other sites may call only where their origin is listed, by POST and by socket', async () => {
  const host = `127.0.0.1:${server.port}`;
  const cases: readonly (readonly [origin: string, status: number])[] = [
    ['https://wallet.example', 200],
    [`http://${host}`, 200],
    ['https://evil.example', 403],
    ['http://127.0.0.1:1', 403],
    ['https://wallet.example.evil.example', 403],
    ['null', 403],
  ];
  for (const [origin, status] of cases) {
    assert.equal((await ask({ host, origin })).status, status, origin);
    assert.equal(await knock({ origin }), status === 200 ? 'open' : status, origin);
  }
});

test('CORS headers are for listed origins and nobody else', async () => {
  const listed = await ask({ origin: 'https://wallet.example' });
  assert.equal(listed.headers['access-control-allow-origin'], 'https://wallet.example');
  assert.equal(listed.headers['vary'], 'origin');
  const preflight = await ask({ origin: 'https://wallet.example' }, 'OPTIONS');
  assert.deepEqual(
    [
      preflight.status,
      preflight.headers['access-control-allow-methods'],
      preflight.headers['access-control-allow-headers'],
    ],
    [204, 'POST', 'content-type'],
  );
  const other = await ask({ origin: 'https://evil.example' }, 'OPTIONS');
  assert.deepEqual([other.status, other.headers['access-control-allow-origin']], [403, undefined]);
  assert.equal((await ask({})).headers['access-control-allow-origin'], undefined);
});

test('what a page can post without asking, text and forms, is no JSON-RPC', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonp',
  ]) {
    assert.equal((await ask({ 'content-type': type })).status, 415, type);
  }
  assert.equal((await ask({ 'content-type': 'application/json; charset=utf-8' })).status, 200);
});

test('what is not served says so in a status', async () => {
  const paths: readonly (readonly [method: string, path: string, status: number])[] = [
    ['GET', '/', 405],
    ['GET', '/nothing', 404],
    ['PUT', '/', 404],
    ['POST', '/rpc', 404],
    ['GET', '/health', 200],
    ['GET', '/ready', 200],
    ['GET', '/metrics', 200],
  ];
  for (const [method, path, status] of paths) {
    assert.equal((await ask({}, method, path)).status, status, `${method} ${path}`);
  }
});

test('/ready is 503 while the node is not ready, /health is not concerned', async () => {
  let ready = false;
  const starting = await serve(madeSource({ ready: () => ready }));
  try {
    const status = async (path: string) => (await fetch(`${starting.url}${path}`)).status;
    assert.deepEqual([await status('/ready'), await status('/health')], [503, 200]);
    ready = true;
    assert.deepEqual([await status('/ready'), await status('/health')], [200, 200]);
  } finally {
    await starting.close();
  }
});

test('by default the server is at this machine and nowhere else', async () => {
  assert.equal(server.url, `http://127.0.0.1:${server.port}`);
});
