import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { invert, Q } from '@sero/crypto';
import {
  createPortableVerifier,
  createReferenceGroupEngine,
  decodeVerifyingKey,
  loadVerifyingKeys,
  ProverError,
  verifyingKeyHash,
} from '@sero/prover';
import { createSnarkjsProver } from '@sero/prover/test/snarkjs';
import { loadDevelopmentKeys, makeDevelopmentKeys } from './setup.ts';
import { computeDevelopmentKeys, developmentWaste } from './setup-keys.ts';
import { evaluateQap, power, rootOfUnity } from './setup-qap.ts';
import { R1csError, readR1cs } from './setup-r1cs.ts';
import { productChain, writeR1cs, writeWitness } from './setup-test-support.ts';

const folder = await mkdtemp(join(tmpdir(), 'sero-setup-'));
const prover = createSnarkjsProver();
after(async () => {
  await prover.close();
  await rm(folder, { recursive: true });
});
const verifier = createPortableVerifier();

const circuit = productChain(3);
const r1cs = writeR1cs(circuit.r1cs);
const keys = await makeDevelopmentKeys(r1cs, 1);
const publicInputs = circuit.witness.slice(1, 4);

test('snarkjs proves with the key, and its proof verifies in snarkjs and here', async () => {
  const vk = decodeVerifyingKey(keys.verifyingKey);
  const proof = await prover.prove(keys.zkey, writeWitness(circuit.witness));
  assert.equal(await prover.verify(vk, publicInputs, proof), true);
  assert.deepEqual(await verifier.verify(vk, publicInputs, proof), { ok: true });
});

test('every public input is bound, one that no constraint mentions too', async () => {
  const vk = decodeVerifyingKey(keys.verifyingKey);
  const proof = await prover.prove(keys.zkey, writeWitness(circuit.witness));
  for (let i = 0; i < 3; i++) {
    const altered = publicInputs.map((value, j) => (i === j ? value + 1n : value));
    assert.deepEqual(await verifier.verify(vk, altered, proof), { ok: false, code: 'proof-invalid' });
  }
});

test('circuits of other sizes, a full domain and one beyond among them, prove and verify', async () => {
  // 4 public wires: 12 products fill the domain of 16, 13 need the next.
  for (const products of [1, 12, 13, 40]) {
    const { r1cs: other, witness } = productChain(products);
    const made = await makeDevelopmentKeys(writeR1cs(other), 2);
    const proof = await prover.prove(made.zkey, writeWitness(witness));
    const vk = decodeVerifyingKey(made.verifyingKey);
    assert.deepEqual(await verifier.verify(vk, witness.slice(1, 4), proof), { ok: true });
  }
});

test('the setup is deterministic: made again, the keys are the same bytes', async () => {
  assert.deepEqual(await makeDevelopmentKeys(r1cs, 1), keys);
  // The digest since this format was settled: a change of the bytes needs a new SETUP_VERSION.
  const digest = createHash('sha256').update(keys.zkey).digest('hex');
  assert.equal(digest, 'be32153182a6de2bced8294f49608ed4197e2ef0fd1f370d0d2cc7df8454d456');
});

test('another circuit has other toxic waste', () => {
  const [one, two] = [developmentWaste(r1cs), developmentWaste(writeR1cs(productChain(4).r1cs))];
  assert.equal(new Set([...Object.values(one), ...Object.values(two)]).size, 8);
});

test('the verifying key is marked inside its hashed bytes, and only a devnet loads it', () => {
  assert.ok(Buffer.from(keys.verifyingKey).includes('development'));
  const named = [{ circuit: 1, hash: verifyingKeyHash(keys.verifyingKey) }];
  assert.equal(loadVerifyingKeys(named, [keys.verifyingKey], { devnet: true }).size, 1);
  assert.throws(
    () => loadVerifyingKeys(named, [keys.verifyingKey], { devnet: false }),
    (error) => error instanceof ProverError && error.code === 'key-development',
  );
});

test('anybody can forge under a development key, which is why networks refuse it', async () => {
  // What the secrets give: C = (a b - alpha beta - x) / delta with a and b of one's choice.
  const { alpha, beta, delta } = developmentWaste(r1cs);
  const { ic } = evaluateQap(readR1cs(r1cs), developmentWaste(r1cs));
  const falsehood = [1n, 2n, 3n];
  const x = falsehood.reduce((sum, value, i) => sum + value * ic[i + 1]!, ic[0]!);
  const [a, b] = [3n, 5n];
  const c = ((((a * b - alpha * beta - x) % Q) + Q) * invert(delta)) % Q;
  const point = (scalar: bigint): Uint8Array => bls12_381.G1.Point.BASE.multiply(scalar).toBytes();
  const forged = Buffer.concat([point(a), bls12_381.G2.Point.BASE.multiply(b).toBytes(), point(c)]);
  const vk = decodeVerifyingKey(keys.verifyingKey);
  assert.deepEqual(await verifier.verify(vk, falsehood, forged), { ok: true });
});

test('the reference engine makes the same keys', async () => {
  assert.deepEqual(await computeDevelopmentKeys(r1cs, 1, createReferenceGroupEngine()), keys);
});

test('for a witness, A B - C at tau is the vanishing polynomial times the quotient found by interpolation', () => {
  const { tau } = developmentWaste(r1cs);
  // alpha = beta = 0 and delta = 1 leave C alone in ic and l.
  const waste = { tau, alpha: 0n, beta: 0n, delta: 1n };
  const { a, b, ic, l, domainSize } = evaluateQap(circuit.r1cs, waste);
  const sum = (values: readonly bigint[]): bigint =>
    values.reduce((total, value, wire) => (total + value * circuit.witness[wire]!) % Q, 0n);
  const [left, right, product] = [sum(a), sum(b), sum([...ic, ...l])];
  const vanishing = (power(tau, BigInt(domainSize)) - 1n + Q) % Q;
  const quotient = (((left * right - product) % Q) * invert(vanishing)) % Q;
  assert.equal((quotient + Q) % Q, quotientAt(tau, domainSize));
});

/** h(tau) from the witness by evaluating A, B, C on the coset 7 D and interpolating: no code of the setup. */
function quotientAt(tau: bigint, n: number): bigint {
  const domain = Array.from({ length: n }, (_, i) => power(rootOfUnity(Math.log2(n)), BigInt(i)));
  const interpolate = (xs: readonly bigint[], ys: readonly bigint[], at: bigint): bigint =>
    ys.reduce((total, y, i) => {
      const term = xs.reduce(
        (value, x, j) => (i === j ? value : (((value * (at - x)) % Q) * invert(xs[i]! - x)) % Q),
        y,
      );
      return (((total + term) % Q) + Q) % Q;
    }, 0n);
  const value = (terms: readonly (readonly [number, bigint])[] | undefined): bigint =>
    (terms ?? []).reduce((total, [wire, k]) => (total + k * circuit.witness[wire]!) % Q, 0n);
  const { constraints, publicInputs: count } = circuit.r1cs;
  const rows = (side: 0 | 1 | 2): bigint[] =>
    Array.from({ length: n }, (_, row) => {
      const extra = row - constraints.length;
      if (side === 0 && extra >= 0 && extra <= count) return circuit.witness[extra]!;
      return value(constraints[row]?.[side]);
    });
  const [A, B, C] = [rows(0), rows(1), rows(2)];
  const coset = domain.map((x) => (7n * x) % Q);
  const vanishing = (power(7n, BigInt(n)) - 1n + Q) % Q;
  const quotients = coset.map((x) => {
    const [a, b, c] = [A, B, C].map((ys) => interpolate(domain, ys, x)) as [bigint, bigint, bigint];
    return (((a * b - c) % Q) * invert(vanishing)) % Q;
  });
  return interpolate(coset, quotients, tau);
}

test('keys are made once, said to be insecure once, and then come from the cache', async () => {
  const directory = join(folder, 'once');
  const lines: string[] = [];
  const options = { directory, warn: (line: string) => void lines.push(line) };
  const first = await loadDevelopmentKeys(r1cs, 1, options);
  const second = await loadDevelopmentKeys(r1cs, 1, options);
  assert.deepEqual([first.made, second.made], [true, false]);
  assert.deepEqual(first.zkey, keys.zkey);
  assert.deepEqual(second.zkey, keys.zkey);
  assert.deepEqual(second.verifyingKey, keys.verifyingKey);
  assert.deepEqual(new Uint8Array(await readFile(second.zkeyPath)), keys.zkey);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /INSECURE.*\n$/);
});

test('two that need the same keys at once make them once', async () => {
  const directory = join(folder, 'together');
  const both = await Promise.all(
    [1, 2].map((circuit) => loadDevelopmentKeys(r1cs, circuit, { directory, warn: () => undefined })),
  );
  assert.deepEqual(both.map(({ made }) => made).toSorted(), [false, true]);
  for (const { zkey } of both) assert.deepEqual(zkey, keys.zkey);
});

test('keys are made in a thread: meanwhile the caller’s goes on, and may call it off', async () => {
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  await makeDevelopmentKeys(r1cs, 1);
  clearInterval(ticking);
  assert.ok(turns > 5, `${turns} turns`);
  const calledOff = new AbortController();
  const making = makeDevelopmentKeys(r1cs, 1, calledOff.signal);
  calledOff.abort(new RangeError('enough'));
  await assert.rejects(making, RangeError);
  await assert.rejects(makeDevelopmentKeys(r1cs, 1, calledOff.signal), RangeError);
});

test('the circuit id is of the verifying key only: one cached proving key serves', async () => {
  const options = { directory: join(folder, 'once'), warn: () => undefined };
  await loadDevelopmentKeys(r1cs, 1, options);
  const other = await loadDevelopmentKeys(r1cs, 7, options);
  assert.deepEqual([other.made, decodeVerifyingKey(other.verifyingKey).circuit], [false, 7]);
});

test('a flipped byte in the cache is noticed and the key made again', async () => {
  const options = { directory: join(folder, 'flipped'), warn: () => undefined };
  const { zkeyPath } = await loadDevelopmentKeys(r1cs, 1, options);
  const damaged = await readFile(zkeyPath);
  damaged[4000]! ^= 1;
  await writeFile(zkeyPath, damaged);
  const again = await loadDevelopmentKeys(r1cs, 1, options);
  assert.deepEqual([again.made, again.zkey], [true, keys.zkey]);
  assert.equal((await loadDevelopmentKeys(r1cs, 1, options)).made, false);
});

test('bytes that are no circuit over this field are refused', async () => {
  const otherField = new Uint8Array(r1cs);
  otherField[12 + 12 + 4]! ^= 2;
  const unknownWire = new Uint8Array(r1cs);
  const bodyAt = 12 + 12 + 64 + 12;
  new DataView(unknownWire.buffer).setUint32(bodyAt + 4, 8, true);
  for (const bad of [new Uint8Array(0), writeWitness([1n]), r1cs.subarray(0, 200), otherField, unknownWire]) {
    await assert.rejects(makeDevelopmentKeys(bad, 1), (error) => error instanceof R1csError);
  }
});

test('a circuit survives writing and reading', () => {
  assert.deepEqual(readR1cs(r1cs), circuit.r1cs);
});
