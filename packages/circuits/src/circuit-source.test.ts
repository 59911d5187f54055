import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCircuit } from '../tools/compile.ts';
import { makeCircuitFile } from '../tools/make-programs.ts';
import { circuitHash, constraintsOf } from './circuit-source.ts';
import { R1csError } from './setup-r1cs.ts';

const SOURCES = {
  'square.circom': `pragma circom 2.2.0;
template Square() {
  signal input a;
  signal output b <== a * a;
}
component main = Square();
`,
};
const { r1cs, ...production } = await compileCircuit(SOURCES, 'square');
const file = makeCircuitFile({ r1cs, ...production }, await compileCircuit(SOURCES, 'square', 'none'));

test('a setup knows a circuit by the same hash and constraints, from the .r1cs or from the circuit file', () => {
  assert.deepEqual(circuitHash(file), circuitHash(r1cs));
  assert.deepEqual(constraintsOf(file), constraintsOf(r1cs));
});

test('a damaged circuit file is refused like a damaged .r1cs', () => {
  for (const damaged of [
    file.subarray(0, file.length - 1),
    r1cs.subarray(0, r1cs.length - 1),
    new Uint8Array(4),
  ]) {
    assert.throws(() => constraintsOf(damaged), R1csError);
  }
  assert.throws(() => circuitHash(file.subarray(0, 20)), R1csError);
});
