import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Q } from '@sero/crypto';
import { type DifferentialCase, differentialCases, inputName } from './differential.ts';
import { DIFFERENTIAL_KINDS } from './differential-kinds.ts';
import { createSource } from './differential-points.ts';
import { openBackend } from './open-backend.ts';
import { knownKey, randomField, simulate } from './test-support.ts';
import { createPortableVerifier } from './verifier.ts';

/**
 * The verifier of the backend that this run uses (SERO_PROVER chooses) against verdicts that are known from how the cases were made.
 * SERO_DIFFERENTIAL=100000 compares more, SERO_DIFFERENTIAL_JUDGED=10000 has the reference judge as many of them. Slower
 * backends get fewer cases: WebAssembly runs the C++ that the native ones are compared by, and the reference is some 60 ms a proof.
 */
const CASES = { native: 10_000, wasm: 1500, reference: 120 };
const JUDGED = { native: 1000, wasm: 120, reference: 43 };

const backend = await openBackend();
const COUNT = Number(process.env['SERO_DIFFERENTIAL'] ?? CASES[backend.name]);
const JUDGED_COUNT = Number(process.env['SERO_DIFFERENTIAL_JUDGED'] ?? JUDGED[backend.name]);
const SEED = process.env['SERO_DIFFERENTIAL_SEED'] ?? 'one seed replays the run';
const LARGEST_BATCH = 96;

const { verifier } = backend;
const cases = await differentialCases({ count: COUNT, seed: SEED });

after(() => backend.close());

const describe = ({ kind, item }: DifferentialCase): string =>
  `${kind}: proof ${Buffer.from(item.proof).toString('hex')}, inputs ${item.publicInputs.join(' ')}, circuit ${item.vk.circuit}`;

test('the cases hold every kind, both verdicts and every code that a proof can be refused with', () => {
  assert.deepEqual(
    new Set(cases.map(({ kind }) => kind)),
    new Set(DIFFERENTIAL_KINDS.map(({ name }) => name)),
  );
  assert.deepEqual([...new Set(cases.map(({ expected }) => (expected.ok ? 'ok' : expected.code)))].sort(), [
    'ok',
    'point-at-infinity',
    'point-not-canonical',
    'point-not-in-subgroup',
    'point-not-on-curve',
    'proof-invalid',
    'proof-length',
    'public-input-count',
    'public-input-not-canonical',
  ]);
});

test('the cases are all distinct, and of those that reach the equation and those that hold there are enough', (t) => {
  const distinct = (some: readonly DifferentialCase[]): number =>
    new Set(some.map(({ item }) => inputName(item))).size;
  const reaching = cases.filter(({ reachesEquation }) => reachesEquation);
  const holding = cases.filter(({ expected }) => expected.ok);
  t.diagnostic(
    `${cases.length} cases, ${distinct(cases)} distinct; ${distinct(reaching)} distinct reach the equation; ${distinct(holding)} distinct hold; the reference judges ${Math.min(JUDGED_COUNT, COUNT)}`,
  );
  assert.equal(distinct(cases), COUNT);
  assert.ok(distinct(reaching) >= 0.15 * COUNT);
  assert.ok(distinct(holding) >= 0.05 * COUNT);
});

test('the verdicts are those that the reference gives', () => {
  const reference = createPortableVerifier();
  for (const one of cases.slice(0, JUDGED_COUNT)) {
    const { vk, publicInputs, proof } = one.item;
    assert.deepEqual(reference.verifySync(vk, publicInputs, proof), one.expected, describe(one));
  }
});

test('one by one, every case gets the verdict that it must get', () => {
  for (const one of cases) {
    const { vk, publicInputs, proof } = one.item;
    assert.deepEqual(verifier.verifySync(vk, publicInputs, proof), one.expected, describe(one));
  }
});

test('in batches of any size and mix, every case gets the verdict that it must get', async () => {
  const source = createSource(`${SEED}, batches`);
  for (let at = 0; at < cases.length; ) {
    const batch = cases.slice(at, at + 1 + source.below(LARGEST_BATCH));
    at += batch.length;
    const verdicts = await verifier.verifyBatch(batch.map(({ item }) => item));
    for (const [i, one] of batch.entries()) assert.deepEqual(verdicts[i], one.expected, describe(one));
  }
});

test('in batches of true proofs, which no bisection looks at one by one, all pass', async () => {
  const holding = cases.filter(({ expected }) => expected.ok);
  for (let at = 0; at < holding.length; at += LARGEST_BATCH) {
    const batch = holding.slice(at, at + LARGEST_BATCH);
    const verdicts = await verifier.verifyBatch(batch.map(({ item }) => item));
    assert.ok(verdicts.every(({ ok }) => ok));
  }
});

test('keys with many inputs, whose tables have other windows, are verified alike', async () => {
  // Backends fit the tables of a key into a bound; the reference does not.
  for (const inputs of backend.name === 'reference' ? [40] : [40, 70, 100, 200]) {
    const key = knownKey(inputs);
    const publicInputs = Array.from({ length: inputs }, (_, i) =>
      i % 3 === 0 ? Q - 1n - BigInt(i) : randomField(),
    );
    const proof = simulate(key, publicInputs);
    const wrong = [...publicInputs.slice(1), 0n];
    assert.deepEqual(verifier.verifySync(key.vk, publicInputs, proof), { ok: true });
    assert.deepEqual(verifier.verifySync(key.vk, wrong, proof), { ok: false, code: 'proof-invalid' });
    const good = { vk: key.vk, publicInputs, proof };
    const batch = await verifier.verifyBatch([good, good, { ...good, publicInputs: wrong }, good, good]);
    assert.deepEqual(
      batch.map(({ ok }) => ok),
      [true, true, false, true, true],
    );
  }
});
