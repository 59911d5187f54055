import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import { chachaStream } from './chacha.ts';

test('the words are those of ChaCha20 under the key with each word turned around', () => {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);
  const key = Buffer.from(seed).swap32();
  // OpenSSL takes the counter and the nonce together.
  const stream = createCipheriv('chacha20', key, Buffer.alloc(16)).update(Buffer.alloc(4 * 40));
  const next = chachaStream(seed);
  assert.deepEqual(
    Array.from({ length: 40 }, () => next()),
    Array.from({ length: 40 }, (_, i) => stream.readUInt32LE(4 * i)),
  );
});
