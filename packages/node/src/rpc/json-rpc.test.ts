import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import { idAtStart, readBody } from './json-rpc.ts';
import { post, serve } from './test-support.ts';

const source = madeSource();
const server = await serve(source, { limits: { burst: 1_000_000 } });
after(() => server.close());

/** What stands in an answer, as far as a caller reads it first. */
function shape(text: string): unknown {
  const one = (answer: { id: unknown; error?: { code: number }; result?: unknown }) => [
    answer.id,
    answer.error?.code ?? 'ok',
  ];
  const json = JSON.parse(text);
  return Array.isArray(json) ? json.map(one) : one(json);
}

const call = (id: unknown, method = 'sero_getFees', params?: unknown) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});

const text = (json: unknown): string => JSON.stringify(json);

/** Bodies, and the answers that the specification (sections 4 to 7) gives them: `[id, code]`, a list of them for a batch. */
const TABLE: readonly (readonly [what: string, body: string, answer: unknown])[] = [
  ['a call', text(call(1)), [1, 'ok']],
  ['an id of text', text(call('a')), ['a', 'ok']],
  ['a null id', text(call(null)), [null, 'ok']],
  ['an id of 128 bytes', text(call('é'.repeat(64))), ['é'.repeat(64), 'ok']],
  ['an id of more bytes', text(call(`${'é'.repeat(64)}x`)), [null, -32600]],
  [
    'long ids in a batch',
    text([call('x'.repeat(129)), call('y'.repeat(100_000)), call(3)]),
    [
      [null, -32600],
      [null, -32600],
      [3, 'ok'],
    ],
  ],
  ['no parameters as an empty list', text(call(1, 'sero_getFees', [])), [1, 'ok']],
  ['an empty body', '', [null, -32700]],
  ['broken JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', [null, -32700]],
  ['a broken batch', '[{"jsonrpc": "2.0", "method": "sum"}, {"jsonrpc"', [null, -32700]],
  ['JSON and more', `${text(call(1))}x`, [null, -32700]],
  ['an empty batch', '[]', [null, -32600]],
  ['a number', '1', [null, -32600]],
  ['text', '"sero_getFees"', [null, -32600]],
  ['null', 'null', [null, -32600]],
  [
    'a batch of nothing that is a call',
    '[1,2,[]]',
    [
      [null, -32600],
      [null, -32600],
      [null, -32600],
    ],
  ],
  ['another version', text({ ...call(1), jsonrpc: '1.0' }), [1, -32600]],
  ['no version', text({ id: 1, method: 'sero_getFees' }), [1, -32600]],
  ['a method that is a number', text({ ...call(1), method: 1 }), [1, -32600]],
  ['parameters that are text', text(call(1, 'sero_getFees', 'bar')), [1, -32600]],
  ['parameters that are null', text(call(1, 'sero_getFees', null)), [1, -32600]],
  ['parameters by position', text(call(1, 'sero_getHeaders', ['0x0', '0x1'])), [1, -32602]],
  ['an id that is an object', text(call({})), [null, -32600]],
  ['an id that is a list', text(call([1])), [null, -32600]],
  ['an id that is true', text(call(true)), [null, -32600]],
  ['an id with a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"sero_getFees"}', [null, -32600]],
  ['an id beyond 2^53', '{"jsonrpc":"2.0","id":9007199254740993,"method":"sero_getFees"}', [null, -32600]],
  ['an id beyond every number', '{"jsonrpc":"2.0","id":1e999,"method":"sero_getFees"}', [null, -32600]],
  ['an unknown method', text(call(1, 'sero_getEverything')), [1, -32601]],
  ['a method of objects', text(call(1, 'constructor')), [1, -32601]],
  ['a method of prototypes', text(call(1, '__proto__')), [1, -32601]],
  ['a socket method over HTTP', text(call(1, 'sero_subscribe', { topic: 'heads' })), [1, -32601]],
  ['a missing parameter', text(call(1, 'sero_getHeaders', { from: '0x0' })), [1, -32602]],
  ['a parameter too many', text(call(1, 'sero_getFees', { from: '0x0' })), [1, -32602]],
  [
    'a parameter named __proto__',
    '{"jsonrpc":"2.0","id":1,"method":"sero_getFees","params":{"__proto__":{}}}',
    [1, -32602],
  ],
  ['a leading zero', text(call(1, 'sero_getHeaders', { from: '0x00', limit: '0x1' })), [1, -32602]],
  [
    'a quantity of 65 bits',
    text(call(1, 'sero_getHeaders', { from: '0x10000000000000000', limit: '0x1' })),
    [1, -32602],
  ],
  ['a limit of 0', text(call(1, 'sero_getHeaders', { from: '0x0', limit: '0x0' })), [1, -32602]],
  ['a number for a quantity', text(call(1, 'sero_getHeaders', { from: 0, limit: '0x1' })), [1, -32602]],
  ['a hash that is too short', text(call(1, 'sero_getTransaction', { txid: '0xab' })), [1, -32602]],
  ['bytes with an odd digit', text(call(1, 'sero_submit', { transaction: '0xabc' })), [1, -32602]],
  [
    'a transaction that is too long',
    text(call(1, 'sero_submit', { transaction: `0x${'00'.repeat(131_073)}` })),
    [1, -32602],
  ],
  [
    'equal ids in a batch',
    text([call(1), call(1, 'nothing')]),
    [
      [1, 'ok'],
      [1, -32601],
    ],
  ],
  [
    'a batch of all kinds',
    text([call(1), { ...call(undefined) }, { foo: 'boo' }, call('5', 'foo.get')]),
    [
      [1, 'ok'],
      [null, -32600],
      ['5', -32601],
    ],
  ],
];

test('every body is answered as the specification says', async () => {
  for (const [what, body, answer] of TABLE) {
    const got = await post(server.url, body);
    assert.deepEqual([got.status, shape(got.text)], [200, answer], what);
  }
});

test('notifications are done and not answered, alone and in batches', async () => {
  const before = source.submitted.length;
  const notification = call(undefined, 'sero_submit', { transaction: '0x00' });
  const alone = await post(server.url, text(notification));
  assert.deepEqual([alone.status, alone.text], [204, '']);
  const batch = await post(server.url, text([notification, notification]));
  assert.deepEqual([batch.status, batch.text], [204, '']);
  const wrong = await post(server.url, text(call(undefined, 'nothing')));
  assert.deepEqual([wrong.status, wrong.text], [204, '']);
  assert.equal(source.submitted.length, before + 3);
});

test('an error names the place of a wrong parameter, and does not grow with what was sent', async () => {
  const { text: answer } = await post(
    server.url,
    text(call(1, 'sero_getHeaders', { from: '0x0', limit: 'x'.repeat(100_000) })),
  );
  const { error } = JSON.parse(answer);
  assert.deepEqual(error.data, { path: '/limit' });
  const named = await post(server.url, text(call(1, 'sero_getFees', { ['x'.repeat(100_000)]: 1 })));
  assert.ok(answer.length < 1_000 && named.text.length < 1_000);
});

test('nesting is refused before anything is built of it; brackets in texts do not count', () => {
  const limits = { maxDepth: 4, maxBatch: 2 };
  const read = (body: string) => readBody(new TextEncoder().encode(body), limits);
  const name = (body: string): string => {
    try {
      const { calls } = read(body);
      return calls[0]!.error?.name ?? 'call';
    } catch (error) {
      return (error as Error).name;
    }
  };
  assert.equal(name('['.repeat(1_000_000)), 'parse-error');
  assert.equal(name(`${'{"a":'.repeat(5)}1${'}'.repeat(5)}`), 'parse-error');
  assert.equal(name(`[${text(call(1, 'x', { a: [] }))}]`), 'call');
  assert.equal(name(text(call('[[[[[[[[[[\\"{{{{{{{'))), 'call');
});

test('bytes that are no UTF-8, and a byte order mark, are no JSON', () => {
  const limits = { maxDepth: 4, maxBatch: 2 };
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0xef, 0xbb, 0xbf, 0x31],
  ]) {
    assert.throws(() => readBody(Uint8Array.from(bytes), limits), { name: 'parse-error' });
  }
});

/** Anything that looks like a call a little. */
const callLike = fc.record(
  {
    jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
    id: fc.oneof(fc.nat(), fc.string(), fc.jsonValue()),
    method: fc.oneof(
      fc.constantFrom(
        'sero_getHeaders',
        'sero_getFees',
        'sero_submit',
        'sero_getAssets',
        'sero_subscribe',
        'toString',
      ),
      fc.jsonValue(),
    ),
    params: fc.oneof(
      fc.record(
        {
          from: fc.constantFrom('0x0', '0x1', '-0x1', 3),
          limit: fc.constantFrom('0x1', '0x401'),
          txid: fc.string(),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    ),
  },
  { requiredKeys: [] },
);

const body = fc.oneof(
  callLike.map(text),
  fc.array(callLike, { maxLength: 5 }).map(text),
  fc.json(),
  fc.string({ unit: 'binary' }),
  callLike.map((like) => text(like).slice(0, -3)),
);

function isAnswer(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const { jsonrpc, id, result, error } = json as Record<string, unknown>;
  const idFits = id === null || typeof id === 'string' || typeof id === 'number';
  return jsonrpc === '2.0' && idFits && (result === undefined) !== (error === undefined);
}

test('whatever is posted, the answer is JSON-RPC or none, and the node lives on', async () => {
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const { status, text: answer } = await post(server.url, sent);
      if (status === 204) return;
      assert.equal(status, 200);
      const json = JSON.parse(answer);
      const all = Array.isArray(json) ? json : [json];
      assert.ok(all.length > 0 && all.every(isAnswer), answer);
      assert.ok(!all.some((one) => one.error?.code === -32603), answer);
    }),
    { numRuns: 300 },
  );
  assert.equal((await post(server.url, text(call(1)))).status, 200);
});

test('the id of a body that is not read is taken from where our clients write it, and from nowhere else', () => {
  const id = (body: string): number | null => idAtStart(Buffer.from(body));
  assert.equal(id('{"jsonrpc":"2.0","id":0,"method":"sero_getFees"}'), 0);
  assert.equal(
    id(`{"jsonrpc":"2.0","id":123456789012345,"params":"${'x'.repeat(100_000)}"}`),
    123456789012345,
  );
  for (const body of [
    '',
    '[{"jsonrpc":"2.0","id":1,"method":"sero_getFees"}]',
    '{"jsonrpc":"2.0","method":"sero_getFees","id":1}',
    '{"jsonrpc":"2.0","id":"1","method":"sero_getFees"}',
    '{"jsonrpc":"2.0","id":-1,"method":"sero_getFees"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"sero_getFees"}',
    '{"jsonrpc":"2.0","id":01,"method":"sero_getFees"}',
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"sero_getFees"}',
    '{"jsonrpc":"2.0","id":1',
  ]) {
    assert.equal(id(body), null, body);
  }
});
