import assert from 'node:assert/strict';
import { test } from 'node:test';
import { honest } from '../test/attacks.ts';
import { loadShape, witnessOf } from '../test/circuit.ts';
import { determinismTests, inputWires } from '../test/determinism-suite.ts';
import { freeWires } from '../test/jacobian.ts';
import { wiresOf } from '../test/r1cs.ts';
import { assignSignals } from './join-split-signals.ts';
import { SHAPE_A } from './shape.ts';

const loaded = await loadShape(SHAPE_A);

determinismTests(SHAPE_A, loaded, {
  'a token and SERO': [],
  'a dummy in the first place': [0],
  'a dummy of the token in the second place': [1],
  'dummies only, and outputs of value zero only': [0, 1],
  'the greatest values in every place': [],
  'public amounts in both slots': [],
});

test('the rank test sees a wire that lost its constraint', async () => {
  const { program, r1cs, symbols } = loaded;
  const witness = await witnessOf(program, assignSignals(SHAPE_A, honest(SHAPE_A)));
  const bits = [5, 6].map((i) => symbols.wireOf(`output_note[0].range.bit[${i}]`));
  const isBoolean = (wires: ReadonlySet<number>): boolean =>
    wires.size <= 2 && bits.some((bit) => wires.has(bit));
  const loosened = r1cs.constraints.filter((constraint) => !isBoolean(wiresOf(constraint)));
  assert.equal(loosened.length, r1cs.constraints.length - 2);
  const { free } = freeWires({ ...r1cs, constraints: loosened }, witness, inputWires(SHAPE_A, loaded));
  assert.deepEqual(free, bits);
});
