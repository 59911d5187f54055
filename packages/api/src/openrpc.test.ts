import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RPC_ERRORS } from './errors.ts';
import { HeadNotification, NOTIFICATION_EXAMPLE } from './methods/subscriptions.ts';
import { methodEntries, openRpcDocument } from './openrpc.ts';

type Json = Readonly<Record<string, unknown>>;

test('every example is what its schemas say: encoded, parsed and decoded it is the same', () => {
  for (const [name, { params, result, example }] of methodEntries()) {
    const trip = (json: unknown): unknown => JSON.parse(JSON.stringify(json));
    assert.deepEqual(params.decode(trip(params.encode(example.params)), ''), example.params, name);
    assert.deepEqual(result.decode(trip(result.encode(example.result)), ''), example.result, name);
  }
  const told = HeadNotification.decode(HeadNotification.encode(NOTIFICATION_EXAMPLE), '');
  assert.deepEqual(told, NOTIFICATION_EXAMPLE);
});

const document = JSON.parse(JSON.stringify(openRpcDocument('1.2.3'))) as Json;
const methods = document['methods'] as Json[];

/** What JSON Schema (draft 2020-12) knows of a keyword's value, for the keywords that stand in our schemas. */
function checkSchema(schema: unknown, path: string): void {
  assert.ok(typeof schema === 'object' && schema !== null, path);
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${path}/${keyword}`;
    switch (keyword) {
      case 'type':
        assert.ok(['string', 'object', 'array', 'boolean', 'null', 'integer'].includes(value), at);
        break;
      case 'pattern':
        new RegExp(value);
        break;
      case 'maxLength':
      case 'maxItems':
      case 'x-minimum':
      case 'x-maximum':
        assert.ok(Number.isSafeInteger(value) && value >= 0, at);
        break;
      case 'items':
        checkSchema(value, at);
        break;
      case 'properties':
        for (const [name, inner] of Object.entries(value)) checkSchema(inner, `${at}/${name}`);
        break;
      case 'anyOf':
      case 'oneOf':
        for (const [i, inner] of (value as unknown[]).entries()) checkSchema(inner, `${at}/${i}`);
        break;
      case 'required':
      case 'enum':
        assert.ok(Array.isArray(value) && new Set(value).size === value.length, at);
        break;
      case 'const':
      case 'description':
        assert.equal(typeof value, 'string', at);
        break;
      case 'additionalProperties':
        assert.equal(value, false, at);
        break;
      default:
        assert.fail(`${at}: this test does not know the keyword`);
    }
  }
}

/** Each schema's own pattern and lengths must let its example through: what a reader of the document would check with. */
function fits(schema: Json, value: unknown, path: string): void {
  if (typeof value === 'string' && typeof schema['pattern'] === 'string') {
    assert.match(value, new RegExp(schema['pattern']), path);
  }
  if (typeof value === 'string' && typeof schema['maxLength'] === 'number') {
    assert.ok(value.length <= schema['maxLength'], path);
  }
  if (Array.isArray(value)) {
    for (const item of value) fits(schema['items'] as Json, item, `${path}/items`);
  } else if (typeof value === 'object' && value !== null && schema['properties'] !== undefined) {
    for (const name of schema['required'] as string[]) assert.ok(name in value, `${path}/${name}`);
    for (const [name, inner] of Object.entries(value)) {
      fits((schema['properties'] as Record<string, Json>)[name]!, inner, `${path}/${name}`);
    }
  }
}

test('the document has the structure of OpenRPC 1.3: info, methods, descriptors, errors, examples', () => {
  assert.match(String(document['openrpc']), /^1\.3\.\d+$/);
  const info = document['info'] as Json;
  assert.deepEqual([typeof info['title'], info['version']], ['string', '1.2.3']);
  const names = methods.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const method of methods) {
    const name = String(method['name']);
    assert.ok(String(method['summary']).length > 0, name);
    assert.equal(method['paramStructure'], 'by-name');
    const params = method['params'] as Json[];
    for (const param of [...params, method['result'] as Json]) {
      assert.ok(typeof param['name'] === 'string', name);
      checkSchema(param['schema'], `${name}/${param['name']}`);
    }
    for (const error of method['errors'] as Json[]) {
      assert.ok(Number.isSafeInteger(error['code']) && typeof error['message'] === 'string', name);
    }
    const [example] = method['examples'] as Json[];
    const given = example!['params'] as Json[];
    assert.ok(
      given.every((param) => params.some((known) => known['name'] === param['name'])),
      name,
    );
    for (const param of given) {
      fits(params.find((known) => known['name'] === param['name'])!['schema'] as Json, param['value'], name);
    }
    fits((method['result'] as Json)['schema'] as Json, (example!['result'] as Json)['value'], name);
  }
});

test('codes of errors differ, and lie where JSON-RPC has them', () => {
  const codes = Object.values(RPC_ERRORS).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  for (const code of codes) assert.ok(code >= -32768 && code <= -32000);
});
