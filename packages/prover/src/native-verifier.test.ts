import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeAddon } from './fake-addon-test-support.ts';
import { createNativeVerifier } from './native-verifier.ts';
import { knownKey, simulate } from './test-support.ts';
import { createPortableVerifier } from './verifier.ts';
import type { VerifyingKey } from './verifying-key.ts';

const key = knownKey(2);
const inputs = [3n, 4n];
const proof = simulate(key, inputs);
const { alpha, beta, gamma, delta, ic } = key.vk;
const joined = (left: Uint8Array, right: Uint8Array, at: number): [Uint8Array, Uint8Array] => {
  const all = Uint8Array.of(...left, ...right);
  return [all.subarray(0, at), all.subarray(at)];
};
const [shortAlpha, longBeta] = joined(alpha, beta, 47);
const [longGamma, shortDelta] = joined(gamma, delta, 97);
const [shortIc, longIc] = joined(ic[0]!, ic[1]!, 40);

/** Keys whose bytes, joined, are those of a key. */
const shifted: readonly VerifyingKey[] = [
  { ...key.vk, alpha: shortAlpha, beta: longBeta },
  { ...key.vk, gamma: longGamma, delta: shortDelta },
  { ...key.vk, ic: [shortIc, longIc, ic[2]!] },
];

test('a key whose points are not as long as points are never reaches the addon, and is refused as by the reference', async () => {
  // This addon would take any bytes for a key.
  const { addon } = fakeAddon(() => Uint8Array.of(0));
  const verifier = createNativeVerifier(addon);
  const reference = createPortableVerifier();
  for (const vk of shifted) {
    const refused = { name: 'ProverError', code: 'point-not-canonical' };
    for (const one of [verifier, reference]) {
      assert.throws(() => one.verifySync(vk, inputs, proof), refused);
      await assert.rejects(one.verify(vk, inputs, proof), refused);
      await assert.rejects(one.verifyBatch([{ vk, publicInputs: inputs, proof }]), refused);
    }
  }
  assert.equal(addon.liveHandles(), 0);
});

test('keys are prepared once, kept, and freed when that is asked for', async () => {
  const { addon, released } = fakeAddon(() => Uint8Array.of(0));
  const verifier = createNativeVerifier(addon);
  for (let time = 0; time < 3; time++) await verifier.verify(key.vk, inputs, proof);
  assert.equal(addon.liveHandles(), 1);
  verifier.release();
  verifier.release();
  assert.deepEqual([addon.liveHandles(), released.length], [0, 1]);
  await verifier.verify(key.vk, inputs, proof);
  assert.equal(addon.liveHandles(), 1);
});
