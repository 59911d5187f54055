import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { AEAD_TAG_LENGTH, CryptoError, fromHex, open, seal, toHex } from './index.ts';

const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = fc.uint8Array({ maxLength: 700 });

/** The same construction by OpenSSL. */
function openssl(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, new Uint8Array(12), { authTagLength: 16 });
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Uint8Array.from(Buffer.concat([body, cipher.getAuthTag()]));
}

test('zeros under the zero key and nonce give the key stream of RFC 8439, A.1, vector 2 (counter 1)', () => {
  const sealed = seal(new Uint8Array(32), new Uint8Array(64));
  assert.equal(
    toHex(sealed.subarray(0, 64)),
    '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed' +
      '29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f',
  );
  assert.deepEqual(sealed, openssl(new Uint8Array(32), new Uint8Array(64)));
});

test("random messages are sealed as node:crypto's OpenSSL seals them", () => {
  fc.assert(
    fc.property(key32, message, (key, plaintext) => {
      assert.deepEqual(seal(key, plaintext), openssl(key, plaintext));
    }),
  );
});

test('notes, out-ciphertexts and memos are sealed as the Python reference seals them', () => {
  const file = new URL('../../../test/vectors/encryption.json', import.meta.url);
  const vectors: {
    outputs: Record<'noteKey' | 'notePlaintext' | 'enc' | 'ock' | 'outPlaintext' | 'out', string>[];
    memo: Record<'key' | 'plaintext' | 'ciphertext', string>;
  } = JSON.parse(readFileSync(file, 'utf8'));
  const cases = vectors.outputs.flatMap((o) => [
    [o.noteKey, o.notePlaintext, o.enc] as const,
    [o.ock, o.outPlaintext, o.out] as const,
  ]);
  const { memo } = vectors;
  for (const [key, plaintext, sealed] of [...cases, [memo.key, memo.plaintext, memo.ciphertext] as const]) {
    assert.equal(toHex(seal(fromHex(key), fromHex(plaintext))), sealed);
    assert.equal(toHex(open(fromHex(key), fromHex(sealed))), plaintext);
  }
});

test('what was sealed opens under its key and under no other', () => {
  fc.assert(
    fc.property(key32, key32, message, (key, other, plaintext) => {
      const sealed = seal(key, plaintext);
      assert.equal(sealed.length, plaintext.length + AEAD_TAG_LENGTH);
      assert.deepEqual(open(key, sealed), plaintext);
      if (toHex(key) !== toHex(other)) assert.throws(() => open(other, sealed), isRefusal);
    }),
  );
});

test('one flipped bit anywhere, one byte less, one byte more: refused', () => {
  const key = new Uint8Array(32).fill(7);
  const sealed = seal(key, new Uint8Array(20).fill(1));
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const changed = sealed.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => open(key, changed), isRefusal, `bit ${bit}`);
  }
  for (let length = 0; length < sealed.length; length++) {
    assert.throws(() => open(key, sealed.subarray(0, length)), isRefusal, `${length} bytes`);
  }
  assert.throws(() => open(key, Uint8Array.of(...sealed, 0)), isRefusal);
});

test('random bytes are refused with a typed error, and so is a key of another length', () => {
  fc.assert(
    fc.property(key32, message, (key, bytes) => void assert.throws(() => open(key, bytes), isRefusal)),
  );
  const wrongLength = (error: unknown): boolean =>
    error instanceof CryptoError && error.code === 'wrong-length';
  for (const length of [0, 16, 31, 33, 64]) {
    assert.throws(() => seal(new Uint8Array(length), new Uint8Array(5)), wrongLength);
    assert.throws(() => open(new Uint8Array(length), new Uint8Array(21)), wrongLength);
  }
});

function isRefusal(error: unknown): boolean {
  return error instanceof CryptoError && error.code === 'aead-refused';
}
