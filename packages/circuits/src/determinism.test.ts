import assert from 'node:assert/strict';
import { test } from 'node:test';
import { honest } from '../test/attacks.ts';
import { loadShapeA, witnessOf } from '../test/circuit.ts';
import { assignment } from '../test/fixtures.ts';
import { HONEST } from '../test/honest.ts';
import { freeWires } from '../test/jacobian.ts';
import { wiresOf } from '../test/r1cs.ts';
import { assignSignals } from './join-split-signals.ts';
import { SHAPE_A } from './shape.ts';

const { program, r1cs, symbols } = await loadShapeA();

/** Wires of the circuit's inputs, public and private. Some choices are simplified away, in favour of others. */
const inputs: ReadonlySet<number> = new Set(
  Object.entries(assignSignals(SHAPE_A, honest(SHAPE_A))).flatMap(([name, values]) =>
    [...symbols.names].flatMap(([symbol, wire]) =>
      symbol === name || (symbol.startsWith(`${name}[`) && values.length > 0) ? [wire] : [],
    ),
  ),
);

/** The wires that no rule fixes, by witness: the inverse of 0 in IsZero, whose output is 1 whatever it is. */
const FROZEN_FREE: Readonly<Record<string, readonly string[]>> = {
  'a token and SERO': [],
  'a dummy in the first place': ['input_note[0].isDummy.inverse'],
  'a dummy of the token in the second place': ['input_note[1].isDummy.inverse'],
  'dummies only, and outputs of value zero only': [
    'input_note[0].isDummy.inverse',
    'input_note[1].isDummy.inverse',
  ],
  'the greatest values in every place': [],
  'public amounts in both slots': [],
};

for (const [name, expected] of Object.entries(FROZEN_FREE)) {
  test(`the inputs fix every other wire but [${expected}] near the witness of ${name}`, async (t) => {
    const whole = assignment(SHAPE_A, HONEST.find(([wished]) => wished === name)![1]);
    const witness = await witnessOf(program, assignSignals(SHAPE_A, whole));
    const { rank, free } = freeWires(r1cs, witness, inputs);
    t.diagnostic(`rank ${rank} of ${r1cs.wireCount - 1 - inputs.size} wires`);
    assert.deepEqual(
      free.map((wire) => symbols.nameOf(wire)),
      expected,
    );
    assert.equal(rank, r1cs.wireCount - 1 - inputs.size - expected.length);
  });
}

test('the rank test sees a wire that lost its constraint', async () => {
  const witness = await witnessOf(program, assignSignals(SHAPE_A, honest(SHAPE_A)));
  const bits = [5, 6].map((i) => symbols.wireOf(`output_note[0].range.bit[${i}]`));
  const isBoolean = (wires: ReadonlySet<number>): boolean =>
    wires.size <= 2 && bits.some((bit) => wires.has(bit));
  const loosened = r1cs.constraints.filter((constraint) => !isBoolean(wiresOf(constraint)));
  assert.equal(loosened.length, r1cs.constraints.length - 2);
  const { free } = freeWires({ ...r1cs, constraints: loosened }, witness, inputs);
  assert.deepEqual(free, bits);
});
