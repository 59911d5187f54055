import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { portableBls } from '@sero/crypto';
import { blsCompliance } from '@sero/crypto/test/bls';
import fc from 'fast-check';
import { blsDescription, chooseBls, nativeBls } from './native-bls.ts';

describe('BLS on blst', () => blsCompliance(nativeBls));

test('it is blst that works here', () => {
  assert.equal(blsDescription, 'blst');
  assert.notEqual(nativeBls, portableBls);
});

test('where the binary cannot be loaded it is the portable one, and the log says why', () => {
  const { bls, description } = chooseBls(() => {
    throw new Error('no binary for this platform');
  });
  assert.equal(bls, portableBls);
  assert.match(description, /portable.*no binary for this platform/);
});

describe('portable and native agree', () => {
  const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
    bytes[0]! &= 0x3f;
    bytes[31]! |= 1;
    return bytes;
  });

  it('to the byte, on random keys, messages and aggregates', () => {
    fc.assert(
      fc.property(
        fc.array(secrets, { minLength: 1, maxLength: 3 }),
        fc.uint8Array({ maxLength: 100 }),
        (all, message) => {
          const keys = all.map(portableBls.publicKey);
          assert.deepEqual(all.map(nativeBls.publicKey), keys);
          const signatures = all.map((secret) => portableBls.sign(secret, message));
          assert.deepEqual(
            all.map((secret) => nativeBls.sign(secret, message)),
            signatures,
          );
          const sum = portableBls.aggregate(signatures);
          assert.deepEqual(nativeBls.aggregate(signatures), sum);
          assert.equal(nativeBls.verifyAggregate(keys, message, sum), true);
          assert.equal(portableBls.verifyAggregate(keys, message, sum), true);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('on every spelling of the flags and on every bit changed in a key, a signature and an aggregate', () => {
    const secret = new Uint8Array(32).fill(9);
    const message = new Uint8Array(5);
    const [key, signature] = [portableBls.publicKey(secret), portableBls.sign(secret, message)];
    const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      return changed;
    };
    // All bits of the first byte, which holds the flags; and one of each other byte.
    const bits = (length: number): number[] => [
      ...Array(8).keys(),
      ...Array.from({ length: length - 1 }, (_, i) => 8 * (i + 1) + (i % 8)),
    ];
    const aggregated = (bls: typeof portableBls, bytes: Uint8Array): string => {
      try {
        return Buffer.from(bls.aggregate([signature, bytes])).toString('hex');
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    for (const bit of bits(48)) {
      const changed = flipped(key, bit);
      assert.equal(
        nativeBls.verify(changed, message, signature),
        portableBls.verify(changed, message, signature),
      );
    }
    for (const bit of bits(96)) {
      const changed = flipped(signature, bit);
      assert.equal(nativeBls.verify(key, message, changed), portableBls.verify(key, message, changed));
      assert.equal(aggregated(nativeBls, changed), aggregated(portableBls, changed));
    }
  });
});
