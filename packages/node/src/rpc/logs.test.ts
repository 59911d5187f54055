import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex, createClient, RpcError } from '@sero/api';
import { filler, madeSource } from '../../../../test/rpc/made-chain.ts';
import { post, serve } from './test-support.ts';

test('a fault of the node is answered without its words, under an id that stands in the log beside them', async () => {
  const source = madeSource({
    submit: async () => {
      throw new TypeError('secret words of the inside');
    },
  });
  const server = await serve(source);
  try {
    const body = { jsonrpc: '2.0', id: 7, method: 'sero_submit', params: { transaction: '0x00' } };
    const { text } = await post(server.url, JSON.stringify(body));
    const { id, error } = JSON.parse(text);
    assert.deepEqual([id, error.code], [7, -32603]);
    assert.deepEqual(Object.keys(error.data), ['id']);
    assert.doesNotMatch(text, /secret|TypeError|\.ts/);
    const [line] = server.log;
    assert.equal(server.log.length, 1);
    assert.deepEqual([line!['id'], line!['method']], [error.data.id, 'sero_submit']);
    assert.match(JSON.stringify(line), /secret words/);
  } finally {
    await server.close();
  }
});

test('a fault while something is read is answered so too, in a batch and over HTTP', async () => {
  const source = madeSource();
  const broken = {
    ...source,
    ledger: {
      ...source.ledger,
      header: () => {
        throw new Error('the disk is gone');
      },
    },
  };
  const server = await serve(broken);
  try {
    const client = createClient({ url: server.url });
    const [headers, fees] = await client.batch([
      { method: 'sero_getHeaders', params: { from: 0n, limit: 1 } },
      { method: 'sero_getFees', params: {} },
    ]);
    assert.ok(!headers.ok && headers.error instanceof RpcError && headers.error.name === 'internal');
    assert.ok(fees.ok);
    assert.equal(server.log.length, 1);
  } finally {
    await server.close();
  }
});

test('what callers do leaves nothing in the log: no addresses, no transactions, no notes of theirs', async () => {
  const server = await serve(madeSource(), { limits: { maxBatch: 2 } });
  try {
    const client = createClient({ url: server.url });
    const transaction = filler('transaction', 500);
    await client.request('sero_submit', { transaction });
    await client.request('sero_getTransaction', { txid: filler('txid', 32) });
    await assert.rejects(client.request('sero_getAssets', { from: new Uint8Array(32).fill(255), limit: 1 }));
    for (const body of ['', '{', '[1,2,3]', bytesToHex(transaction)]) await post(server.url, body);
    await post(server.url, '{}', { origin: 'https://evil.example' });
    await fetch(`${server.url}/nothing?key=value`);
    assert.deepEqual(server.log, []);
  } finally {
    await server.close();
  }
});

test('calls are counted by method and outcome, under names that nobody can make up', async () => {
  const server = await serve(madeSource());
  try {
    const client = createClient({ url: server.url });
    await client.request('sero_getFees', {});
    for (let i = 0; i < 3; i++) {
      await post(server.url, JSON.stringify({ jsonrpc: '2.0', id: 1, method: `made-up-${i}` }));
    }
    await assert.rejects(client.request('sero_getHeaders', { from: 0n, limit: 5_000 }));
    const count = (method: string, outcome: string) =>
      server.metric('sero_rpc_requests_total', { method, outcome });
    assert.equal(await count('sero_getFees', 'ok'), 1);
    assert.equal(await count('unknown', 'method-not-found'), 3);
    assert.equal(await count('sero_getHeaders', 'limit-exceeded'), 1);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(text, /sero_rpc_request_seconds_bucket/);
    assert.doesNotMatch(text, /made-up/);
  } finally {
    await server.close();
  }
});
