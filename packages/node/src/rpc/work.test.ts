import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createClient } from '@sero/api';
import { madeChain, madeSource } from '../../../../test/rpc/made-chain.ts';
import { post, serve } from './test-support.ts';

/** Little is asked, little is answered, and much has to be done for it. */

const BLOCKS = 2_000;
const chain = madeChain();
for (let i = 0; i < BLOCKS; i++) chain.add(i % 100 === 0 ? [{}] : []);

const RANGES = ['sero_getNullifiers', 'sero_getTraces', 'sero_getAliases'];
const BATCH = JSON.stringify(
  Array.from({ length: 64 }, (_, id) => ({
    jsonrpc: '2.0',
    id,
    method: RANGES[id % RANGES.length],
    params: { from: `0x${(id * 10).toString(16)}`, limit: '0x400' },
  })),
);
/** Nothing is kept, as where the ranges of all who ask are more than is kept. */
const UNKEPT = { maxCacheBytes: 0 };

interface Answered {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly data: { readonly limit?: string } };
}

test('while a batch of long ranges runs others are answered, and no turn of the event loop reads more than a few of its blocks', async () => {
  const server = await serve(madeSource({ chain }), { limits: { ...UNKEPT, burst: 1_000_000 } });
  try {
    const before = chain.reads();
    let done = false;
    const batch = post(server.url, BATCH).then(({ text }) => {
      done = true;
      return JSON.parse(text) as Answered[];
    });
    let turns = 0;
    let most = 0;
    const watching = (async () => {
      let last = chain.reads();
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
        most = Math.max(most, chain.reads() - last);
        last = chain.reads();
      }
    })();
    const honest = createClient({ url: server.url });
    let answered = 0;
    while (!done) {
      await honest.request('sero_getFees', {});
      answered++;
    }
    await watching;
    assert.deepEqual(
      (await batch).map(({ id, result }) => [id, result !== undefined]),
      Array.from({ length: 64 }, (_, id) => [id, true]),
      'answered in order',
    );
    const reads = chain.reads() - before;
    assert.ok(reads > 60_000);
    assert.ok(most <= 256, `${most} blocks read in one turn`);
    assert.ok(turns >= reads / 256);
    assert.ok(answered >= 10, `${answered} answers to another client meanwhile`);
  } finally {
    await server.close();
  }
});

test('blocks that are read are paid for: such a batch is broken off within a burst, and the next is refused unread', async () => {
  const options = { now: () => 0, trustedProxies: ['127.0.0.1'] };
  const server = await serve(madeSource({ chain }), { limits: UNKEPT, ...options });
  try {
    const before = chain.reads();
    const answers = JSON.parse((await post(server.url, BATCH)).text) as Answered[];
    const given = answers.filter(({ result }) => result !== undefined).length;
    assert.ok(given > 10 && given < 32, `${given} given`);
    assert.equal(answers.at(-1)!.error!.data.limit, 'rate');
    const read = chain.reads() - before;
    const again = await post(server.url, BATCH);
    assert.equal(again.status, 429);
    assert.equal(chain.reads() - before, read);
    assert.equal((await post(server.url, BATCH, { 'x-forwarded-for': '192.0.2.1' })).status, 200);
  } finally {
    await server.close();
  }
});

test('many such ranges at once, too, are broken off once their client is a burst in debt', async () => {
  const server = await serve(madeSource({ chain }), { limits: { ...UNKEPT, burst: 100 }, now: () => 0 });
  try {
    const before = chain.reads();
    const one = JSON.stringify((JSON.parse(BATCH) as unknown[])[0]);
    const texts = await Promise.all(
      Array.from({ length: 60 }, async () => (await post(server.url, one)).text),
    );
    assert.ok(texts.some((text) => text.includes('"limit":"rate"')));
    // A burst and as much debt, and what each had begun.
    assert.ok(chain.reads() - before <= 32 * (200 + 60), `${chain.reads() - before} blocks read`);
  } finally {
    await server.close();
  }
});

test('what a caller who left had asked for is not done', async () => {
  const server = await serve(madeSource({ chain }), { limits: { ...UNKEPT, burst: 1_000_000 } });
  try {
    const before = chain.reads();
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${BATCH.length}\r\n\r\n${BATCH}`,
    );
    while (chain.reads() - before < 100) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    while ((await server.metric('sero_rpc_connections')) > 0)
      await new Promise((resolve) => setImmediate(resolve));
    const left = chain.reads();
    await createClient({ url: server.url }).request('sero_getFees', {});
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(left - before < 32_000, `${left - before} blocks read until it was seen`);
    assert.ok(chain.reads() - left < 256);
    assert.deepEqual(server.log, []);
  } finally {
    await server.close();
  }
});

test('the calls of a batch are done in order, each after the one before', async () => {
  let running = 0;
  let most = 0;
  const node = madeSource({
    async submit(bytes) {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { txid: new Uint8Array(32).fill(bytes[0]!), wtxid: new Uint8Array(32) };
    },
  });
  const server = await serve(node);
  try {
    const calls = Array.from({ length: 10 }, (_, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'sero_submit',
      params: { transaction: `0x0${id}` },
    }));
    const answers = JSON.parse((await post(server.url, JSON.stringify(calls))).text) as { id: number }[];
    assert.deepEqual(
      answers.map(({ id }) => id),
      calls.map(({ id }) => id),
    );
    assert.equal(most, 1);
  } finally {
    await server.close();
  }
});
