import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createClient, createSocketClient, type Requester } from '@sero/api';
import {
  address,
  allClosed,
  bombard,
  halfMessages,
  halfOpen,
  halfSenders,
  pageReaders,
  silent,
  slowReaders,
  type Target,
} from './attackers.ts';

/** 1,000 honest clients, half of them over sockets, while others do what they can to keep the server from serving them. */

const HTTP_CLIENTS = 500;
const SOCKET_CLIENTS = 500;
const CLIENTS = HTTP_CLIENTS + SOCKET_CLIENTS;
const ROUNDS = 3;
const BOMBERS = 15;

/** Blocks that the honest ask for, larger ones for those who want much, and many for those who want much work. */
const SMALL_BLOCKS = 10;
const LARGE_BLOCKS = 20;
const EMPTY_BLOCKS = 3_000;
const MEBI = 1_048_576;

/** Limits that are sized to one machine with all clients on it, and times short enough for a test. */
const LIMITS = {
  maxUnsentBytes: 64 * MEBI,
  maxReceptionBytes: 16 * MEBI,
  maxCacheBytes: 4 * MEBI,
  maxSocketBytes: MEBI,
  pingIntervalMs: 6_000,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 15_000,
  answerTimeoutMs: 15_000,
  keepAliveTimeoutMs: 60_000,
  slowSocketMs: 2_000,
  maxConnections: 4_096,
};
/**
 * What may wait unsent, be received and be kept encoded, node itself, and garbage. Without bounds the slow readers alone would hold
 * 4 GiB, and what is half sent 200 MiB.
 */
const MEMORY_BOUND = 600 * MEBI;
/**
 * Answers that others may get while one waits for his. Everybody has one question open at a time: if all are served in turn that is
 * about one for each; who is told `busy` waits a second more before he asks again.
 */
const OVERTAKEN_BOUND = 4 * CLIENTS;

let server: ChildProcess;
let target: Target;

before(async () => {
  const args = [SMALL_BLOCKS, LARGE_BLOCKS, EMPTY_BLOCKS].map(String);
  args.push(JSON.stringify(LIMITS));
  server = fork(new URL('./server-process.ts', import.meta.url), args, { execArgv: [] });
  const [message] = await once(server, 'message');
  const { url } = message as { url: string };
  target = { url, port: Number(new URL(url).port) };
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

/** How each answer was waited for: ms, and how many others were given meanwhile. */
interface Waits {
  readonly ms: number[];
  readonly overtaken: number[];
}

/** A client whose waits are noted. */
function noting(client: Requester, { ms, overtaken }: Waits): Requester {
  return {
    async request(method, params, signal) {
      const start = performance.now();
      const before = ms.length;
      const result = await client.request(method, params, signal);
      overtaken.push(ms.length - before);
      ms.push(performance.now() - start);
      return result;
    },
  };
}

/** What an honest client does; every answer is looked at. */
async function serveYourself(client: Requester, expected: { readonly outputs: number }): Promise<number> {
  const { head } = await client.request('sero_getStatus', {});
  assert.equal(head.height, BigInt(SMALL_BLOCKS + LARGE_BLOCKS + EMPTY_BLOCKS));
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

interface Client {
  readonly requester: Requester;
  close(): Promise<void>;
}

function httpClient(n: number): Client {
  const headers = { 'x-forwarded-for': address(n) };
  return { requester: createClient({ url: target.url, headers, timeoutMs: 120_000 }), close: async () => {} };
}

async function socketClient(n: number): Promise<Client> {
  const headers = { 'x-forwarded-for': address(n) };
  const requester = await createSocketClient({
    url: target.url.replace('http', 'ws'),
    connect: (url) => new WebSocket(url, { headers }),
    timeoutMs: 120_000,
  });
  return {
    requester,
    async close() {
      requester.close();
      await requester.closed;
    },
  };
}

/** The thousand come, all at once, each with a connection of his own: the system hands them over one by one. */
function arrive({ ms, overtaken }: Waits): Promise<Client[]> {
  const start = performance.now();
  return Promise.all(
    Array.from({ length: CLIENTS }, async (_, n) => {
      const client = await (n < HTTP_CLIENTS ? httpClient(n) : socketClient(n));
      await client.requester.request('sero_getFees', {});
      overtaken.push(ms.length);
      ms.push(performance.now() - start);
      return client;
    }),
  );
}

/** All of them serve themselves at once. Returns how many answers they got. */
async function serveAll(clients: readonly Client[], waits: Waits): Promise<number> {
  const [first] = clients;
  const one = await first!.requester.request('sero_getCompactOutputs', { from: 1n, limit: 1 });
  const expected = { outputs: one.blocks[0]!.outputs.length };
  assert.ok(expected.outputs > 0);
  const answered = await Promise.all(
    clients.map(({ requester }) => serveYourself(noting(requester, waits), expected)),
  );
  return answered.reduce((sum, n) => sum + n, 0);
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(0);
  return `median ${at(0.5)}, 99th ${at(0.99)}, worst ${at(1)}`;
}

test('a thousand clients are all answered in turn while others are slow, silent, half open, send halves, want much work or throw bombs; memory is bounded', async (t) => {
  const baseline = await memory();
  let peak = baseline;
  const readers = [...(await slowReaders(target, 60)), ...(await pageReaders(target, 60))];
  const others = [
    ...(await halfSenders(target, 150)),
    ...(await halfMessages(target, 50)),
    ...(await silent(target, 100)),
    ...(await halfOpen(target, 100)),
  ];
  const bombs = bombard(target, BOMBERS);
  let done = false;
  const watch = (async () => {
    while (!done) peak = Math.max(peak, await memory());
  })();

  const arrivals: Waits = { ms: [], overtaken: [] };
  const waits: Waits = { ms: [], overtaken: [] };
  let clients: Client[] = [];
  let answered = 0;
  let seconds = 0;
  try {
    clients = await arrive(arrivals);
    const start = performance.now();
    answered = await serveAll(clients, waits);
    seconds = (performance.now() - start) / 1_000;
  } finally {
    done = true;
    await Promise.all([bombs.stop(), watch]);
    await Promise.all(clients.map((client) => client.close()));
  }

  t.diagnostic(`${answered} answers in ${seconds.toFixed(1)} s beside ${bombs.thrown()} bombs`);
  t.diagnostic(`ms until the first answer, connecting included: ${spread(arrivals.ms)}`);
  t.diagnostic(`ms until an answer: ${spread(waits.ms)}`);
  t.diagnostic(`answers to others meanwhile: ${spread(waits.overtaken)}`);
  t.diagnostic(`MiB: ${(baseline / MEBI).toFixed(0)} before, ${(peak / MEBI).toFixed(0)} at the peak`);
  assert.equal(answered, CLIENTS * (1 + 2 * ROUNDS));
  assert.ok(bombs.thrown() > BOMBERS);
  const worst = waits.overtaken.reduce((most, n) => Math.max(most, n), 0);
  assert.ok(worst <= OVERTAKEN_BOUND, `${worst} answers to others while one waited`);
  assert.ok(peak < MEMORY_BOUND, `${(peak / MEBI).toFixed(0)} MiB at the peak`);

  // All of them are ended by the server, those who do not read by what they leave waiting.
  await allClosed(others);
  for (const socket of readers) socket.destroy();
  await createClient({ url: target.url }).request('sero_getStatus', {});
});
