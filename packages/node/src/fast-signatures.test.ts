import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { portableEd25519, portableVrf } from '@sero/crypto';
import { ed25519Compliance } from '@sero/crypto/test/ed25519';
import { vrfCompliance } from '@sero/crypto/test/vrf';
import fc from 'fast-check';
import { fastEd25519, fastVrf } from './fast-signatures.ts';

describe("libsodium's Ed25519", () => ed25519Compliance(fastEd25519));
describe("the VRF on libsodium's arithmetic", () => vrfCompliance(fastVrf));

test('portable and fast give the same bytes and the same verdicts on random keys, messages and faults', () => {
  const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(seeds, fc.uint8Array({ maxLength: 200 }), fc.nat(8 * 80 - 1), (seed, message, bit) => {
      const key = portableVrf.publicKey(seed);
      assert.deepEqual(fastVrf.publicKey(seed), key);
      assert.deepEqual(fastEd25519.publicKey(seed), portableEd25519.publicKey(seed));
      const signature = portableEd25519.sign(seed, message);
      assert.deepEqual(fastEd25519.sign(seed, message), signature);
      const proof = portableVrf.prove(seed, message);
      assert.deepEqual(fastVrf.prove(seed, message), proof);
      const output = portableVrf.verify(key, message, proof);
      assert.notEqual(output, undefined);
      assert.deepEqual(fastVrf.verify(key, message, proof), output);
      assert.deepEqual(fastVrf.outputOf(proof), output);
      proof[bit >> 3]! ^= 1 << (bit & 7);
      assert.deepEqual(fastVrf.verify(key, message, proof), portableVrf.verify(key, message, proof));
    }),
    { numRuns: 30 },
  );
});
