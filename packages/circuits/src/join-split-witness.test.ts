import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Q } from '@sero/crypto';
import { attacksOn, honest } from '../test/attacks.ts';
import { rederived, withInput, withOutput, withPublic, withSpender } from '../test/fixtures.ts';
import { loadShape } from './circuit-files.ts';
import type { CircuitErrorCode } from './errors.ts';
import type { JoinSplitAssignment } from './join-split.ts';
import { joinSplitWitness } from './join-split-witness.ts';
import { SHAPE_A } from './shape.ts';
import type { WitnessProgram } from './witness-program.ts';

const program = await loadShape(SHAPE_A);

for (const { name, code, assignment } of attacksOn(SHAPE_A)) {
  if (code === undefined || assignment === undefined) continue;
  test(`no witness is made of ${name}, and the broken rule is named (${code})`, async () => {
    await assert.rejects(joinSplitWitness(program, SHAPE_A, assignment(SHAPE_A)), {
      name: 'CircuitError',
      code,
    });
  });
}

/** A program that takes everything: what is left when the circuit does not look. */
const blind: WitnessProgram = { ...program, run: () => assert.fail('the program was run') };

for (const [what, code, whole] of [
  ['a re-randomiser of 253 bits', 'alpha-out-of-range', withSpender(honest(SHAPE_A), { alpha: 1n << 252n })],
  ['a position outside the tree', 'position-out-of-range', withInput(honest(SHAPE_A), 0, { pos: 4n ** 18n })],
  ['an input of 2^128', 'value-out-of-range', withInput(honest(SHAPE_A), 0, { value: 1n << 128n })],
  [
    'one note twice',
    'input-repeated',
    rederived({ ...honest(SHAPE_A), inputs: [honest(SHAPE_A).inputs[0]!, honest(SHAPE_A).inputs[0]!] }),
  ],
  [
    'a negative public amount whose sums hold',
    'public-amount-out-of-range',
    withPublic(rederived(withOutput(honest(SHAPE_A), 2, { value: 97n })), { pubOut: [Q - 47n, 0n] }),
  ],
  [
    'a public asset without an amount',
    'public-asset-mismatch',
    withPublic(honest(SHAPE_A), { assetPub: 5n }),
  ],
  ['a field element of q or more', 'field-not-canonical', withSpender(honest(SHAPE_A), { nk: Q })],
] as const satisfies readonly (readonly [string, CircuitErrorCode, JoinSplitAssignment])[]) {
  test(`${what}, which the circuit would not see, is refused before it is asked`, async () => {
    await assert.rejects(joinSplitWitness(blind, SHAPE_A, whole), { code });
  });
}

test('what is no refusal of the circuit comes through as it is', async () => {
  const broken = new Error('the engine is gone');
  const failing: WitnessProgram = { ...program, run: () => Promise.reject(broken) };
  await assert.rejects(joinSplitWitness(failing, SHAPE_A, honest(SHAPE_A)), broken);
});

test('the elements that the program gave are wiped', async () => {
  let given: Uint8Array | undefined;
  const spied: WitnessProgram = {
    ...program,
    run: async (signals) => {
      given = await program.run(signals);
      return given;
    },
  };
  await joinSplitWitness(spied, SHAPE_A, honest(SHAPE_A));
  assert.ok(given?.every((byte) => byte === 0));
});
