import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { createClient, createSocketClient, type Requester } from '@sero/api';

/** 1,000 honest clients, half of them over sockets, while others do what they can to keep the server from serving them. */

const HTTP_CLIENTS = 500;
const SOCKET_CLIENTS = 500;
const ROUNDS = 2;
const SLOW_READERS = 60;
const SILENT = 100;
const HALF_OPEN = 100;
const BOMBERS = 10;

/** Blocks that the honest ask for, and larger ones for those who want much. */
const SMALL_BLOCKS = 10;
const LARGE_BLOCKS = 20;
const MEBI = 1_048_576;

/** Limits that are sized to one machine with all clients on it, and times short enough for a test. */
const LIMITS = {
  maxUnsentBytes: 64 * MEBI,
  maxCacheBytes: 16 * MEBI,
  maxSocketBytes: MEBI,
  pingIntervalMs: 6_000,
  headersTimeoutMs: 15_000,
  keepAliveTimeoutMs: 60_000,
  slowSocketMs: 2_000,
  maxConnections: 4_096,
};
/** What may wait unsent and be kept encoded, node itself, and garbage. Without bounds the slow readers alone would hold 4 GiB. */
const MEMORY_BOUND = 600 * MEBI;

let server: ChildProcess;
let port: number;
let url: string;

before(async () => {
  const args = [String(SMALL_BLOCKS), String(LARGE_BLOCKS), JSON.stringify(LIMITS)];
  server = fork(new URL('./server-process.ts', import.meta.url), args, { execArgv: [] });
  const [message] = await once(server, 'message');
  ({ url } = message as { url: string });
  port = Number(new URL(url).port);
});

after(async () => {
  const exit = once(server, 'exit');
  server.disconnect();
  await exit;
});

async function memory(): Promise<number> {
  const answer = once(server, 'message');
  server.send('memory');
  const [message] = await answer;
  return (message as { rss: number }).rss;
}

/** Each client and each attacker has an address of its own. */
function address(n: number): string {
  return `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
}

const call = (id: number, method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

const ALL_BLOCKS = call(1, 'sero_getBlocks', { from: '0x0', limit: '0x400' });

function httpRequest(body: string, from: string): string {
  return `POST / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${from}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function raw(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What an honest client does; every answer is looked at. */
async function serveYourself(client: Requester, expected: { readonly outputs: number }): Promise<number> {
  const { head } = await client.request('sero_getStatus', {});
  assert.equal(head.height, BigInt(SMALL_BLOCKS + LARGE_BLOCKS));
  let answered = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const { blocks } = await client.request('sero_getCompactOutputs', { from: 1n, limit: SMALL_BLOCKS });
    assert.equal(blocks.length, SMALL_BLOCKS);
    assert.equal(blocks[round]!.outputs.length, expected.outputs);
    const { headers } = await client.request('sero_getHeaders', { from: 0n, limit: 5 });
    assert.equal(headers.length, 5);
    answered += 2;
  }
  return answered;
}

/** Posts a body over a connection of its own and leaves once the answer begins. Whoever takes long over much is cut off. */
function throwBomb(body: string, from: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': from };
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      assert.ok(response.statusCode! < 500);
      response.destroy();
    });
    sent.on('error', () => undefined);
    sent.on('close', resolve);
    sent.end(body);
  });
}

/** Waits until all are gone, or the time is over for those that are not. */
function allClosed(sockets: readonly Socket[]): Promise<unknown> {
  return Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket.resume(), 'close'))));
}

test('a thousand clients are all answered while others are slow, silent, half open or throw bombs; memory is bounded', async () => {
  const attackers: Socket[] = [];
  const baseline = await memory();
  let peak = baseline;

  // Readers who ask for everything there is, many times over, and take none of it.
  for (let i = 0; i < SLOW_READERS; i++) {
    const socket = await raw();
    socket.pause();
    socket.write(httpRequest(ALL_BLOCKS, address(100_000 + i)).repeat(20));
    attackers.push(socket);
  }
  // Connections that say nothing, or half of a request.
  for (let i = 0; i < SILENT; i++) {
    const socket = await raw();
    if (i % 2 === 0) socket.write('POST / HTTP/1.1\r\nHost: loc');
    attackers.push(socket);
  }
  // Sockets whose owner is gone: they ask, and neither read nor answer pings.
  for (let i = 0; i < HALF_OPEN; i++) {
    const socket = await raw();
    socket.write(
      `GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address(200_000 + i)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await once(socket, 'data');
    attackers.push(socket);
  }

  // Bombs: batches of the most expensive call, batches that are too long, bodies that nest, until the honest are done.
  let done = false;
  let bombs = 0;
  const bomb = async (n: number): Promise<void> => {
    const bodies = [
      `[${Array(64).fill(ALL_BLOCKS).join(',')}]`,
      `[${Array(5_000).fill(ALL_BLOCKS).join(',')}]`,
      '['.repeat(500_000),
    ];
    for (let i = n; !done; i++) {
      await throwBomb(bodies[i % 3]!, address(300_000 + n));
      bombs++;
    }
  };
  const bombing = Promise.all(Array.from({ length: BOMBERS }, (_, n) => bomb(n)));

  const watch = (async () => {
    while (!done) peak = Math.max(peak, await memory());
  })();

  let answered = 0;
  let seconds = 0;
  try {
    const one = await createClient({ url }).request('sero_getCompactOutputs', { from: 1n, limit: 1 });
    const expected = { outputs: one.blocks[0]!.outputs.length };
    assert.ok(expected.outputs > 0);
    const start = performance.now();
    const overHttp = Array.from({ length: HTTP_CLIENTS }, (_, n) =>
      serveYourself(
        createClient({ url, headers: { 'x-forwarded-for': address(n) }, timeoutMs: 60_000 }),
        expected,
      ),
    );
    const overSockets = Array.from({ length: SOCKET_CLIENTS }, async (_, n) => {
      const headers = { 'x-forwarded-for': address(HTTP_CLIENTS + n) };
      const client = await createSocketClient({
        url: url.replace('http', 'ws'),
        connect: (target) => new WebSocket(target, { headers }),
        timeoutMs: 60_000,
      });
      const answered = await serveYourself(client, expected);
      client.close();
      await client.closed;
      return answered;
    });
    answered = (await Promise.all([...overHttp, ...overSockets])).reduce((sum, n) => sum + n, 0);
    seconds = (performance.now() - start) / 1_000;
  } finally {
    done = true;
    await Promise.all([bombing, watch]);
  }

  assert.equal(answered, (HTTP_CLIENTS + SOCKET_CLIENTS) * (1 + 2 * ROUNDS));
  assert.ok(bombs >= BOMBERS);
  assert.ok(peak < MEMORY_BOUND, `${(peak / MEBI).toFixed(0)} MiB at the peak`);

  // Silent and half-open ones are ended by the server; slow readers here, since their time is a minute.
  for (const socket of attackers.slice(0, SLOW_READERS)) socket.destroy();
  await allClosed(attackers.slice(SLOW_READERS));
  await createClient({ url }).request('sero_getStatus', {});
  console.error(
    `${answered} answers in ${seconds.toFixed(1)} s beside ${bombs} bombs; memory ${(baseline / MEBI).toFixed(0)} MiB before, ${(peak / MEBI).toFixed(0)} at the peak`,
  );
});
