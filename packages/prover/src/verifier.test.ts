import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Q } from '@sero/crypto';
import fc from 'fast-check';
import { ProverError } from './errors.ts';
import type { Proof, ProofItem, Verdict } from './groth16.ts';
import { splitProof } from './groth16.ts';
import { decompressG1, type G1Point } from './points.ts';
import {
  aliasG1,
  bareEquation,
  bytes1,
  bytes2,
  g1,
  g2,
  infinityBytes,
  joinProof,
  knownKey,
  offCurveG1,
  randomField,
  simulate,
  strayG1,
  strayG2,
  torsionG1,
} from './test-support.ts';
import { createPortableVerifier } from './verifier.ts';

const verifier = createPortableVerifier();
const key = knownKey(3);
const inputs = [5n, 0n, Q - 1n];
const proof = simulate(key, inputs);
const parts = splitProof(proof);

const OK: Verdict = { ok: true };
const refused = (code: string): unknown => ({ ok: false, code });

/** The verdict of all three calls, which must be one. */
async function verdictOf(publicInputs: readonly bigint[], candidate: Proof): Promise<Verdict> {
  const single = await verifier.verify(key.vk, publicInputs, candidate);
  assert.deepEqual(verifier.verifySync(key.vk, publicInputs, candidate), single);
  const honest: ProofItem = { vk: key.vk, publicInputs: inputs, proof };
  const batch = await verifier.verifyBatch([honest, { vk: key.vk, publicInputs, proof: candidate }, honest]);
  assert.deepEqual(batch, [OK, single, OK]);
  return single;
}

test('an honest proof verifies', async () => {
  assert.deepEqual(await verdictOf(inputs, proof), OK);
});

test('a proof for other public inputs is refused', async () => {
  assert.deepEqual(await verdictOf([6n, 0n, Q - 1n], proof), refused('proof-invalid'));
  assert.deepEqual(await verdictOf([0n, 5n, Q - 1n], proof), refused('proof-invalid'));
});

test('a proof under another key is refused', async () => {
  const foreign = simulate(knownKey(3), inputs);
  assert.deepEqual(await verdictOf(inputs, foreign), refused('proof-invalid'));
});

test('an input plus the modulus, the same element to the equation, is refused', async () => {
  assert.ok(bareEquation(key.vk, [5n + Q, 0n, Q - 1n], proof), 'the bare equation cannot tell them apart');
  assert.deepEqual(await verdictOf([5n + Q, 0n, Q - 1n], proof), refused('public-input-not-canonical'));
  assert.deepEqual(await verdictOf([5n, Q, Q - 1n], proof), refused('public-input-not-canonical'));
  assert.deepEqual(await verdictOf([5n, 0n, -1n], proof), refused('public-input-not-canonical'));
});

test('missing public inputs are not zeros, and further ones are refused', async () => {
  const shorter = [5n, 7n, 0n];
  const forShorter = simulate(key, shorter);
  assert.deepEqual(await verdictOf(shorter, forShorter), OK);
  assert.deepEqual(await verdictOf([5n, 7n], forShorter), refused('public-input-count'));
  assert.deepEqual(await verdictOf([...shorter, 0n], forShorter), refused('public-input-count'));
  assert.deepEqual(await verdictOf([], forShorter), refused('public-input-count'));
});

test('a proof of the wrong length is refused', async () => {
  assert.deepEqual(await verdictOf(inputs, proof.subarray(1)), refused('proof-length'));
  assert.deepEqual(await verdictOf(inputs, new Uint8Array(0)), refused('proof-length'));
  assert.deepEqual(
    await verdictOf(inputs, joinProof(proof, new Uint8Array(1), new Uint8Array(0))),
    refused('proof-length'),
  );
});

test('a proof point at infinity is refused, in each place', async () => {
  const cases = [
    joinProof(infinityBytes(48), parts.b, parts.c),
    joinProof(parts.a, infinityBytes(96), parts.c),
    joinProof(parts.a, parts.b, infinityBytes(48)),
  ];
  for (const candidate of cases)
    assert.deepEqual(await verdictOf(inputs, candidate), refused('point-at-infinity'));
});

test('a true statement whose C is infinity has a proof under the bare equation, and is refused here', async () => {
  // e(A, B) = e(alpha, beta) e(X, gamma) with A = (alpha beta + x gamma) G1, B = G2: needs the secrets, yet holds.
  const { secrets, vk } = key;
  const x = inputs.reduce((sum, value, i) => sum + value * secrets.ic[i + 1]!, secrets.ic[0]!);
  const a = (secrets.alpha * secrets.beta + x * secrets.gamma) % Q;
  const candidate = joinProof(bytes1(g1(a)), bytes2(g2(1n)), infinityBytes(48));
  assert.ok(bareEquation(vk, inputs, candidate));
  assert.deepEqual(await verdictOf(inputs, candidate), refused('point-at-infinity'));
});

test('a proof point off the curve is refused', async () => {
  assert.deepEqual(
    await verdictOf(inputs, joinProof(offCurveG1(), parts.b, parts.c)),
    refused('point-not-on-curve'),
  );
  assert.deepEqual(
    await verdictOf(inputs, joinProof(parts.a, parts.b, offCurveG1())),
    refused('point-not-on-curve'),
  );
});

test('a proof point outside the subgroup is refused, in each place', async () => {
  const [stray1, stray2] = [bytes1(strayG1()), bytes2(strayG2())];
  const cases = [
    joinProof(stray1, parts.b, parts.c),
    joinProof(parts.a, stray2, parts.c),
    joinProof(parts.a, parts.b, stray1),
  ];
  for (const candidate of cases)
    assert.deepEqual(await verdictOf(inputs, candidate), refused('point-not-in-subgroup'));
});

test('a second form of a valid proof, torsion added to A or C, passes the bare equation and is refused', async () => {
  const torsion = torsionG1();
  const shift = (bytes: Uint8Array): Uint8Array => bytes1((decompressG1(bytes) as G1Point).add(torsion));
  for (const candidate of [
    joinProof(shift(parts.a), parts.b, parts.c),
    joinProof(parts.a, parts.b, shift(parts.c)),
  ]) {
    assert.ok(bareEquation(key.vk, inputs, candidate));
    assert.deepEqual(await verdictOf(inputs, candidate), refused('point-not-in-subgroup'));
  }
});

test('a second spelling of a proof point is refused', async () => {
  let spelled: Proof | undefined;
  let honest = proof;
  while (spelled === undefined) {
    honest = simulate(key, inputs);
    const { a, b, c } = splitProof(honest);
    const alias = aliasG1(a);
    if (alias !== undefined) spelled = joinProof(alias, b, c);
  }
  assert.deepEqual(await verdictOf(inputs, honest), OK);
  assert.deepEqual(await verdictOf(inputs, spelled), refused('point-not-canonical'));
  const uncompressed = proof.slice();
  uncompressed[0]! &= 0x7f;
  assert.deepEqual(await verdictOf(inputs, uncompressed), refused('point-not-canonical'));
});

test('a point with the other root of y is another point', async () => {
  for (const at of [0, 48, 144]) {
    const flipped = proof.slice();
    flipped[at]! ^= 0x20;
    assert.deepEqual(await verdictOf(inputs, flipped), refused('proof-invalid'));
  }
});

test('a flipped bit anywhere in a proof is refused and never throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(192 * 8 - 1), async (bit) => {
      const flipped = proof.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal((await verifier.verify(key.vk, inputs, flipped)).ok, false);
    }),
    { numRuns: 60 },
  );
});

test('random bytes of any length are refused and never throw', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 400 }), async (bytes) => {
      assert.equal((await verifier.verify(key.vk, inputs, bytes)).ok, false);
    }),
    { numRuns: 60 },
  );
});

test('public inputs that make X the point at infinity are checked like any others', async () => {
  const secretIc = [6n * 7n, Q - 6n];
  const chosen = knownKey(1, { ic: secretIc });
  const atInfinity = simulate(chosen, [7n]);
  assert.deepEqual(await verifier.verify(chosen.vk, [7n], atInfinity), OK);
  assert.deepEqual(await verifier.verify(chosen.vk, [8n], atInfinity), refused('proof-invalid'));
  const item = { vk: chosen.vk, publicInputs: [7n], proof: atInfinity };
  assert.deepEqual(await verifier.verifyBatch([item, { ...item, publicInputs: [8n] }]), [
    OK,
    refused('proof-invalid'),
  ]);
});

test('an empty batch has no verdicts', async () => {
  assert.deepEqual(await verifier.verifyBatch([]), []);
});

test('a batch over several keys gives each proof the verdict that it gets alone', async () => {
  const keys = [knownKey(3), knownKey(1, {}, 2), knownKey(5, {}, 3)];
  const items: ProofItem[] = Array.from({ length: 12 }, (_, i) => {
    const known = keys[i % 3]!;
    const publicInputs = known.vk.ic.slice(1).map(randomField);
    return { vk: known.vk, publicInputs, proof: simulate(known, publicInputs) };
  });
  assert.deepEqual(
    await verifier.verifyBatch(items),
    items.map(() => OK),
  );
  // A proof under a wrong key, altered inputs, a stray point, and a proof of its neighbour.
  items[1] = { ...items[1]!, proof: items[0]!.proof };
  items[4] = { ...items[4]!, publicInputs: [items[4]!.publicInputs[0]! + 1n] };
  items[6] = { ...items[6]!, proof: joinProof(bytes1(strayG1()), parts.b, parts.c) };
  items[11] = { ...items[11]!, proof: items[8]!.proof };
  const single = await Promise.all(
    items.map((item) => verifier.verify(item.vk, item.publicInputs, item.proof)),
  );
  assert.deepEqual(await verifier.verifyBatch(items), single);
  assert.deepEqual(
    single.flatMap(({ ok }, i) => (ok ? [] : [i])),
    [1, 4, 6, 11],
  );
});

test('wherever the false proofs stand, exactly they are found', async () => {
  const publicInputs = [1n, 2n, 3n];
  const wrong = [1n, 2n, 4n];
  const good = simulate(key, publicInputs);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), async (truths) => {
      const items = truths.map((truth) => ({
        vk: key.vk,
        publicInputs: truth ? publicInputs : wrong,
        proof: good,
      }));
      const verdicts = await verifier.verifyBatch(items);
      assert.deepEqual(
        verdicts.map(({ ok }) => ok),
        truths,
      );
    }),
    { numRuns: 12 },
  );
});

/** Two false proofs whose errors cancel under equal coefficients: C + D and C - D. */
function cancellingPair(): ProofItem[] {
  const { c, a, b } = parts;
  const difference = decompressG1(key.vk.alpha) as G1Point;
  const shifted = (sign: 1 | -1): Proof => {
    const point = decompressG1(c) as G1Point;
    return joinProof(a, b, bytes1(sign === 1 ? point.add(difference) : point.subtract(difference)));
  };
  return [1 as const, -1 as const].map((sign) => ({
    vk: key.vk,
    publicInputs: inputs,
    proof: shifted(sign),
  }));
}

test('two false proofs that cancel out pass under equal coefficients, so coefficients are drawn afresh', async () => {
  const careless = createPortableVerifier({ randomBytes: (length) => new Uint8Array(length).fill(1) });
  assert.deepEqual(
    await careless.verifyBatch(cancellingPair()),
    [OK, OK],
    'the attack works when they can be foreseen',
  );
  assert.deepEqual(await verifier.verifyBatch(cancellingPair()), [
    refused('proof-invalid'),
    refused('proof-invalid'),
  ]);
});

test('every proof of every bisection step draws its own coefficient', async () => {
  const drawn: string[] = [];
  const watched = createPortableVerifier({
    randomBytes: (length) => {
      const bytes = globalThis.crypto.getRandomValues(new Uint8Array(length));
      drawn.push(Buffer.from(bytes).toString('hex'));
      return bytes;
    },
  });
  const good = { vk: key.vk, publicInputs: inputs, proof };
  const bad = { ...good, publicInputs: [1n, 1n, 1n] };
  const verdicts = await watched.verifyBatch([good, good, good, bad]);
  assert.deepEqual(
    verdicts.map(({ ok }) => ok),
    [true, true, true, false],
  );
  // 4 together, 2 and 2 after that, the last two alone.
  assert.equal(drawn.length, 8);
  assert.equal(new Set(drawn).size, 8);
  assert.ok(drawn.every((hex) => hex.length === 32));
});

test('a coefficient of zero, which would drop its proof from the sum, is drawn again', async () => {
  let call = 0;
  const once = createPortableVerifier({
    randomBytes: (length) => new Uint8Array(length).fill(call++ === 0 ? 0 : call),
  });
  const bad = { vk: key.vk, publicInputs: [1n, 1n, 1n], proof };
  const good = { vk: key.vk, publicInputs: inputs, proof };
  assert.deepEqual(await once.verifyBatch([bad, good]), [refused('proof-invalid'), OK]);
});

test('a source of randomness that gives only zeros is refused', async () => {
  const broken = createPortableVerifier({ randomBytes: (length) => new Uint8Array(length) });
  const item = { vk: key.vk, publicInputs: inputs, proof };
  await assert.rejects(
    broken.verifyBatch([item, item]),
    (error) => error instanceof ProverError && error.code === 'randomness-broken',
  );
});

test('a verifier never works with a key that the loader would refuse', async () => {
  const secret = randomField();
  const weak = knownKey(1, { gamma: secret, delta: secret });
  await assert.rejects(
    verifier.verify(weak.vk, [1n], proof),
    (error) => error instanceof ProverError && error.code === 'key-gamma-equals-delta',
  );
});
