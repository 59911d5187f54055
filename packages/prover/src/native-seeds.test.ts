import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeAddon } from './fake-addon-test-support.ts';
import { signedItem } from './jubjub-test-support.ts';
import { createNativeSignatureVerifier } from './native-signatures.ts';
import { createNativeVerifier } from './native-verifier.ts';
import { recordRandomness } from './randomness-test-support.ts';
import { knownKey, simulate } from './test-support.ts';

/** Who can guess the coefficients of a batch makes false proofs and signatures that cancel out in its sum. */

const SEED_BYTES = 32;
const SEED_PLACE: Readonly<Record<string, number>> = { verifyBatch: 4, verifySignatures: 1 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The addon finds everything valid; seeds are kept as they are when they are handed to it. */
function recorder() {
  const seeds: string[] = [];
  const { addon } = fakeAddon((name, args) => {
    const seed = args[SEED_PLACE[name]!] as Uint8Array;
    assert.equal(seed.length, SEED_BYTES);
    seeds.push(hex(seed));
    const count =
      name === 'verifyBatch' ? (args[1] as Uint8Array).length : (args[0] as Uint8Array).length / 128;
    return new Uint8Array(count).fill(name === 'verifyBatch' ? 0 : 1);
  });
  return { addon, seeds };
}

const key = knownKey(1);
const item = { vk: key.vk, publicInputs: [7n], proof: simulate(key, [7n]) };
const signed = signedItem();

test('every call for proofs has a seed of its own, fresh from the source of randomness', async (t) => {
  const drawn = recordRandomness(t);
  const { addon, seeds } = recorder();
  const verifier = createNativeVerifier(addon);
  await verifier.verifyBatch(Array.from({ length: 600 }, () => item));
  await verifier.verifyBatch([item]);
  await verifier.verify(item.vk, item.publicInputs, item.proof);
  assert.equal(seeds.length, 5, '256, 256 and 88 proofs, one, one');
  assert.equal(new Set(seeds).size, 5);
  assert.ok(seeds.every((seed) => drawn.has(seed)));
});

test('every call for signatures has a seed of its own, fresh from the source of randomness', async (t) => {
  const drawn = recordRandomness(t);
  const { addon, seeds } = recorder();
  const verifier = createNativeSignatureVerifier(addon);
  await verifier.verifyBatch(Array.from({ length: 5000 }, () => signed));
  await verifier.verifyBatch([signed]);
  assert.equal(seeds.length, 3, '4,096 and 904 signatures, one');
  assert.equal(new Set(seeds).size, 3);
  assert.ok(seeds.every((seed) => drawn.has(seed)));
});
