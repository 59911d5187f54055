import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { leBytes } from '@sero/crypto';
import { type LoadedCircuit, ProverError, type WitnessEngine } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import fc from 'fast-check';
import { ATTACKS, attackSignals } from '../test/attacks.ts';
import { assignment } from '../test/fixtures.ts';
import { extremes, honestFor } from '../test/honest.ts';
import { circuitSources, compileCircuit } from '../tools/compile.ts';
import { makeCircuitFile } from '../tools/make-programs.ts';
import { circuitFile, loadShape } from './circuit-files.ts';
import { CircuitError } from './errors.ts';
import { assignSignals } from './join-split-signals.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { SHAPE_A, SHAPES } from './shape.ts';
import type { SignalValues, WitnessProgram } from './witness-program.ts';

const reference = createReferenceEngine();

/** Every kind of instruction in little. */
const SOURCES = {
  ...(await circuitSources()),
  'little.circom': `pragma circom 2.2.0;
include "jubjub.circom";
template Little() {
  signal input a, b[2], value;
  signal output c <== a * b[0] + 5 * b[1] + 3;
  component isZero = IsZero();
  isZero.in <== a;
  component range = Range(5);
  range.in <== value;
  component sum = PointAdd();
  sum.u1 <== a;
  sum.v1 <== b[0];
  sum.u2 <== isZero.out;
  sum.v2 <== value;
  signal output d <== sum.u3 * sum.v3;
}
component main = Little();
`,
};
const little = makeCircuitFile(
  await compileCircuit(SOURCES, 'little'),
  await compileCircuit(SOURCES, 'little', 'none'),
);

/** Wires in hexadecimal, the number of the broken equation, or the code of an error. */
async function verdict(engine: WitnessEngine, file: Uint8Array, inputs: Uint8Array): Promise<string> {
  let circuit: LoadedCircuit | undefined;
  try {
    circuit = await engine.load(file);
    const outcome = await circuit.compute(inputs);
    return outcome.ok ? Buffer.from(outcome.witness).toString('hex') : `equation ${outcome.equation}`;
  } catch (error) {
    assert.ok(error instanceof ProverError, String(error));
    return error.code;
  }
}

const elements = (values: readonly bigint[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [...leBytes(value, 32)]));

/** The tests that each engine passes. */
function engineTests(name: string, engine: WitnessEngine): void {
  test(`${name}: the little circuit has the reference’s witnesses, verdicts and refusals`, async () => {
    const value = fc.oneof(fc.bigInt(0n, 40n), fc.bigInt(0n, (1n << 256n) - 1n));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 4, maxLength: 4 }), async (values) => {
        const inputs = elements(values);
        assert.equal(await verdict(engine, little, inputs), await verdict(reference, little, inputs));
      }),
      { numRuns: 300 },
    );
    assert.equal(await verdict(engine, little, new Uint8Array(96)), 'packed-length');
  });

  test(`${name}: a damaged file has the reference’s verdict`, async () => {
    const inputs = elements([0n, 2n, 3n, 9n]);
    let loaded = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(little.length - 1), fc.nat(255), fc.boolean(), async (at, byte, isCut) => {
        const damaged = isCut
          ? Uint8Array.from([...little.slice(0, at), ...little.slice(at + 1)])
          : little.with(at, byte);
        // What damages the constraints alone, the engines do not see.
        const found = await verdict(engine, damaged, inputs);
        assert.equal(found, await verdict(reference, damaged, inputs));
        if (found !== 'circuit-malformed') loaded++;
      }),
      { numRuns: 1_000 },
    );
    assert.ok(loaded > 0 && loaded < 1_000);
  });

  test(`${name}: shape A has the reference’s witness for honest transactions, and its verdict for attacks`, async () => {
    const [own, expected] = [await loadShape(SHAPE_A, engine), await loadShape(SHAPE_A)];
    const run = (program: WitnessProgram, signals: SignalValues): Promise<string> =>
      program.run(signals).then(
        (witness) => Buffer.from(witness).toString('hex'),
        (error: unknown) => {
          assert.ok(error instanceof CircuitError, String(error));
          return error.message;
        },
      );
    const honest = honestFor(SHAPE_A).map(([, wish]) => assignment(SHAPE_A, wish));
    const whole = [...honest, ...extremes(SHAPE_A).map(([, extreme]) => extreme)];
    const tried = [
      ...whole.map((one) => assignSignals(SHAPE_A, one)),
      ...ATTACKS.map((attack) => attackSignals(attack, SHAPE_A)),
    ];
    for (const signals of tried) assert.equal(await run(own, signals), await run(expected, signals));
  });

  test(`${name}: several witnesses at once, of one circuit, do not mix`, async () => {
    const circuit = await engine.load(little);
    const inputs = Array.from({ length: 16 }, (_, i) => elements([BigInt(i), 2n, 3n, 9n]));
    const alone = [];
    for (const one of inputs) alone.push(await circuit.compute(one));
    assert.deepEqual(await Promise.all(inputs.map((one) => circuit.compute(one))), alone);
  });

  test(`${name}: every shape loads`, async () => {
    for (const shape of SHAPES) await engine.load(await circuitFile(shape));
  });
}

/** What SERO_PROVER names, else each that has an engine: native and portable are two ways of one process, which can have one of them. */
const named = process.env['SERO_PROVER'];
for (const options of named ? [{}] : [{ backend: 'native' } as const, { backend: 'wasm' } as const]) {
  const opened = await openBackend(options).catch((error: unknown) => {
    assert.ok(!named && error instanceof ProverError && error.code === 'backend-unavailable', String(error));
  });
  if (opened?.witness === undefined) continue;
  after(() => opened.close());
  engineTests(named || opened.name, opened.witness);
}
