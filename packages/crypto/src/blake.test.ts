import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  blake2b,
  blake2b256,
  blake2bOfLength,
  blake2s256,
  CryptoError,
  concat,
  fieldToBytes,
  fromHex,
  le32,
  toHex,
  utf8,
} from './index.ts';

interface Vectors {
  keys: {
    accounts: { bip39Seed: string; account: number; seed: string; ZSK: string; VSK: string; ovk: string }[];
  };
  encryption: {
    outputs: Record<
      'S' | 'VPKr' | 'CM' | 'noteKey' | 'tag' | 'ock' | 'senderOvk' | 'memoKeyWrappingKey',
      string
    >[];
  };
}

function vectors<Name extends keyof Vectors>(name: Name): Vectors[Name] {
  const file = new URL(`../../../test/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

test('BLAKE2b-512 and BLAKE2s-256 of "abc" are those of RFC 7693, appendices A and B', () => {
  assert.equal(
    toHex(blake2b('', utf8('abc'))),
    'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
      '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
  );
  assert.equal(
    toHex(blake2s256('', utf8('abc'))),
    '508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982',
  );
});

test("without personalisation the hashes are node:crypto's, however the input is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (chunks) => {
      const whole = concat(...chunks);
      assert.equal(toHex(blake2b('', ...chunks)), createHash('blake2b512').update(whole).digest('hex'));
      assert.equal(toHex(blake2s256('', ...chunks)), createHash('blake2s256').update(whole).digest('hex'));
    }),
  );
});

test("personalised hashes are those of Python's hashlib: account seeds, ZSK, VSK, ovk", () => {
  for (const account of vectors('keys').accounts) {
    const seed = blake2b('SERO_HD_v1', fromHex(account.bip39Seed), le32(account.account)).subarray(0, 32);
    assert.equal(toHex(seed), account.seed);
    assert.equal(toHex(blake2b('SERO_ZSKADD', seed).subarray(0, 32)), account.ZSK);
    assert.equal(toHex(blake2b('SERO_VSKADD', seed).subarray(0, 32)), account.VSK);
    assert.equal(toHex(blake2b('SERO_ovk', fromHex(account.VSK)).subarray(0, 32)), account.ovk);
  }
});

test("personalised digests of 32 bytes are those of Python's hashlib: note, outgoing and memo keys", () => {
  for (const output of vectors('encryption').outputs) {
    const [s, vpkr, cm] = [fromHex(output.S), fromHex(output.VPKr), fieldToBytes(BigInt(output.CM))];
    assert.equal(toHex(blake2b256('SERO_kdf', s, vpkr, cm)), output.noteKey);
    assert.equal(toHex(blake2b256('SERO_kdfm', s, vpkr, cm)), output.memoKeyWrappingKey);
    assert.equal(toHex(blake2b256('SERO_ock', fromHex(output.senderOvk), cm, vpkr)), output.ock);
    assert.equal(toHex(blake2b('SERO_tag', s, vpkr).subarray(0, 2)), output.tag);
  }
});

test('a digest of 32 bytes is a hash of its own, not the first half of one of 64', () => {
  assert.notDeepEqual(blake2b256('SERO_x', utf8('m')), blake2b('SERO_x', utf8('m')).subarray(0, 32));
});

test('a personalisation is padded with zero bytes, and each one gives another hash', () => {
  const padded = concat(utf8('SERO_x'), new Uint8Array(10));
  assert.deepEqual(blake2b(padded, utf8('m')), blake2b('SERO_x', utf8('m')));
  const hashes = ['', 'S', 'SERO', 'SERO_x', 'SERO_y', 'SERO_xxxxxxxxxxx'].map((p) =>
    toHex(blake2b(p, utf8('m'))),
  );
  assert.equal(new Set(hashes).size, hashes.length);
});

test('a personalisation that does not fit is refused, not cut', () => {
  const isRefusal = (error: unknown): boolean =>
    error instanceof CryptoError && error.code === 'wrong-length';
  assert.throws(() => blake2b('SERO_34567890_234', utf8('m')), isRefusal);
  assert.throws(() => blake2s256('SERO_6789', utf8('m')), isRefusal);
  assert.equal(blake2bOfLength('SERO_34567890_23', 1, []).length, 1);
});
