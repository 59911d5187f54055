import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytes,
  type Codec,
  count,
  fixedBytes,
  list,
  nothing,
  nullable,
  object,
  oneOf,
  optional,
  parameters,
  SchemaError,
  text,
  truth,
  u64,
  u128,
  variants,
} from './codec.ts';

/** The place at which a value is refused, or what it means. */
function outcome<T>(codec: Codec<T>, json: unknown): unknown {
  try {
    return { value: codec.decode(json, '') };
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    return error.path;
  }
}

test('numbers are bounded by their bits', () => {
  assert.deepEqual(outcome(u64, '0xffffffffffffffff'), { value: (1n << 64n) - 1n });
  assert.equal(outcome(u64, '0x10000000000000000'), '');
  assert.deepEqual(outcome(u128, `0x${'f'.repeat(32)}`), { value: (1n << 128n) - 1n });
  assert.equal(outcome(u128, `0x1${'0'.repeat(32)}`), '');
  for (const json of [1, null, [], {}, '1', '0x']) assert.equal(outcome(u64, json), '');
});

test('counts lie in their range', () => {
  const few = count(1, 16);
  assert.deepEqual(outcome(few, '0x10'), { value: 16 });
  for (const json of ['0x0', '0x11', '0xffffffff', '0x100000000', 3]) assert.equal(outcome(few, json), '');
});

test('bytes have their length, at most their length, or a multiple', () => {
  assert.deepEqual(outcome(fixedBytes(2), '0xABcd'), { value: Uint8Array.of(0xab, 0xcd) });
  for (const json of ['0xab', '0xabcdef', '0xabc', 'abcd']) assert.equal(outcome(fixedBytes(2), json), '');
  assert.deepEqual(outcome(bytes(4, 2), '0x'), { value: new Uint8Array(0) });
  assert.deepEqual(outcome(bytes(4, 2), '0x01020304'), { value: Uint8Array.of(1, 2, 3, 4) });
  for (const json of ['0x010203', '0x010203040506']) assert.equal(outcome(bytes(4, 2), json), '');
});

test('texts, words, truths and nulls are what they say', () => {
  assert.deepEqual(outcome(text(3), 'abc'), { value: 'abc' });
  assert.equal(outcome(text(3), 'abcd'), '');
  assert.equal(outcome(oneOf('a', 'b'), 'c'), '');
  assert.equal(outcome(truth, 'true'), '');
  assert.equal(outcome(nothing, undefined), '');
  assert.deepEqual(outcome(nullable(u64), null), { value: null });
  assert.equal(outcome(nullable(u64), undefined), '');
});

const Pair = object({ from: u64, name: optional(text(5)) });

test('an object has its fields; what an older reader does not know is left out', () => {
  assert.deepEqual(outcome(Pair, { from: '0x1', more: 1 }), { value: { from: 1n } });
  assert.deepEqual(outcome(Pair, { from: '0x1', name: 'a' }), { value: { from: 1n, name: 'a' } });
  assert.equal(outcome(Pair, { name: 'a' }), '/from');
  assert.equal(outcome(Pair, { from: '0x1', name: null }), '/name');
  for (const json of [null, [], 'x', 1]) assert.equal(outcome(Pair, json), '');
});

test('a field that only the prototype has is missing', () => {
  assert.equal(outcome(object({ toString: text(5) }), {}), '/toString');
  assert.equal(outcome(Pair, JSON.parse('{"__proto__": {"from": "0x1"}}')), '/from');
});

test('a parameter that does not exist is refused, under a name that is cut and escaped', () => {
  const strict = parameters({ from: u64 });
  assert.deepEqual(outcome(strict, { from: '0x1' }), { value: { from: 1n } });
  assert.equal(outcome(strict, { from: '0x1', form: '0x1' }), '/form');
  assert.equal(outcome(strict, { from: '0x1', 'a/b~c': 1 }), '/a~1b~0c');
  assert.equal(outcome(strict, JSON.parse('{"from":"0x1","__proto__":1}')), '/__proto__');
  assert.equal((outcome(strict, { ['x'.repeat(1_000)]: 1 }) as string).length, 65);
});

test('a list has at most its number of items, and an error names the place', () => {
  const lists = object({ items: list(object({ n: u64 }), 2) });
  assert.deepEqual(outcome(lists, { items: [{ n: '0x1' }] }), { value: { items: [{ n: 1n }] } });
  assert.equal(outcome(lists, { items: [{ n: '0x1' }, { n: 'x' }] }), '/items/1/n');
  assert.equal(outcome(lists, { items: [1, 2, 3] }), '/items');
  assert.equal(outcome(lists, { items: { length: 1 } }), '/items');
});

test('variants are told apart by their word', () => {
  const state = variants('status', { unknown: {}, final: { height: u64 } });
  assert.deepEqual(outcome(state, { status: 'unknown' }), { value: { status: 'unknown' } });
  assert.deepEqual(outcome(state, { status: 'final', height: '0x2' }), {
    value: { status: 'final', height: 2n },
  });
  assert.equal(outcome(state, { status: 'final' }), '/height');
  assert.equal(outcome(state, { status: 'toString' }), '/status');
  assert.equal(outcome(state, {}), '/status');
  assert.deepEqual(state.encode({ status: 'final', height: 2n }), { status: 'final', height: '0x2' });
});
