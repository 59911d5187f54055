import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Q } from '@sero/crypto';
import { ProverError, type ProverErrorCode } from '../src/errors.ts';
import { splitProof } from '../src/groth16.ts';
import { decompressG1, type G1Point } from '../src/points.ts';
import { bytes1, g1, joinProof, knownKey, randomField, simulate, torsionG1 } from '../src/test-support.ts';
import { createPortableVerifier } from '../src/verifier.ts';
import { verifyingKeyFromZkey } from '../src/zkey.ts';
import { createSnarkjsProver } from './snarkjs-prover.ts';

// Made from the circuit productChain(3) of packages/circuits; setup.test.ts there makes the key anew and compares.
const zkeyPath = fileURLToPath(new URL('../src/fixtures/product-chain.zkey', import.meta.url));
const zkey = new Uint8Array(await readFile(zkeyPath));
const witness = new Uint8Array(
  await readFile(new URL('../src/fixtures/product-chain.wtns', import.meta.url)),
);
/** The values begin where the file's two section heads and its header end. */
const VALUES_AT = witness.length - 8 * 32;
const publicInputs = [1, 2, 3].map((wire) => {
  const at = VALUES_AT + 32 * wire;
  return BigInt(
    `0x${Buffer.from(witness.subarray(at, at + 32))
      .reverse()
      .toString('hex')}`,
  );
});
const vk = verifyingKeyFromZkey(zkey, 1, true);

const prover = createSnarkjsProver();
after(() => prover.close());
const verifier = createPortableVerifier();
const proof = await prover.prove(zkey, witness);

const refusesWith =
  (code: ProverErrorCode) =>
  (error: unknown): boolean =>
    error instanceof ProverError && error.code === code;

test('a proof verifies here and in snarkjs', async () => {
  assert.equal(proof.length, 192);
  assert.deepEqual(await verifier.verify(vk, publicInputs, proof), { ok: true });
  assert.equal(await prover.verify(vk, publicInputs, proof), true);
});

test('a key by path and a key by bytes give proofs of the same statement, never the same proof', async () => {
  const byPath = await prover.prove(zkeyPath, witness);
  assert.deepEqual(await verifier.verify(vk, publicInputs, byPath), { ok: true });
  assert.notDeepEqual(byPath, proof);
});

test('both verifiers refuse the same false proofs', async () => {
  const { a, b, c } = splitProof(proof);
  const [p, last, unused] = publicInputs as [bigint, bigint, bigint];
  const negated = new Uint8Array(proof);
  negated[0]! ^= 0x20;
  const falsehoods: [readonly bigint[], Uint8Array][] = [
    [[p + 1n, last, unused], proof],
    [[last, p, unused], proof],
    [[p, last, unused + 1n], proof],
    [[p + Q, last, unused], proof],
    [publicInputs, joinProof(c, b, a)],
    [publicInputs, joinProof(bytes1(g1(5n)), b, c)],
    [publicInputs, joinProof(a, b, bytes1(g1(5n)))],
    [publicInputs, joinProof(a, vk.beta, c)],
    [publicInputs, negated],
  ];
  for (const [inputs, candidate] of falsehoods) {
    assert.equal((await verifier.verify(vk, inputs, candidate)).ok, false);
    assert.equal(await prover.verify(vk, inputs, candidate), false);
  }
});

test('both verifiers accept what the secrets of a key prove', async () => {
  const known = knownKey(2);
  const inputs = [randomField(), randomField()];
  const simulated = simulate(known, inputs);
  assert.equal(await prover.verify(known.vk, inputs, simulated), true);
  assert.deepEqual(await verifier.verify(known.vk, inputs, simulated), { ok: true });
});

test('torsion in A passes snarkjs, which does not look, and is refused here', async () => {
  const { a, b, c } = splitProof(proof);
  const shifted = joinProof(bytes1((decompressG1(a) as G1Point).add(torsionG1())), b, c);
  assert.equal(await prover.verify(vk, publicInputs, shifted), true);
  assert.deepEqual(await verifier.verify(vk, publicInputs, shifted), {
    ok: false,
    code: 'point-not-in-subgroup',
  });
});

test('under a key with gamma = delta snarkjs takes a forgery; here the key is refused', async () => {
  const secret = randomField();
  const weak = knownKey(1, { gamma: secret, delta: secret }).vk;
  const x = (decompressG1(weak.ic[0]!) as G1Point).add(
    (decompressG1(weak.ic[1]!) as G1Point).multiplyUnsafe(9n),
  );
  const forged = joinProof(weak.alpha, weak.beta, bytes1(x.negate()));
  assert.equal(await prover.verify(weak, [9n], forged), true);
  await assert.rejects(verifier.verify(weak, [9n], forged), refusesWith('key-gamma-equals-delta'));
});

test('a witness that breaks the circuit gives a proof that nobody accepts', async () => {
  const broken = new Uint8Array(witness);
  broken[VALUES_AT + 32 * 5]! ^= 1;
  const worthless = await prover.prove(zkey, broken);
  assert.deepEqual(await verifier.verify(vk, publicInputs, worthless), { ok: false, code: 'proof-invalid' });
});

test("the caller's witness is left as it was, a Buffer's too", async () => {
  const held = Buffer.from(witness);
  await prover.prove(zkey, held);
  assert.deepEqual(new Uint8Array(held), witness);
});

test('a key that cannot be read, is cut short, or is no key is refused', async () => {
  const otherCurve = new Uint8Array(zkey);
  const fieldAt = 12 + 12 + 4 + 12 + 4;
  otherCurve[fieldAt]! ^= 1;
  for (const bad of [`${zkeyPath}.absent`, zkey.subarray(0, 100), new Uint8Array(0), witness, otherCurve]) {
    await assert.rejects(prover.prove(bad, witness), refusesWith('zkey-malformed'));
  }
});

test('a witness that is cut short, is none, or is of another field is refused', async () => {
  const otherField = new Uint8Array(witness);
  otherField[12 + 12 + 4]! ^= 1;
  for (const bad of [witness.subarray(0, 80), new Uint8Array(0), zkey, otherField]) {
    await assert.rejects(prover.prove(zkey, bad), refusesWith('witness-malformed'));
  }
});

test('a witness of another circuit is refused', async () => {
  const shorter = witness.slice(0, witness.length - 32);
  const view = new DataView(shorter.buffer);
  const countAt = 12 + 12 + 4 + 32;
  view.setUint32(countAt, view.getUint32(countAt, true) - 1, true);
  view.setBigUint64(countAt + 4 + 4, 7n * 32n, true);
  await assert.rejects(prover.prove(zkey, shorter), refusesWith('witness-length'));
});

test('a proof can be aborted before it starts, while it waits and while it runs; others are not touched', async () => {
  await assert.rejects(prover.prove(zkey, witness, AbortSignal.abort()), refusesWith('aborted'));

  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = prover.prove(zkey, witness, running.signal);
  const second = prover.prove(zkey, witness, waiting.signal);
  const third = prover.prove(zkey, witness);
  waiting.abort();
  await assert.rejects(second, refusesWith('aborted'));
  running.abort('changed my mind');
  await assert.rejects(
    first,
    (error) => error instanceof ProverError && error.code === 'aborted' && error.cause === 'changed my mind',
  );
  assert.deepEqual(await verifier.verify(vk, publicInputs, await third), { ok: true });
});

test('closing refuses what runs, what waits and what comes later', async () => {
  const other = createSnarkjsProver();
  const pending = [other.prove(zkey, witness), other.prove(zkey, witness)];
  const refusals = Promise.all(pending.map((one) => assert.rejects(one, refusesWith('closed'))));
  await other.close();
  await refusals;
  await assert.rejects(other.prove(zkey, witness), refusesWith('closed'));
  await other.close();
});

test('a process that forgot to close its prover still ends', async () => {
  const program = `
    import { readFile } from 'node:fs/promises';
    import { createSnarkjsProver } from ${JSON.stringify(new URL('./snarkjs-prover.ts', import.meta.url).href)};
    const witness = await readFile(new URL(${JSON.stringify(new URL('../src/fixtures/product-chain.wtns', import.meta.url).href)}));
    const proof = await createSnarkjsProver().prove(${JSON.stringify(zkeyPath)}, witness);
    console.log(proof.length);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  assert.equal(stdout, '192\n');
});
