import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ProverError, type ProverErrorCode } from './errors.ts';
import { encodeG2, G2 } from './points.ts';
import { checkVerifyingKey } from './verifying-key-checks.ts';
import { readWitnessLength, readZkeyShape, verifyingKeyFromZkey } from './zkey.ts';

const read = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`./fixtures/${name}`, import.meta.url)));
const zkey = await read('product-chain.zkey');
const witness = await read('product-chain.wtns');

const refusesWith =
  (code: ProverErrorCode) =>
  (error: unknown): boolean =>
    error instanceof ProverError && error.code === code;

test("a proving key's sizes are read", () => {
  assert.deepEqual(readZkeyShape(zkey), { wires: 8, publicInputs: 3, domainSize: 8 });
  assert.equal(readWitnessLength(witness), 8);
});

test('the verifying key inside a proving key passes every check, its gamma being the generator', () => {
  const vk = verifyingKeyFromZkey(zkey, 3, true);
  assert.deepEqual([vk.circuit, vk.development, vk.ic.length], [3, true, 4]);
  assert.deepEqual(vk.gamma, encodeG2(G2.BASE.toAffine()));
  checkVerifyingKey(vk);
});

test('files cut short anywhere or followed by further bytes are refused', () => {
  for (let length = 0; length < zkey.length; length += 41) {
    assert.throws(() => readZkeyShape(zkey.subarray(0, length)), refusesWith('zkey-malformed'));
  }
  assert.throws(() => readZkeyShape(Uint8Array.of(...zkey, 0)), refusesWith('zkey-malformed'));
  for (let length = 0; length < witness.length; length += 3) {
    assert.throws(() => readWitnessLength(witness.subarray(0, length)), refusesWith('witness-malformed'));
  }
});

/** Where the first section's bytes begin. */
const FIRST = 12 + 12;

test('a section that claims more bytes than there are is refused', () => {
  const greedy = new Uint8Array(zkey);
  new DataView(greedy.buffer).setBigUint64(FIRST - 8, 1n << 63n, true);
  assert.throws(() => readZkeyShape(greedy), refusesWith('zkey-malformed'));
});

test('a section that stands twice is refused', () => {
  const doubled = new Uint8Array(zkey);
  new DataView(doubled.buffer).setUint32(FIRST + 4, 1, true);
  assert.throws(() => readZkeyShape(doubled), refusesWith('zkey-malformed'));
});

test('other proof systems and other curves are refused', () => {
  const plonk = new Uint8Array(zkey);
  plonk[FIRST] = 2;
  assert.throws(() => readZkeyShape(plonk), refusesWith('zkey-malformed'));
  const otherScalars = new Uint8Array(zkey);
  otherScalars[FIRST + 4 + 12 + 4 + 48 + 4]! ^= 2;
  assert.throws(() => readZkeyShape(otherScalars), refusesWith('zkey-malformed'));
});

test('a key whose IC points are not public inputs + 1 is refused', () => {
  const claims = new Uint8Array(zkey);
  const inputsAt = FIRST + 4 + 12 + 4 + 48 + 4 + 32 + 4;
  assert.equal(claims[inputsAt], 3);
  claims[inputsAt] = 2;
  assert.throws(() => verifyingKeyFromZkey(claims, 1, true), refusesWith('zkey-malformed'));
});

test('a witness whose values are not as many as announced is refused', () => {
  const claims = new Uint8Array(witness);
  claims[FIRST + 4 + 32] = 9;
  assert.throws(() => readWitnessLength(claims), refusesWith('witness-malformed'));
});
