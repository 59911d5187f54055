import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modQ, Q } from '@sero/crypto';
import fc from 'fast-check';
import { ProverError, type ProverErrorCode } from './errors.ts';
import type { Proof } from './groth16.ts';
import { decompressG1, decompressG2, type G1Point, type G2Point } from './points.ts';
import {
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
} from './test-support.ts';
import {
  decodeVerifyingKey,
  encodeVerifyingKey,
  type VerifyingKey,
  verifyingKeyHash,
} from './verifying-key.ts';
import { checkVerifyingKey, loadVerifyingKeys } from './verifying-key-checks.ts';

const refusesWith =
  (code: ProverErrorCode) =>
  (error: unknown): boolean =>
    error instanceof ProverError && error.code === code;

const key = knownKey(2);
const bytes = encodeVerifyingKey(key.vk);
const name = (vk: VerifyingKey): { circuit: number; hash: Uint8Array } => ({
  circuit: vk.circuit,
  hash: verifyingKeyHash(encodeVerifyingKey(vk)),
});
/** Loads one key that genesis names, as a node would. */
const load = (vk: VerifyingKey, devnet = false): unknown =>
  loadVerifyingKeys([name(vk)], [encodeVerifyingKey(vk)], { devnet });

test('a key survives encoding and decoding', () => {
  assert.deepEqual(decodeVerifyingKey(bytes), key.vk);
  const marked = { ...key.vk, development: true };
  assert.deepEqual(decodeVerifyingKey(encodeVerifyingKey(marked)), marked);
});

test('the bytes are laid out as documented', () => {
  assert.deepEqual([...bytes.subarray(0, 6)], [1, 1, 1, 0, 2, 0]);
  assert.equal(bytes.length, 6 + 48 + 3 * 96 + 3 * 48);
  const marked = encodeVerifyingKey({ ...key.vk, development: true });
  assert.equal(Buffer.from(marked.subarray(4, 15)).toString(), 'development');
});

test('bytes cut short or followed by others are refused', () => {
  for (let length = 0; length < bytes.length; length += 7) {
    assert.throws(() => decodeVerifyingKey(bytes.subarray(0, length)), ProverError);
  }
  assert.throws(() => decodeVerifyingKey(Uint8Array.of(...bytes, 0)), refusesWith('key-ic-count'));
});

test('a key whose IC points are not public inputs + 1 is refused', () => {
  const claimsMore = bytes.slice();
  claimsMore[4] = 3;
  assert.throws(() => decodeVerifyingKey(claimsMore), refusesWith('key-ic-count'));
  const claimsFewer = bytes.slice();
  claimsFewer[4] = 1;
  assert.throws(() => decodeVerifyingKey(claimsFewer), refusesWith('key-ic-count'));
});

test('unknown formats, proof systems, circuit 0 and other marks are refused', () => {
  for (const [at, value] of [
    [0, 2],
    [1, 2],
    [2, 0],
    [3, 1],
    [3, 255],
    [5, 255],
  ] as const) {
    const altered = bytes.slice();
    altered[at] = value;
    assert.throws(() => decodeVerifyingKey(altered), refusesWith('key-malformed'));
  }
});

test('what decodes encodes to the same bytes, and nothing else is thrown than typed errors', () => {
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const altered = bytes.slice();
      altered[at] = value;
      let decoded: VerifyingKey;
      try {
        decoded = decodeVerifyingKey(altered);
      } catch (error) {
        assert.ok(error instanceof ProverError);
        return;
      }
      assert.deepEqual(encodeVerifyingKey(decoded), altered);
    }),
  );
});

test('a key read from a Buffer owns its bytes, and checking it changes none', () => {
  const buffer = Buffer.from(bytes);
  const loaded = loadVerifyingKeys([name(key.vk)], [buffer], { devnet: false }).get(1);
  assert.deepEqual(new Uint8Array(buffer), bytes);
  buffer.fill(0);
  assert.deepEqual(loaded, key.vk);
});

test('a sound key loads, under its circuit id', () => {
  const loaded = loadVerifyingKeys([name(key.vk)], [bytes], { devnet: false });
  assert.deepEqual([...loaded.keys()], [1]);
  assert.deepEqual(loaded.get(1), key.vk);
});

test("gamma = generator, as in every key of snarkjs's, is accepted", () => {
  load(knownKey(2, { gamma: 1n }).vk);
});

/** Proves anything under a key with gamma = delta, from public values alone. */
function forgeGammaDelta(vk: VerifyingKey, publicInputs: readonly bigint[]): Proof {
  const ic = vk.ic.map((point) => decompressG1(point) as G1Point);
  const x = publicInputs.reduce((sum, value, i) => sum.add(ic[i + 1]!.multiplyUnsafe(value)), ic[0]!);
  return joinProof(vk.alpha, vk.beta, bytes1(x.negate()));
}

test('with gamma = delta anything can be proved, so such a key is refused', () => {
  const secret = randomField();
  const { vk } = knownKey(2, { gamma: secret, delta: secret });
  for (const publicInputs of [
    [1n, 2n],
    [123_456n, Q - 1n],
  ]) {
    assert.ok(bareEquation(vk, publicInputs, forgeGammaDelta(vk, publicInputs)), 'the forgery holds');
  }
  assert.throws(() => load(vk), refusesWith('key-gamma-equals-delta'));
});

test('with gamma = delta = generator, a ceremony without contributions, the key is refused', () => {
  const { vk } = knownKey(2, { gamma: 1n, delta: 1n });
  assert.ok(bareEquation(vk, [9n, 9n], forgeGammaDelta(vk, [9n, 9n])));
  assert.throws(() => load(vk), refusesWith('key-gamma-equals-delta'));
});

test('with gamma = -delta anything can be proved too, so the sign is looked through', () => {
  const secret = randomField();
  const { vk } = knownKey(2, { gamma: secret, delta: modQ(-secret) });
  const { ic } = vk;
  const x = (decompressG1(ic[0]!) as G1Point)
    .add(decompressG1(ic[1]!) as G1Point)
    .add((decompressG1(ic[2]!) as G1Point).double());
  assert.ok(bareEquation(vk, [1n, 2n], joinProof(vk.alpha, vk.beta, bytes1(x))));
  assert.throws(() => load(vk), refusesWith('key-gamma-equals-delta'));
});

test('with beta = delta anything can be proved, so such a key is refused', () => {
  const secret = randomField();
  const { vk } = knownKey(1, { beta: secret, delta: secret });
  // A = X, B = gamma, C = -alpha.
  const x = (decompressG1(vk.ic[0]!) as G1Point).add(
    (decompressG1(vk.ic[1]!) as G1Point).multiplyUnsafe(77n),
  );
  const forged = joinProof(bytes1(x), vk.gamma, bytes1((decompressG1(vk.alpha) as G1Point).negate()));
  assert.ok(bareEquation(vk, [77n], forged));
  assert.throws(() => load(vk), refusesWith('key-points-related'));
});

test('with beta = gamma anything can be proved, so such a key is refused', () => {
  const secret = randomField();
  const { vk } = knownKey(1, { beta: secret, gamma: secret });
  // A = alpha + X, B = beta + delta, C = A.
  const x = (decompressG1(vk.ic[0]!) as G1Point).add(
    (decompressG1(vk.ic[1]!) as G1Point).multiplyUnsafe(77n),
  );
  const a = bytes1((decompressG1(vk.alpha) as G1Point).add(x));
  const b = bytes2((decompressG2(vk.beta) as G2Point).add(decompressG2(vk.delta) as G2Point));
  assert.ok(bareEquation(vk, [77n], joinProof(a, b, a)));
  assert.throws(() => load(vk), refusesWith('key-points-related'));
});

test('with an IC point at infinity a proof holds for any value of its input, so such a key is refused', () => {
  const known = knownKey(2, { ic: [randomField(), randomField(), 0n] }, 1);
  const vk = { ...known.vk, ic: [known.vk.ic[0]!, known.vk.ic[1]!, infinityBytes(48)] };
  const proof = simulate(known, [5n, 1n]);
  assert.ok(bareEquation(vk, [5n, 1n], proof));
  assert.ok(bareEquation(vk, [5n, 999n], proof), 'the second input is free');
  assert.throws(() => load(vk), refusesWith('point-at-infinity'));
});

test('with two equal IC points inputs can trade values, so such a key is refused', () => {
  const secret = randomField();
  for (const second of [secret, modQ(-secret)]) {
    const known = knownKey(2, { ic: [randomField(), secret, second] });
    const proof = simulate(known, [10n, 20n]);
    assert.ok(
      bareEquation(known.vk, second === secret ? [13n, 17n] : [13n, 23n], proof),
      'another statement passes',
    );
    assert.throws(() => load(known.vk), refusesWith('key-ic-repeated'));
  }
});

test('IC points equal to alpha or the generator are refused', () => {
  const alpha = randomField();
  assert.throws(
    () => load(knownKey(1, { alpha, ic: [randomField(), alpha] }).vk),
    refusesWith('key-ic-repeated'),
  );
  assert.throws(() => load(knownKey(1, { ic: [1n, randomField()] }).vk), refusesWith('key-ic-repeated'));
});

test('generators where a contribution should be are refused', () => {
  for (const chosen of [{ alpha: 1n }, { beta: 1n }, { delta: 1n }, { delta: Q - 1n }]) {
    assert.throws(() => load(knownKey(1, chosen).vk), refusesWith('key-generator'));
  }
});

test('points at infinity, off the curve, outside the subgroup or misspelt are refused in every place', () => {
  const faults: [ProverErrorCode, Uint8Array, Uint8Array][] = [
    ['point-at-infinity', infinityBytes(48), infinityBytes(96)],
    ['point-not-in-subgroup', bytes1(strayG1()), bytes2(strayG2())],
    ['point-not-canonical', new Uint8Array(48), new Uint8Array(96)],
  ];
  for (const [code, bad1, bad2] of faults) {
    assert.throws(() => load({ ...key.vk, alpha: bad1 }), refusesWith(code));
    assert.throws(() => load({ ...key.vk, beta: bad2 }), refusesWith(code));
    assert.throws(() => load({ ...key.vk, gamma: bad2 }), refusesWith(code));
    assert.throws(() => load({ ...key.vk, delta: bad2 }), refusesWith(code));
    for (let i = 0; i < key.vk.ic.length; i++) {
      const ic = key.vk.ic.map((point, j) => (i === j ? bad1 : point));
      assert.throws(() => load({ ...key.vk, ic }), refusesWith(code));
    }
  }
  assert.throws(() => load({ ...key.vk, alpha: offCurveG1() }), refusesWith('point-not-on-curve'));
});

test('a key that genesis does not name is refused', () => {
  const other = encodeVerifyingKey(knownKey(2).vk);
  assert.throws(
    () => loadVerifyingKeys([name(key.vk)], [other], { devnet: true }),
    refusesWith('key-not-in-genesis'),
  );
  assert.throws(() => loadVerifyingKeys([], [bytes], { devnet: true }), refusesWith('key-not-in-genesis'));
});

test('a circuit that genesis names and no key serves is refused', () => {
  const second = knownKey(2, {}, 2).vk;
  assert.throws(
    () => loadVerifyingKeys([name(key.vk), name(second)], [bytes], { devnet: true }),
    refusesWith('key-missing'),
  );
});

test('a key named under another circuit id is refused', () => {
  const misnamed = { ...name(key.vk), circuit: 2 };
  assert.throws(
    () => loadVerifyingKeys([misnamed], [bytes], { devnet: true }),
    refusesWith('key-circuit-mismatch'),
  );
});

test('two keys for one circuit are refused', () => {
  const other = knownKey(2).vk;
  const named = [name(key.vk), name(other)];
  assert.throws(
    () => loadVerifyingKeys(named, [bytes, encodeVerifyingKey(other)], { devnet: true }),
    refusesWith('key-duplicate'),
  );
  assert.throws(
    () => loadVerifyingKeys([name(key.vk)], [bytes, bytes], { devnet: true }),
    refusesWith('key-duplicate'),
  );
});

test('a development key loads on a devnet only', () => {
  const marked = { ...key.vk, development: true };
  assert.throws(() => load(marked), refusesWith('key-development'));
  load(marked, true);
});

test('taking the development mark off changes the hash that genesis names', () => {
  const marked = { ...key.vk, development: true };
  assert.notDeepEqual(name(marked).hash, name(key.vk).hash);
  assert.throws(
    () => loadVerifyingKeys([name(marked)], [bytes], { devnet: false }),
    refusesWith('key-not-in-genesis'),
  );
});

test('the points of a checked key are those of its bytes', () => {
  const { alpha, beta } = checkVerifyingKey(key.vk);
  assert.ok(alpha.equals(g1(key.secrets.alpha)) && beta.equals(g2(key.secrets.beta)));
});
