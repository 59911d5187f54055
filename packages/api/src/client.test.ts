import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientOptions, createClient } from './client.ts';
import { RpcError, TransportError } from './errors.ts';

/** A node that answers as it likes: what a wallet must not trust. */
function lyingNode(answer: (body: unknown) => unknown, init: ResponseInit = {}) {
  const bodies: unknown[] = [];
  const fetch: NonNullable<ClientOptions['fetch']> = async (_, request) => {
    const body = JSON.parse(String(request?.body));
    bodies.push(body);
    const given = answer(body);
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    return new Response(text, { headers: { 'content-type': 'application/json' }, ...init });
  };
  return { bodies, client: createClient({ url: 'http://node.example', fetch }) };
}

const FEES = { baseFee: '0x1', gasPrice: '0x2' };

const answered = (result: unknown) => (body: unknown) => ({
  jsonrpc: '2.0',
  id: (body as { id: number }).id,
  result,
});

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'answered';
  } catch (error) {
    if (error instanceof TransportError) return error.code;
    if (error instanceof RpcError) return `rpc ${error.name}`;
    throw error;
  }
}

test('a request is JSON-RPC by name, and its answer comes back as bigints and bytes', async () => {
  const { bodies, client } = lyingNode(answered({ from: '0x5', roots: [`0x${'ab'.repeat(32)}`], new: 1 }));
  const result = await client.request('sero_getShardRoots', { from: 5n, limit: 10 });
  assert.deepEqual(bodies, [
    { jsonrpc: '2.0', id: 1, method: 'sero_getShardRoots', params: { from: '0x5', limit: '0xa' } },
  ]);
  assert.deepEqual(result, { from: 5n, roots: [new Uint8Array(32).fill(0xab)] });
});

test('an answer that is not what its schema says is refused, whatever is wrong with it', async () => {
  const lies: readonly (readonly [what: string, answer: (body: unknown) => unknown])[] = [
    ['no JSON', () => '<html>'],
    ['no object', () => 1],
    ['null', () => null],
    ['a list', () => []],
    ['another version', () => ({ jsonrpc: '1.0', id: 1, result: FEES })],
    ['another id', () => ({ jsonrpc: '2.0', id: 2, result: FEES })],
    ['no id', () => ({ jsonrpc: '2.0', result: FEES })],
    ['a null id with a result', () => ({ jsonrpc: '2.0', id: null, result: FEES })],
    ['neither result nor error', () => ({ jsonrpc: '2.0', id: 1 })],
    ['both', () => ({ jsonrpc: '2.0', id: 1, result: FEES, error: { code: -1, message: '' } })],
    ['an error without a code', () => ({ jsonrpc: '2.0', id: 1, error: { message: '' } })],
    [
      'an error with wrong data',
      () => ({ jsonrpc: '2.0', id: 1, error: { code: -32603, message: '', data: { id: 5 } } }),
    ],
    ['a missing field', answered({ baseFee: '0x1' })],
    ['a number for a quantity', answered({ baseFee: 1, gasPrice: '0x2' })],
    ['a number that is too large', answered({ baseFee: `0x1${'0'.repeat(32)}`, gasPrice: '0x2' })],
    ['a null result', answered(null)],
  ];
  for (const [what, lie] of lies) {
    assert.equal(await failure(lyingNode(lie).client.request('sero_getFees', {})), 'answer-invalid', what);
  }
});

test('a list that is longer than a range can be is refused', async () => {
  const { client } = lyingNode(answered({ from: '0x0', roots: Array(1_025).fill(`0x${'00'.repeat(32)}`) }));
  assert.equal(
    await failure(client.request('sero_getShardRoots', { from: 0n, limit: 1_024 })),
    'answer-invalid',
  );
});

test('an error comes with its name and data; one that this client does not know keeps its code', async () => {
  const error = (code: number, data?: unknown) => (body: unknown) => ({
    jsonrpc: '2.0',
    id: (body as { id: number }).id,
    error: { code, message: 'no', data },
  });
  const refused = lyingNode(error(-32010, { code: 'nullifier-spent', source: 'ledger', other: 1 })).client;
  await assert.rejects(refused.request('sero_submit', { transaction: new Uint8Array(1) }), {
    name: 'transaction-refused',
    code: -32010,
    message: 'no',
    data: { code: 'nullifier-spent', source: 'ledger' },
  });
  await assert.rejects(lyingNode(error(-32099)).client.request('sero_getFees', {}), {
    name: 'unknown',
    code: -32099,
  });
});

test('a status without JSON is said as a status, an error in JSON as that error', async () => {
  const html = lyingNode(() => '<html>', { status: 502, headers: { 'content-type': 'text/html' } }).client;
  assert.equal(await failure(html.request('sero_getFees', {})), 'http-status');
  const busy = { jsonrpc: '2.0', id: null, error: { code: -32012, message: 'busy' } };
  const json = lyingNode(() => busy, { status: 503, headers: { 'content-type': 'application/json' } }).client;
  assert.equal(await failure(json.request('sero_getFees', {})), 'rpc busy');
});

/** A body without end, in pieces of 1 KiB; counts what was taken. */
function endless() {
  let taken = 0;
  const body = new ReadableStream({
    pull(controller) {
      taken += 1_024;
      controller.enqueue(new Uint8Array(1_024).fill(0x20));
    },
  });
  return { body, taken: () => taken };
}

test('an answer without end is read no further than to the bound', async () => {
  const { body, taken } = endless();
  const client = createClient({
    url: 'http://node.example',
    maxAnswerBytes: 100_000,
    fetch: async () => new Response(body, { headers: { 'content-type': 'application/json' } }),
  });
  assert.equal(await failure(client.request('sero_getFees', {})), 'answer-too-large');
  assert.ok(taken() < 110_000);
});

/** A fetch that ends only by its signal. */
const silent: NonNullable<ClientOptions['fetch']> = (_, init) =>
  new Promise((__, reject) => {
    const signal = init!.signal!;
    signal.addEventListener('abort', () => reject(signal.reason));
  });

test('a node that does not answer is given up after the time, or when the caller says so', async () => {
  const late = createClient({ url: 'http://node.example', fetch: silent, timeoutMs: 20 });
  assert.equal(await failure(late.request('sero_getFees', {})), 'timeout');
  const patient = createClient({ url: 'http://node.example', fetch: silent });
  const stop = new AbortController();
  const asked = patient.request('sero_getFees', {}, stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(asked, { message: 'enough' });
  await assert.rejects(patient.request('sero_getFees', {}, stop.signal), { message: 'enough' });
});

test('a node that is not there is said to be unreachable, with the cause', async () => {
  const client = createClient({
    url: 'http://node.example',
    fetch: async () => {
      throw new TypeError('fetch failed');
    },
  });
  await assert.rejects(client.request('sero_getFees', {}), (error) => {
    return (
      error instanceof TransportError && error.code === 'unreachable' && error.cause instanceof TypeError
    );
  });
});

test('nothing is tried again but a refusal for the rate, or as busy, that names a pause', async () => {
  let tries = 0;
  const busy = lyingNode(() => {
    tries++;
    return { jsonrpc: '2.0', id: null, error: { code: -32012, message: '', data: {} } };
  });
  assert.equal(await failure(busy.client.request('sero_getFees', {})), 'rpc busy');
  assert.equal(tries, 1);
  const passing = lyingNode((body) =>
    ++tries < 4
      ? { jsonrpc: '2.0', id: null, error: { code: -32012, message: '', data: { retryAfterMs: 1 } } }
      : answered(FEES)(body),
  );
  await passing.client.request('sero_getFees', {});
  assert.equal(passing.bodies.length, 3);
  tries = 1;
  const limited = lyingNode((body) =>
    ++tries < 4
      ? {
          jsonrpc: '2.0',
          id: null,
          error: { code: -32005, message: '', data: { limit: 'rate', retryAfterMs: 1 } },
        }
      : answered(FEES)(body),
  );
  await limited.client.request('sero_getFees', {});
  assert.equal(limited.bodies.length, 3);
});

test('a caller who leaves while the client waits for the rate is told at once', async () => {
  const stop = new AbortController();
  const { client } = lyingNode(() => {
    setImmediate(() => stop.abort(new Error('enough')));
    return {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32005, message: '', data: { limit: 'rate', retryAfterMs: 20_000 } },
    };
  });
  await assert.rejects(client.request('sero_getFees', {}, stop.signal), { message: 'enough' });
});

test('a batch gives each call its own outcome, in whatever order they come', async () => {
  const { client } = lyingNode((body) =>
    (body as { id: number; method: string }[])
      .map(({ id, method }) =>
        method === 'sero_getFees'
          ? { jsonrpc: '2.0', id, result: FEES }
          : { jsonrpc: '2.0', id, error: { code: -32001, message: 'none' } },
      )
      .reverse(),
  );
  const [fees, tree] = await client.batch([
    { method: 'sero_getFees', params: {} },
    { method: 'sero_getTreeState', params: { height: 1n } },
  ]);
  assert.deepEqual(fees, { ok: true, result: { baseFee: 1n, gasPrice: 2n } });
  assert.ok(!tree.ok && tree.error.name === 'not-found');
  assert.deepEqual(await client.batch([]), []);
});

test('a batch that is refused or not answered in full fails as a whole', async () => {
  const calls = [
    { method: 'sero_getFees', params: {} },
    { method: 'sero_getFees', params: {} },
  ] as const;
  const refused = lyingNode(() => ({
    jsonrpc: '2.0',
    id: null,
    error: { code: -32005, message: '', data: { limit: 'batch' } },
  }));
  assert.equal(await failure(refused.client.batch(calls)), 'rpc limit-exceeded');
  const half = lyingNode(() => [{ jsonrpc: '2.0', id: 1, result: FEES }]);
  assert.equal(await failure(half.client.batch(calls)), 'answer-invalid');
  const one = lyingNode(() => ({ jsonrpc: '2.0', id: 1, result: FEES }));
  assert.equal(await failure(one.client.batch(calls)), 'answer-invalid');
});
