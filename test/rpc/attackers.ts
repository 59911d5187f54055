import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** What others can do to keep a server from serving: each has an address of its own, as behind a proxy, unless it says otherwise. */

/** Of the n-th client. */
export function address(n: number): string {
  return `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
}

const call = (id: number | string, method: string, params: unknown = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const batch = (calls: readonly string[]): string => `[${calls.join(',')}]`;

const ALL_BLOCKS = call(1, 'sero_getBlocks', { from: '0x0', limit: '0x400' });
/** Little to ask, little to answer, much to read. */
const RANGES = ['sero_getNullifiers', 'sero_getTraces', 'sero_getAnchors', 'sero_getAliases'];
const MUCH_WORK = batch(
  Array.from({ length: 64 }, (_, i) =>
    call(i, RANGES[i % RANGES.length]!, { from: `0x${(i * 30).toString(16)}`, limit: '0x400' }),
  ),
);
/** Batches of the most expensive calls, batches that are too long, bodies that nest, answers longer than their questions. */
const BOMBS = [
  MUCH_WORK,
  batch(Array(64).fill(ALL_BLOCKS)),
  MUCH_WORK,
  batch(Array(5_000).fill(ALL_BLOCKS)),
  MUCH_WORK,
  batch(Array(64).fill(call('x'.repeat(16_000), 'sero_getFees'))),
  MUCH_WORK,
  '['.repeat(500_000),
];

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

const head = (line: string, from: string): string =>
  `${line} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${from}\r\n`;

const posted = (body: string, from: string, length = body.length): string =>
  `${head('POST /', from)}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

/** A server under attack. */
export interface Target {
  readonly url: string;
  readonly port: number;
}

async function raw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function many(count: number, open: (i: number) => Promise<Socket>): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) sockets.push(await open(i));
  return sockets;
}

/** Ask for everything there is, many times over, and take none of it. */
export function slowReaders({ port }: Target, count: number): Promise<Socket[]> {
  return many(count, async (i) => {
    const socket = await raw(port);
    socket.pause();
    socket.write(posted(ALL_BLOCKS, address(100_000 + i)).repeat(20));
    return socket;
  });
}

/** Ask for pages, as often as one connection may or far more often, and take none of them. */
export function pageReaders({ port }: Target, count: number): Promise<Socket[]> {
  return many(count, async (i) => {
    const socket = await raw(port);
    socket.pause();
    const pages = ['/openrpc.json', '/metrics', '/openrpc.json', '/nothing', '/health'].map(
      (path) => `${head(`GET ${path}`, address(110_000 + i))}\r\n`,
    );
    socket.write(pages.join('').repeat(i % 10 === 0 ? 1_000 : 6));
    return socket;
  });
}

/** Say nothing, or half of a request. */
export function silent({ port }: Target, count: number): Promise<Socket[]> {
  return many(count, async (i) => {
    const socket = await raw(port);
    if (i % 2 === 0) socket.write('POST / HTTP/1.1\r\nHost: loc');
    return socket;
  });
}

/** Send a body of 1 MiB but for its last bytes. */
export function halfSenders({ port }: Target, count: number): Promise<Socket[]> {
  return many(count, async (i) => {
    const socket = await raw(port);
    socket.write(posted(' '.repeat(1_048_000), address(120_000 + i), 1_048_576));
    return socket.resume();
  });
}

async function upgraded(port: number, from: string): Promise<Socket> {
  const socket = await raw(port);
  socket.write(head('GET /', from) + UPGRADE);
  await once(socket, 'data');
  return socket;
}

/** Sockets whose owner is gone: they neither read nor answer pings. */
export function halfOpen({ port }: Target, count: number): Promise<Socket[]> {
  return many(count, (i) => upgraded(port, address(200_000 + i)));
}

/** Sockets that send a message of 1 MiB but for its last bytes. */
export function halfMessages({ port }: Target, count: number): Promise<Socket[]> {
  return many(count, async (i) => {
    const socket = await upgraded(port, address(210_000 + i));
    const frame = Buffer.alloc(1_048_000);
    frame.set([0x81, 0x80 | 127]);
    frame.writeBigUInt64BE(1_048_576n, 2);
    socket.write(frame);
    return socket.resume();
  });
}

/** Posts a body over a connection of its own and leaves once the answer begins. Whoever takes long over much is cut off. */
function throwBomb(url: string, body: string, from: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': from };
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      assert.ok(response.statusCode! <= 503 && response.statusCode !== 500);
      response.destroy();
    });
    sent.on('error', () => undefined);
    sent.on('close', resolve);
    sent.end(body);
  });
}

/** Throws bombs until `stop` is called; each from an address that was not seen before, so that its purse is full. */
export function bombard({ url }: Target, bombers: number): { thrown(): number; stop(): Promise<void> } {
  let thrown = 0;
  let over = false;
  const bomb = async (n: number): Promise<void> => {
    for (let i = n; !over; i++) await throwBomb(url, BOMBS[i % BOMBS.length]!, address(300_000 + thrown++));
  };
  const all = Promise.all(Array.from({ length: bombers }, (_, n) => bomb(n)));
  return {
    thrown: () => thrown,
    async stop() {
      over = true;
      await all;
    },
  };
}

/** Waits until all are gone. */
export async function allClosed(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket.resume(), 'close'))));
}
