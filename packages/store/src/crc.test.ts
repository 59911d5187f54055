import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32In } from './crc.ts';

test('the checksum of any part of any bytes, on top of any other, is that of node:zlib', () => {
  assert.equal(crc32In(new TextEncoder().encode('123456789'), 0, 9), 0xcbf43926);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600, size: 'max' }),
      fc.nat(600),
      fc.nat(600),
      fc.nat(0xffffffff),
      (bytes, a, b, before) => {
        const [at, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        assert.equal(crc32In(bytes, at, end, before), crc32(bytes.subarray(at, end), before));
      },
    ),
  );
});
