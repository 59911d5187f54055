import { randomBytes } from 'node:crypto';
import { poseidon as noblePoseidon } from '@noble/curves/abstract/poseidon.js';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import {
  hashNode,
  multiply,
  poseidonParameters,
  toField,
  toScalar,
  VIEW_BASE,
  verify,
  verifyBatch,
} from '@sero/crypto';
import type { Comparison, Suite } from './harness.ts';
import { signedHashes } from './prover-inputs.ts';

const field = (): bigint => toField(randomBytes(64));

function poseidonComparison(): Comparison {
  const { t, fullRounds, partialRounds, roundConstants, mds } = poseidonParameters(5);
  const rounds = Array.from({ length: fullRounds + partialRounds }, (_, r) =>
    roundConstants.slice(r * t, (r + 1) * t),
  );
  const noble = noblePoseidon({
    Fp: bls12_381.fields.Fr,
    t,
    roundsFull: fullRounds,
    roundsPartial: partialRounds,
    roundConstants: rounds,
    mds: mds.map((row) => [...row]),
    sboxPower: 5,
  });
  const inputs = Array.from({ length: 200 }, () => [field(), field(), field(), field()] as const);
  return {
    what: 'Poseidon of four field elements, as each node of the note tree.',
    unit: 'hashes/s',
    better: 'higher',
    runs: 7,
    subject: {
      name: 'crypto.poseidon5',
      operations: inputs.length,
      run: () => inputs.map(([a, b, c, d]) => hashNode(a, b, c, d)),
    },
    beside: {
      name: '@noble/curves poseidon, same constants',
      operations: inputs.length,
      run: () => inputs.map(([a, b, c, d]) => noble([1n, a, b, c, d])),
    },
  };
}

/** Figures of @sero/crypto. */
export const cryptoSuite: Suite = {
  prefix: 'crypto.',
  async prepare() {
    const items = signedHashes(64);
    const scalars = Array.from({ length: 50 }, () => toScalar(randomBytes(64)));
    const other = multiply(VIEW_BASE, scalars[0]!);
    return [
      poseidonComparison(),
      {
        what: 'A Jubjub point times a scalar.',
        unit: 'us',
        better: 'lower',
        runs: 7,
        subject: {
          name: 'crypto.jubjub.multiply',
          operations: scalars.length,
          run: () => scalars.map((scalar) => multiply(other, scalar)),
        },
      },
      {
        what: 'One RedJubjub signature, its points decoded.',
        unit: 'us',
        better: 'lower',
        runs: 7,
        subject: {
          name: 'crypto.redjubjub.verify',
          operations: items.length,
          run: () => items.every(verify),
        },
      },
      {
        what: 'Each of 64 RedJubjub signatures that are checked as one equation.',
        unit: 'us',
        better: 'lower',
        runs: 7,
        subject: {
          name: 'crypto.redjubjub.verifyBatch64',
          operations: items.length,
          run: () => verifyBatch(items, () => randomBytes(16)),
        },
        beside: { name: 'one by one', operations: items.length, run: () => items.every(verify) },
      },
    ];
  },
};
