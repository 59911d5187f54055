import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  isInPrimeSubgroup,
  leBytes,
  modQ,
  multiplyPublic,
  poseidonParameters,
  poseidonPermute,
  Q,
  toAffine,
} from '@sero/crypto';
import { FILES, residueOf, type SparsePoseidon, sparsePoseidon } from '../tools/generate-constants.ts';
import { decodedPoint, randomField, randomPoint, TORSION } from './jubjub-test-support.ts';

test("the native constants are what the generator makes of @sero/crypto's", () => {
  for (const { url, content } of FILES) {
    assert.ok(
      readFileSync(url, 'utf8') === content(),
      'run node packages/prover/tools/generate-constants.ts',
    );
  }
});

const quintic = (x: bigint): bigint => modQ(modQ(modQ(x * x) ** 2n) * x);
const times = (matrix: readonly (readonly bigint[])[], state: readonly bigint[]): bigint[] =>
  matrix.map((row) => modQ(row.reduce((sum, x, i) => sum + x * state[i]!, 0n)));

function permute(p: SparsePoseidon, input: readonly bigint[]): bigint[] {
  let state = [...input];
  const full = (constants: readonly bigint[], matrix: readonly (readonly bigint[])[]): void => {
    state = times(
      matrix,
      state.map((x, i) => quintic(x + constants[i]!)),
    );
  };
  for (const [round, constants] of p.before.entries()) full(constants, round < 3 ? p.mds : p.merged);
  for (const [round, head] of p.heads.entries()) {
    const box = quintic(state[0]! + head);
    const rest = state.slice(1);
    const [row, column] = [p.rows[round]!, p.columns[round]!];
    state = [
      modQ(rest.reduce((sum, x, i) => sum + x * row[i]!, p.corner * box)),
      ...rest.map((x, i) => modQ(x + column[i]! * box)),
    ];
  }
  for (const constants of p.after) full(constants, p.mds);
  return state;
}

test('the sparse form is the same permutation, in every lane', () => {
  for (const width of [4, 5]) {
    const p = sparsePoseidon(width);
    assert.equal(p.partialRounds, poseidonParameters(width).partialRounds);
    const inputs = [
      Array.from({ length: width }, () => 0n),
      Array.from({ length: width }, () => Q - 1n),
      Array.from({ length: width }, randomField),
    ];
    for (const input of inputs) {
      const expected = [...input];
      poseidonPermute(expected);
      assert.deepEqual(permute(p, input), expected);
    }
  }
});

function isEighthPower(value: bigint): boolean {
  let [base, exponent, out] = [modQ(value), (Q - 1n) / 8n, 1n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) out = modQ(out * base);
    base = modQ(base * base);
  }
  return out === 1n;
}

test('the residue of a point is an 8th power just in the prime subgroup', () => {
  const stray = Array.from({ length: 60 }, (_, i) => decodedPoint(leBytes(BigInt(i), 32))).flatMap((point) =>
    point === undefined || multiplyPublic(point, 8n).is0() ? [] : [point],
  );
  const shifted = [randomPoint(), randomPoint()].flatMap((point) =>
    TORSION.map((torsion) => point.add(torsion)),
  );
  const verdicts = [...stray, ...shifted].map((point) => {
    const { u, v } = toAffine(point);
    assert.equal(isEighthPower(residueOf(u, v)), isInPrimeSubgroup(point));
    return isInPrimeSubgroup(point);
  });
  assert.equal(verdicts.slice(-16).filter(Boolean).length, 2);
});
