import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leBytes, Q } from '@sero/crypto';
import { compileCircuit } from '../tools/compile.ts';
import { R1csError, readR1cs } from './setup-r1cs.ts';
import { productChain, writeR1cs } from './setup-test-support.ts';

const circuit = productChain(2).r1cs;
/** Where the header's numbers begin: after the file's head, the section's head and the modulus. */
const SIZES = 12 + 12 + 36;
const [WIRES, OUTPUTS, PUBLIC_INPUTS, PRIVATE_INPUTS] = [SIZES, SIZES + 4, SIZES + 8, SIZES + 12];

/** The circuit's file with other numbers in its header. */
function withNumbers(...changes: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const bytes = writeR1cs(circuit);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [at, value] of changes) view.setUint32(at, value, true);
  return bytes;
}

const refused = (bytes: Uint8Array, why: RegExp): void =>
  assert.throws(
    () => readR1cs(bytes),
    (error) => error instanceof R1csError && why.test(error.why),
  );

test('inputs that circom has simplified away are counted in its header and have no wire', async () => {
  const sources = {
    'main.circom':
      'pragma circom 2.2.0;\ntemplate Main() { signal input a, b, unused[9]; signal output c <== a * b; }\ncomponent main = Main();\n',
  };
  const { r1cs } = await compileCircuit(sources, 'main');
  // circom puts the header behind the constraints; the modulus stands before its numbers, and nowhere else.
  const header = Buffer.from(r1cs).subarray(Buffer.from(r1cs).indexOf(leBytes(Q, 32)) + 32);
  assert.deepEqual([header.readUInt32LE(0), header.readUInt32LE(12)], [4, 11]);
  const { wires, publicInputs, constraints } = readR1cs(r1cs);
  assert.deepEqual([wires, publicInputs, constraints.length], [4, 1, 1]);
});

test('the number of private inputs is nobody’s concern', () => {
  for (const count of [0, 1, circuit.wires, 0xffff_ffff]) {
    assert.deepEqual(readR1cs(withNumbers([PRIVATE_INPUTS, count])), circuit);
  }
});

test('the constant, outputs and public inputs have a wire each', () => {
  const most = circuit.wires - 1;
  assert.equal(readR1cs(withNumbers([PUBLIC_INPUTS, most])).publicInputs, most);
  assert.equal(readR1cs(withNumbers([OUTPUTS, 1], [PUBLIC_INPUTS, most - 1])).publicInputs, most);
  refused(withNumbers([PUBLIC_INPUTS, most + 1]), /more public wires/);
  refused(withNumbers([OUTPUTS, 1], [PUBLIC_INPUTS, most]), /more public wires/);
  refused(withNumbers([OUTPUTS, 0xffff_ffff]), /more public wires/);
  refused(withNumbers([WIRES, 0], [PUBLIC_INPUTS, 0]), /more public wires/);
});
