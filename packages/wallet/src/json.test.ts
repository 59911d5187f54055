import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { fromJson, toJson } from './json.ts';

const leaf = fc.oneof(
  fc.bigInt(),
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;

it('what is written is read back, whatever marks a text begins with', () => {
  fc.assert(
    fc.property(value, (given) => {
      fc.pre(!JSON.stringify(toJson(given)).includes('__proto__'));
      assert.deepEqual(fromJson(toJson(given)), given);
    }),
  );
  for (const text of ['n5', 'x00', 't', '', 'txn']) assert.equal(fromJson(toJson(text)), text);
});

it('text that was not written by toJson is refused', () => {
  for (const text of ['', '{', '"plain"', '"n5x"', '"n1.5"', '"x0"', '"xzz"', '["t", "?"]']) {
    assert.throws(() => fromJson(text), text);
  }
});

it('bytes that are Node Buffers are bytes, not what Buffer.toJSON makes of them', () => {
  const written = toJson({ bytes: Buffer.from([1, 2, 255]) });
  assert.deepEqual(fromJson(written), { bytes: Uint8Array.of(1, 2, 255) });
});
