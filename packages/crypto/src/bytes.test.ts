import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CryptoError,
  compareBytes,
  concat,
  equalBytes,
  expectLength,
  fromHex,
  le32,
  le64,
  leBytes,
  leInteger,
  toHex,
} from './index.ts';

const bytes = fc.uint8Array({ maxLength: 200 });

test('concat joins in order and copies', () => {
  const first = Uint8Array.of(1, 2);
  const joined = concat(first, new Uint8Array(), Uint8Array.of(3));
  first[0] = 9;
  assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
});

test('equalBytes and compareBytes order byte strings as node does', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
      assert.ok(equalBytes(a, a.slice()));
      assert.equal(compareBytes(a, a.slice()), 0);
    }),
  );
});

test('a prefix sorts before what it begins, and one differing byte is seen wherever it stands', () => {
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  for (let i = 0; i < 40; i++) {
    const changed = new Uint8Array(40);
    changed[i] = 0x80;
    assert.equal(equalBytes(new Uint8Array(40), changed), false);
  }
});

test('little-endian integers of any length come back as they went in', () => {
  fc.assert(
    fc.property(bytes, (spelling) => {
      const value = leInteger(spelling);
      assert.equal(value, BigInt(`0x0${Buffer.from(spelling).reverse().toString('hex')}`));
      assert.deepEqual(leBytes(value, spelling.length), spelling);
    }),
  );
});

test('leInteger reads a view that does not begin at its buffer', () => {
  const whole = Uint8Array.from({ length: 40 }, (_, i) => i);
  assert.equal(leInteger(whole.subarray(3, 3 + 11)), leInteger(whole.slice(3, 3 + 11)));
});

test('LE32 and LE64 have 4 and 8 bytes, least significant first', () => {
  assert.deepEqual(le32(0x01020304), Uint8Array.of(4, 3, 2, 1));
  assert.deepEqual(le64(0x0102030405060708n), Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1));
  assert.deepEqual(le64(2n ** 64n - 1n), new Uint8Array(8).fill(0xff));
});

test('an integer that does not fit, or is negative, is refused and never cut', () => {
  const tooLarge = [
    () => le32(2 ** 32),
    () => le64(2n ** 64n),
    () => leBytes(256n, 1),
    () => leBytes(1n, 0),
    () => le32(-1),
    () => le64(-1n),
    () => leBytes(-(2n ** 64n), 8),
  ];
  for (const attempt of tooLarge) assert.throws(attempt, isRefusal('wrong-length'));
});

test('hexadecimal comes back as it went in, in either case', () => {
  fc.assert(
    fc.property(bytes, (b) => {
      assert.equal(toHex(b), Buffer.from(b).toString('hex'));
      assert.deepEqual(fromHex(toHex(b)), b);
      assert.deepEqual(fromHex(toHex(b).toUpperCase()), b);
    }),
  );
});

test('text that is not hexadecimal is refused', () => {
  for (const text of ['0', '0g', '0x00', ' 00', '00 ', '0 ', '+1', '-1', '00\n', '١٢', 'zz']) {
    assert.throws(() => fromHex(text), isRefusal('wrong-length'), JSON.stringify(text));
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const isHex = /^([0-9a-f]{2})*$/i.test(text) && !text.endsWith('\n');
      if (isHex) assert.equal(toHex(fromHex(text)), text.toLowerCase());
      else assert.throws(() => fromHex(text), isRefusal('wrong-length'));
    }),
  );
});

test('expectLength takes the one length only and says both', () => {
  expectLength(new Uint8Array(5), 5, 'thing');
  assert.throws(() => expectLength(new Uint8Array(4), 5, 'thing'), /thing: expected 5 bytes, got 4/);
  assert.throws(() => expectLength(new Uint8Array(6), 5, 'thing'), isRefusal('wrong-length'));
});

function isRefusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

test('hexadecimal strings that are kept take no more memory than their digits and a little', () => {
  const program = `
    import { toHex } from '${new URL('./index.ts', import.meta.url)}';
    const used = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    const bytes = new Uint8Array(32);
    const kept = new Set(), view = new DataView(bytes.buffer);
    const keep = (from) => { for (let i = from; i < from + 20_000; i++) { view.setUint32(0, i); kept.add(toHex(bytes)); } };
    keep(0);
    const before = used();
    keep(20_000);
    console.log((used() - before) / 20_000, kept.size);`;
  const args = ['--expose-gc', '--input-type=module', '--eval', program];
  const [each, kept] = execFileSync(process.execPath, args, { encoding: 'utf8' }).split(' ').map(Number);
  assert.equal(kept, 40_000);
  assert.ok(each! >= 64 && each! < 256, `${each} bytes each`);
});
