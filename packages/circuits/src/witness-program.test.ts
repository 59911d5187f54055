import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Q } from '@sero/crypto';
import { honest } from '../test/attacks.ts';
import { loadCircomProgram } from '../test/circom-program.ts';
import { compileCircuit } from '../tools/compile.ts';
import { makeCircuitFile } from '../tools/make-programs.ts';
import { circuitFile, loadShape } from './circuit-files.ts';
import { assignSignals } from './join-split-signals.ts';
import { joinSplitWitness } from './join-split-witness.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { SHAPE_A } from './shape.ts';
import { loadWitnessProgram } from './witness-program.ts';
import { readElements } from './wtns.ts';

const program = await loadShape(SHAPE_A);
const signals = assignSignals(SHAPE_A, honest(SHAPE_A));

/** out = a b[0] + b[1], a = 3 refused. */
const sources = {
  'product.circom': `pragma circom 2.2.0;
template Product() {
  signal input a, b[2];
  signal output out <== a * b[0] + b[1];
  signal inverse <-- a != 3 ? 1 / (a - 3) : 0;
  inverse * (a - 3) === 1;
}
component main = Product();
`,
};
const simplified = await compileCircuit(sources, 'product');
const product = await loadWitnessProgram(
  makeCircuitFile(simplified, await compileCircuit(sources, 'product', 'none')),
);

test('a program computes field elements mod q, whatever their size', async () => {
  const run = async (a: bigint, b: readonly bigint[]) =>
    readElements(await product.run({ a: [a], b })).slice(0, 5);
  assert.deepEqual(await run(2n, [5n, 1n]), [1n, 11n, 2n, 5n, 1n]);
  assert.deepEqual(await run(Q - 1n, [Q - 1n, Q - 1n]), [1n, 0n, Q - 1n, Q - 1n, Q - 1n]);
  assert.deepEqual(await run(1n << 200n, [1n << 31n, 0n]), [1n, (1n << 231n) % Q, 1n << 200n, 1n << 31n, 0n]);
});

test('each run is independent of the one before, a rejected one too', async () => {
  const first = await product.run({ a: [2n], b: [5n, 1n] });
  await assert.rejects(product.run({ a: [3n], b: [5n, 1n] }), { code: 'witness-rejected' });
  assert.deepEqual(await product.run({ b: [5n, 1n], a: [2n] }), first);
});

test('our program of a circuit gives circom’s own witness', async () => {
  const oracle = await loadCircomProgram(simplified.wasm);
  for (const a of [0n, 1n, 2n, 4n, Q - 1n, Q >> 1n]) {
    const some = { a: [a], b: [Q - 2n, a] };
    assert.deepEqual(await product.run(some), await oracle.run(some));
  }
});

test('a broken constraint is reported', async () => {
  await assert.rejects(program.run({ ...signals, hash_e: [1n], root: [1n] }), {
    name: 'CircuitError',
    code: 'witness-rejected',
    message: /a constraint does not hold: equation \d+/,
  });
});

test('an input that the circuit does not have is refused', async () => {
  await assert.rejects(program.run({ ...signals, nonsense: [1n] }), { code: 'signal-unknown' });
});

test('a missing input is refused', async () => {
  const { nk: _nk, ...rest } = signals;
  await assert.rejects(program.run(rest), { code: 'signal-wrong-size' });
});

test('an input of another length is refused', async () => {
  await assert.rejects(program.run({ ...signals, alpha: signals.alpha!.slice(1) }), {
    code: 'signal-wrong-size',
  });
  await assert.rejects(program.run({ ...signals, nk: [1n, 2n] }), { code: 'signal-wrong-size' });
});

test('inputs outside [0, q) are refused, not reduced', async () => {
  await assert.rejects(program.run({ ...signals, nk: [Q] }), { code: 'field-not-canonical' });
  await assert.rejects(program.run({ ...signals, nk: [-1n] }), { code: 'field-not-canonical' });
});

test('bytes that are no circuit file are refused', async () => {
  await assert.rejects(loadWitnessProgram(new Uint8Array(0)), { code: 'program-malformed' });
  await assert.rejects(loadWitnessProgram(new Uint8Array(8)), { code: 'program-malformed' });
  await assert.rejects(loadWitnessProgram(simplified.wasm), { code: 'program-malformed' });
});

test('an engine is told the inputs in the file’s order, and its copy of them is wiped', async () => {
  const seen: { packed?: Uint8Array; values?: bigint[] } = {};
  const reference = createReferenceEngine();
  const spying = await loadWitnessProgram(await circuitFile(SHAPE_A), {
    load: async (file) => {
      const circuit = await reference.load(file);
      return {
        compute: async (packed) => {
          seen.packed = packed;
          seen.values = readElements(packed);
          return circuit.compute(packed);
        },
      };
    },
  });
  assert.deepEqual(await spying.run(signals), await program.run(signals));
  assert.deepEqual(seen.values?.slice(0, 2), [signals.root![0], signals.hash_e![0]]);
  assert.equal(seen.values?.length, spying.inputSize);
  assert.ok(seen.packed?.every((byte) => byte === 0));
});

test('a program of another circuit is refused, although its inputs fit', async () => {
  const other = { ...program, run: async () => new Uint8Array(64 * 32) };
  await assert.rejects(joinSplitWitness(other, SHAPE_A, honest(SHAPE_A)), { code: 'program-malformed' });
});
