import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { blsCompliance } from './bls-test-support.ts';
import {
  BLS_KEY_LENGTH,
  type Bls,
  blsSecret,
  blsWith,
  CryptoError,
  fromHex,
  leBytes,
  portableBls,
  toHex,
  utf8,
} from './index.ts';

const { G1 } = bls12_381;
const NOBODY = new Uint8Array(0);
const message = utf8('checkpoint 256');
const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const key = portableBls.publicKey(secretOf(1));
const signature = portableBls.sign(secretOf(1), message);
/** Of somebody who registers. */
const NEW_KEY = portableBls.publicKey(secretOf(2));
const bigEndian = (value: bigint, length: number): Uint8Array => leBytes(value, length).reverse();

describe('the portable BLS', () => blsCompliance(portableBls));

test('a secret comes from key material as EIP-2333 makes its master key', () => {
  const seed =
    'c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04';
  const made = blsSecret(fromHex(seed));
  assert.equal(
    BigInt(`0x${toHex(made)}`),
    6083874454709270928345386274498605044986640685124978867557563392430687146096n,
  );
  assert.notDeepEqual(blsSecret(new Uint8Array(32)), blsSecret(new Uint8Array(33)));
  for (const length of [0, 16, 31])
    assert.throws(() => blsSecret(new Uint8Array(length)), hasCode('wrong-length'));
});

/** BLS that counts the keys it decodes, all of them to one point. */
function counting() {
  let count = 0;
  const bls = blsWith(() => {
    count++;
    return G1.Point.BASE;
  });
  const decodings = (check: (bls: Bls) => boolean): number => {
    count = 0;
    assert.equal(check(bls), false);
    return count;
  };
  return decodings;
}

test('the keys of an aggregate are decoded once, however many they are', () => {
  const decodings = counting();
  const keys = Array.from({ length: 8_193 }, (_, i) => bigEndian(BigInt(i), BLS_KEY_LENGTH));
  const all = (bls: Bls) => bls.verifyAggregate(keys, message, signature);
  assert.deepEqual([decodings(all), decodings(all)], [8_193, 0]);
  // Others sign the next time, and the first again.
  const others = keys.slice(0, 100).map((each) => each.map((byte) => 255 - byte));
  const next = (bls: Bls) => bls.verifyAggregate([...keys.slice(100), ...others], message, signature);
  assert.deepEqual([decodings(next), decodings(all)], [100, 0]);
});

test('keys that nobody registered yet push none out', () => {
  const decodings = counting();
  const one = (bls: Bls) => bls.verify(key, message, signature);
  assert.deepEqual([decodings(one), decodings(one)], [1, 0]);
  const claim = (bls: Bls) => bls.verifyPossession(NEW_KEY, signature, NOBODY);
  assert.deepEqual([decodings(claim), decodings(claim), decodings(one)], [1, 1, 0]);
});

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}
