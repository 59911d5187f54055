import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Q } from '@sero/crypto';
import { honest } from '../test/attacks.ts';
import { loadShape } from '../test/circuit.ts';
import { compileCircuit } from './compile.ts';
import { assignSignals } from './join-split-signals.ts';
import { joinSplitWitness } from './join-split-witness.ts';
import { SHAPE_A } from './shape.ts';
import { fnv1a64, loadWitnessProgram } from './witness-program.ts';
import { readElements } from './wtns.ts';

const { program } = await loadShape(SHAPE_A);
const signals = assignSignals(SHAPE_A, honest(SHAPE_A));

/** out = a b[0] + b[1], a = 3 refused. */
const small = await compileCircuit(
  {
    'product.circom': `pragma circom 2.2.0;
template Product() {
  signal input a, b[2];
  signal output out <== a * b[0] + b[1];
  assert(a != 3);
  log("a is", a);
}
component main = Product();
`,
  },
  'product',
);

test('the names’ hash is FNV-1a of 64 bits', () => {
  // Vectors of draft-eastlake-fnv, appendix C.
  assert.equal(fnv1a64(''), 0xcbf29ce484222325n);
  assert.equal(fnv1a64('a'), 0xaf63dc4c8601ec8cn);
  assert.equal(fnv1a64('foobar'), 0x85944171f73967e8n);
});

test('a program computes field elements mod q, whatever their size', async () => {
  const product = await loadWitnessProgram(small.wasm);
  const run = async (a: bigint, b: readonly bigint[]) => readElements(await product.run({ a: [a], b }));
  assert.deepEqual(await run(2n, [5n, 1n]), [1n, 11n, 2n, 5n, 1n]);
  assert.deepEqual(await run(Q - 1n, [Q - 1n, Q - 1n]), [1n, 0n, Q - 1n, Q - 1n, Q - 1n]);
  assert.deepEqual(await run(1n << 200n, [1n << 31n, 0n]), [1n, (1n << 231n) % Q, 1n << 200n, 1n << 31n, 0n]);
});

test('each run is independent of the one before, a rejected one too', async () => {
  const product = await loadWitnessProgram(small.wasm);
  const first = await product.run({ a: [2n], b: [5n, 1n] });
  await assert.rejects(product.run({ a: [3n], b: [5n, 1n] }), { code: 'witness-rejected' });
  assert.deepEqual(await product.run({ b: [5n, 1n], a: [2n] }), first);
});

test('a broken constraint is reported with template and line', async () => {
  await assert.rejects(program.run({ ...signals, hash_e: [1n], root: [1n] }), {
    name: 'CircuitError',
    code: 'witness-rejected',
    message: /a constraint does not hold.*InputNote/s,
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

test('bytes that are no circom program over the right field are refused', async () => {
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  await assert.rejects(loadWitnessProgram(new Uint8Array(8)), { code: 'program-malformed' });
  await assert.rejects(loadWitnessProgram(empty), { code: 'program-malformed' });
});

test('a program of another circuit is refused, although its inputs fit', async () => {
  const { program: other, ...shape } = {
    program: { ...program, run: async () => new Uint8Array(64 * 32) },
    ...SHAPE_A,
  };
  await assert.rejects(joinSplitWitness(other, shape, honest(SHAPE_A)), { code: 'program-malformed' });
});
