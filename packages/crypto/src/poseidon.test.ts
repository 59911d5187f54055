import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Field } from '@noble/curves/abstract/modular.js';
import { grainGenConstants, poseidon as noblePoseidon } from '@noble/curves/abstract/poseidon.js';
import fc from 'fast-check';
import { generate } from '../tools/generate-poseidon.ts';
import { CryptoError, poseidon, poseidonParameters, poseidonPermute, Q } from './index.ts';

const Fp = Field(Q);
const WIDTHS = [2, 3, 4, 5, 6, 7, 8, 9];

/** npm poseidon-bls12381 (MIT): capacity lane 0, so only tag 0 can be compared. */
const npm: Record<string, (inputs: bigint[]) => bigint> = createRequire(import.meta.url)('poseidon-bls12381');

interface Vectors {
  widths: {
    width: number;
    fullRounds: number;
    partialRounds: number;
    constants: number;
    firstRoundConstant: string;
    lastRoundConstant: string;
    mdsFirstRow: string[];
    mdsLastRow: string[];
    hashes: { tag: number; inputs: string[]; hash: string }[];
  }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/poseidon.json', import.meta.url), 'utf8'),
);

const element = fc.oneof(fc.bigInt({ min: 0n, max: Q - 1n }), fc.constantFrom(0n, 1n, Q - 1n));

/** noble's own Grain constants and permutation for a width. */
function noble(t: number, roundsPartial: number) {
  const options = { Fp, t, roundsFull: 8, roundsPartial, sboxPower: 5 };
  const constants = grainGenConstants(options);
  return { ...constants, permute: noblePoseidon({ ...options, ...constants }) };
}

test('the constants in the repository are what the generator writes', () => {
  const file = readFileSync(new URL('./poseidon-constants.ts', import.meta.url), 'utf8');
  assert.ok(file === generate(), 'run node packages/crypto/tools/generate-poseidon.ts');
});

test("the constants of every width are those of noble's Grain generator", () => {
  for (const t of WIDTHS) {
    const ours = poseidonParameters(t);
    const theirs = noble(t, ours.partialRounds);
    assert.equal(ours.fullRounds, 8);
    assert.equal(ours.partialRounds, t <= 5 ? 56 : 57);
    assert.deepEqual(ours.roundConstants, theirs.roundConstants.flat());
    assert.deepEqual(ours.mds, theirs.mds);
  }
});

test('hadeshash: poseidonperm_x5_255_3 and _5, whose older round numbers noble and the constants share', () => {
  assert.deepEqual(noble(3, 57).permute([0n, 1n, 2n]), [
    0x28ce19420fc246a05553ad1e8c98f5c9d67166be2c18e9e4cb4b4e317dd2a78an,
    0x51f3e312c95343a896cfd8945ea82ba956c1118ce9b9859b6ea56637b4b1ddc4n,
    0x3b2b69139b235626a0bfb56c9527ae66a7bf486ad8c11c14d1da0c69bbe0f79an,
  ]);
  assert.equal(
    noble(5, 60).permute([0n, 1n, 2n, 3n, 4n])[0],
    0x2a918b9c9f9bd7bb509331c81e297b5707f6fc7393dcee1b13901a0b22202e18n,
  );
});

test('the published answer for inputs 1 and 2 with an empty capacity lane', () => {
  assert.equal(poseidon(0, [1n, 2n]), 0x3fb8310b0e962b75bffec5f9cfcbf3f965a7b1d2dcac8d95ccb13d434e08e5fan);
});

test("constants and hashes are the Python reference's", () => {
  assert.deepEqual(
    vectors.widths.map(({ width }) => width),
    WIDTHS,
  );
  for (const vector of vectors.widths) {
    const { fullRounds, partialRounds, roundConstants, mds } = poseidonParameters(vector.width);
    assert.deepEqual([fullRounds, partialRounds], [vector.fullRounds, vector.partialRounds]);
    assert.equal(roundConstants.length, vector.constants);
    assert.equal(roundConstants[0], BigInt(vector.firstRoundConstant));
    assert.equal(roundConstants.at(-1), BigInt(vector.lastRoundConstant));
    assert.deepEqual(mds[0], vector.mdsFirstRow.map(BigInt));
    assert.deepEqual(mds.at(-1), vector.mdsLastRow.map(BigInt));
    for (const { tag, inputs, hash } of vector.hashes) {
      assert.equal(poseidon(tag, inputs.map(BigInt)), BigInt(hash), `width ${vector.width}, tag ${tag}`);
    }
  }
});

for (const t of WIDTHS) {
  test(`width ${t}: random states permute as noble permutes them`, () => {
    const { permute } = noble(t, poseidonParameters(t).partialRounds);
    fc.assert(
      fc.property(fc.array(element, { minLength: t, maxLength: t }), (state) => {
        const ours = [...state];
        poseidonPermute(ours);
        assert.deepEqual(ours, permute([...state]));
      }),
      { numRuns: 20 },
    );
  });

  test(`width ${t}: random inputs under tag 0 hash as npm poseidon-bls12381 hashes them`, () => {
    const theirs = npm[`poseidon${t - 1}`]!;
    fc.assert(
      fc.property(fc.array(element, { minLength: t - 1, maxLength: t - 1 }), (inputs) => {
        assert.equal(poseidon(0, inputs), theirs(inputs));
      }),
      { numRuns: 10 },
    );
  });
}

test('the tag is the first lane of the state, the result its first lane after', () => {
  const { permute } = noble(4, 56);
  assert.equal(poseidon(7, [1n, 2n, 3n]), permute([7n, 1n, 2n, 3n])[0]);
});

test('no matrix has a zero entry or a singular square of two rows and columns (Cauchy)', () => {
  for (const t of WIDTHS) {
    const { mds } = poseidonParameters(t);
    for (let i = 0; i < t; i++)
      for (let j = 0; j < t; j++) {
        assert.notEqual(mds[i]![j], 0n);
        for (let k = 0; k < i; k++)
          for (let l = 0; l < j; l++) {
            const determinant = Fp.sub(Fp.mul(mds[i]![j]!, mds[k]![l]!), Fp.mul(mds[i]![l]!, mds[k]![j]!));
            assert.notEqual(determinant, 0n);
          }
      }
  }
});

test('x + q is not hashed in place of x, nor is a negative number', () => {
  for (const wrong of [Q, Q + 1n, -1n]) {
    assert.throws(() => poseidon(1, [wrong]), refusal('field-not-canonical'));
    assert.throws(() => poseidon(1, [0n, wrong, 0n]), refusal('field-not-canonical'));
  }
});

test('no inputs and nine inputs are refused', () => {
  assert.throws(() => poseidon(1, []), refusal('poseidon-arity'));
  assert.throws(() => poseidon(1, new Array<bigint>(9).fill(0n)), refusal('poseidon-arity'));
  for (const t of [0, 1, 10, 17, -1, 2.5])
    assert.throws(() => poseidonParameters(t), refusal('poseidon-arity'));
});

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}
