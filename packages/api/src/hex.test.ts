import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesFromHex, bytesToHex, quantityFromHex, quantityToHex } from './hex.ts';

test('quantities have no leading zeros and come back', () => {
  assert.deepEqual([0n, 1n, 255n, 1_024n].map(quantityToHex), ['0x0', '0x1', '0xff', '0x400']);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (value) => {
      assert.equal(quantityFromHex(quantityToHex(value), 32), value);
    }),
  );
});

test('what is no quantity is refused', () => {
  const none = [
    '',
    '0',
    '0x',
    '0x00',
    '0x01',
    '1',
    '0X1',
    '0xg',
    '-0x1',
    '0x-1',
    ' 0x1',
    '0x1 ',
    '0x1n',
    '0x10000',
    '0x1\n',
  ];
  for (const text of none) assert.equal(quantityFromHex(text, 4), undefined, text);
  assert.equal(quantityFromHex('0xFFff', 4), 0xffffn);
});

test('bytes are two digits each and come back, in either case', () => {
  assert.equal(bytesToHex(Uint8Array.of(0, 1, 0xab, 0xff)), '0x0001abff');
  assert.equal(bytesToHex(new Uint8Array(0)), '0x');
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(bytesFromHex(bytesToHex(bytes)), bytes);
      assert.deepEqual(bytesFromHex(`0x${bytesToHex(bytes).slice(2).toUpperCase()}`), bytes);
    }),
  );
});

test('what spells no bytes is refused, digits beyond ASCII too', () => {
  for (const text of ['', '0', '00', '0x0', '0xzz', '0X00', '0x0 ', '0x٠٠', '0x\u{10000}', '0xｆｆ']) {
    assert.equal(bytesFromHex(text), undefined, text);
  }
});
