import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Q } from '@sero/crypto';
import { loadCircomProgram } from '../test/circom-program.ts';
import { circuitSources, compileCircuit } from '../tools/compile.ts';
import { makeCircuitFile } from '../tools/make-programs.ts';
import { type Instruction, readProgram } from './circuit-file.ts';
import { CircuitError } from './errors.ts';
import { loadWitnessProgram, type SignalValues, type WitnessProgram } from './witness-program.ts';

const library = await circuitSources();

interface Made {
  readonly instructions: readonly Instruction[];
  readonly own: WitnessProgram;
  readonly oracle: WitnessProgram;
}

/** Our program and circom's, of a template's body. */
async function make(body: string): Promise<Made> {
  const sources = {
    ...library,
    'body.circom': `pragma circom 2.2.0;
include "jubjub.circom";
template Body() {
${body}
}
component main = Body();
`,
  };
  const production = await compileCircuit(sources, 'body');
  const file = makeCircuitFile(production, await compileCircuit(sources, 'body', 'none'));
  return {
    instructions: readProgram(file).instructions,
    own: await loadWitnessProgram(file),
    oracle: await loadCircomProgram(production.wasm),
  };
}

/** Both take these signals, with one witness, or both refuse them. */
async function agree({ own, oracle }: Made, signals: SignalValues): Promise<'taken' | 'refused'> {
  const [found, expected] = await Promise.allSettled([own.run(signals), oracle.run(signals)]);
  assert.equal(found.status, expected.status);
  if (found.status === 'rejected') {
    assert.ok(found.reason instanceof CircuitError && found.reason.code === 'witness-rejected');
    return 'refused';
  }
  assert.deepEqual(found.value, expected.status === 'fulfilled' ? new Uint8Array(expected.value) : undefined);
  return 'taken';
}

const kindsOf = ({ instructions }: Made): string[] => instructions.map(({ kind }) => kind);

test('an inverse that may be of zero is found in its two constraints', async () => {
  const made = await make('  signal input x;\n  signal output out <== IsZero()(x);');
  assert.ok(kindsOf(made).includes('invert'));
  for (const x of [0n, 1n, Q - 1n, 77n]) assert.equal(await agree(made, { x: [x] }), 'taken');
});

test('an inverse of what may not be zero is a quotient, and zero is refused', async () => {
  const made = await make('  signal input x;\n  NonZero()(x);');
  assert.ok(kindsOf(made).includes('divide-last'));
  for (const x of [1n, Q - 1n, 77n]) assert.equal(await agree(made, { x: [x] }), 'taken');
  assert.equal(await agree(made, { x: [0n] }), 'refused');
});

test('digits are found in their sum, and a value that does not fit is refused', async () => {
  const made = await make('  signal input x;\n  Range(5)(x);');
  assert.ok(kindsOf(made).includes('digits'));
  for (const x of [0n, 1n, 21n, 31n]) assert.equal(await agree(made, { x: [x] }), 'taken');
  for (const x of [32n, 64n, Q - 1n]) assert.equal(await agree(made, { x: [x] }), 'refused');
});

test('digits of any length up to that of the field are its own', async () => {
  const made = await make('  signal input x;\n  Range(254)(x);');
  for (const x of [0n, (1n << 254n) - 1n, (1n << 253n) + 5n])
    assert.equal(await agree(made, { x: [x] }), 'taken');
  assert.equal(await agree(made, { x: [1n << 254n] }), 'refused');
});

test('two inputs that must be equal stay two, and are compared', async () => {
  const made = await make(
    '  signal input x, y;\n  signal output z <== x * x;\n  signal w <== z * z;\n  signal output v <== w * w;\n  x === y;',
  );
  assert.equal(await agree(made, { x: [5n], y: [5n] }), 'taken');
  assert.equal(await agree(made, { x: [5n], y: [6n] }), 'refused');
});

test('an input that simplification takes out of the wires is still bound to the others', async () => {
  const made = await make(
    '  signal input x, y;\n  signal output z <== x * x;\n  signal w <== z * z;\n  signal output v <== w * w;\n  x + y === 1;',
  );
  assert.equal(await agree(made, { x: [5n], y: [Q - 4n] }), 'taken');
  assert.equal(await agree(made, { x: [5n], y: [4n] }), 'refused');
});

test('quotients of one level share a run, and those of the next wait for it', async () => {
  const made = await make(`  signal input u[2], v[2];
  component first[2];
  for (var i = 0; i < 2; i++) {
    first[i] = PointAdd();
    first[i].u1 <== u[0];
    first[i].v1 <== v[0];
    first[i].u2 <== u[1];
    first[i].v2 <== v[i];
  }
  component second = PointAdd();
  second.u1 <== first[0].u3;
  second.v1 <== first[0].v3;
  second.u2 <== first[1].u3;
  second.v2 <== first[1].v3;
  signal output out <== second.u3 * second.v3;`);
  const divisions = kindsOf(made).filter((kind) => kind.startsWith('divide'));
  const run = ['divide', 'divide', 'divide', 'divide-last', 'divide', 'divide-last'];
  assert.deepEqual(divisions, run);
  assert.equal(await agree(made, { u: [3n, 4n], v: [5n, 6n] }), 'taken');
});

test('a hint that nothing binds has no program: making it fails', async () => {
  await assert.rejects(
    make('  signal input x;\n  signal output y <== x * x;\n  signal z;\n  z <-- x + 1;'),
    /follow/,
  );
});

test('a hint of a new kind has no program until there is an instruction for it: making it fails', async () => {
  const root =
    '  signal input x;\n  signal y;\n  y <-- x == 4 ? 2 : 3;\n  y * y === x;\n  signal output z <== y * x;';
  await assert.rejects(make(root), /follow/);
});
