import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { blake2b256, concat, equalBytes, le64, utf8 } from '@sero/crypto';
import fc from 'fast-check';
import { addNullifiers, EMPTY_NULLIFIER_SET, nullifierSetLeaf, type Shake256 } from './index.ts';

const nullifier = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** The lanes of a set, from the definition, by OpenSSL's SHAKE256. */
function naiveLanes(nullifiers: readonly Uint8Array[]): Uint8Array {
  const sums = Array.from({ length: 1024 }, () => 0);
  for (const bytes of nullifiers) {
    const element = createHash('shake256', { outputLength: 2048 })
      .update(concat(utf8('SERO_NILSET_v1'), bytes))
      .digest();
    for (let lane = 0; lane < 1024; lane++)
      sums[lane] = (sums[lane]! + element.readUInt16LE(2 * lane)) % 65_536;
  }
  return Uint8Array.from(sums.flatMap((sum) => [sum & 0xff, sum >> 8]));
}

test('the lanes are sums mod 2^16 of SHAKE256 of each nullifier, as OpenSSL computes it', () => {
  fc.assert(
    fc.property(fc.array(nullifier, { maxLength: 8 }), (set) => {
      const hash = addNullifiers(EMPTY_NULLIFIER_SET, set);
      assert.deepEqual(hash.lanes, naiveLanes(set));
      assert.equal(hash.count, BigInt(set.length));
    }),
    { numRuns: 30 },
  );
});

test('the hash depends on the set alone: not on order, not on how it was cut into blocks', () => {
  fc.assert(
    fc.property(fc.array(nullifier, { maxLength: 8 }), fc.nat(8), (set, cut) => {
      const whole = addNullifiers(EMPTY_NULLIFIER_SET, set);
      const first = addNullifiers(EMPTY_NULLIFIER_SET, set.slice(cut).toReversed());
      assert.deepEqual(addNullifiers(first, set.slice(0, cut)), whole);
    }),
    { numRuns: 30 },
  );
});

test('one nullifier more, less or changed gives another hash, and one twice is not none', () => {
  fc.assert(
    fc.property(fc.array(nullifier, { minLength: 1, maxLength: 5 }), nullifier, (set, other) => {
      fc.pre(!set.some((bytes) => equalBytes(bytes, other)));
      const leafOf = (nullifiers: readonly Uint8Array[]) =>
        nullifierSetLeaf(addNullifiers(EMPTY_NULLIFIER_SET, nullifiers));
      const leaf = leafOf(set);
      for (const changed of [
        [...set, other],
        set.slice(1),
        [other, ...set.slice(1)],
        [...set, set[0]!, set[0]!],
      ]) {
        assert.notDeepEqual(leafOf(changed), leaf);
      }
    }),
    { numRuns: 20 },
  );
});

test('the leaf is the count and the hash of the lanes', () => {
  const hash = addNullifiers(EMPTY_NULLIFIER_SET, [new Uint8Array(32)]);
  assert.deepEqual(nullifierSetLeaf(hash), concat(le64(1n), blake2b256('SERO_NILSET', hash.lanes)));
});

test('adding leaves the earlier hash as it was', () => {
  addNullifiers(EMPTY_NULLIFIER_SET, [new Uint8Array(32)]);
  assert.deepEqual(EMPTY_NULLIFIER_SET, { count: 0n, lanes: new Uint8Array(2048) });
});

test('a native SHAKE256 adds what the portable one adds', () => {
  const native: Shake256 = (message, length) =>
    createHash('shake256', { outputLength: length }).update(message).digest();
  const nullifiers = Array.from({ length: 20 }, () => new Uint8Array(randomBytes(32)));
  assert.deepEqual(
    addNullifiers(EMPTY_NULLIFIER_SET, nullifiers, native),
    addNullifiers(EMPTY_NULLIFIER_SET, nullifiers),
  );
});
