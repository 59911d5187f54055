import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Q, R_J } from '@sero/crypto';
import { ATTACKS, attackSignals, honest, tornKey } from '../test/attacks.ts';
import { loadShapeA, witnessOf } from '../test/circuit.ts';
import { assignment, rederived, withOutput, withPublic, withSpender } from '../test/fixtures.ts';
import { extremes, HONEST } from '../test/honest.ts';
import { broken } from '../test/r1cs.ts';
import { publicInputs } from './join-split.ts';
import { assignSignals } from './join-split-signals.ts';
import { joinSplitWitness } from './join-split-witness.ts';
import { SHAPE_A } from './shape.ts';
import { decodeWtns } from './wtns.ts';

const { compiled, program, r1cs, symbols } = await loadShapeA();

/** Changing the circuit changes every key made for it: this must never happen unnoticed. */
const FROZEN_R1CS = '1e9bfff46a32036cd09f8d17db99326069dccae6605337e397a084b91430225c';
const FROZEN_CONSTRAINTS = 15_906;

const rejected = { name: 'CircuitError', code: 'witness-rejected' } as const;

test('shape A has the frozen constraints and fits the domain of 2^14 with its public inputs', (t) => {
  t.diagnostic(`shape A: ${r1cs.constraints.length} constraints, ${r1cs.wireCount} wires`);
  assert.equal(r1cs.constraints.length, FROZEN_CONSTRAINTS);
  assert.ok(r1cs.constraints.length + r1cs.publicCount + 1 <= 1 << 14);
  assert.equal(createHash('sha256').update(compiled.r1cs).digest('hex'), FROZEN_R1CS);
});

test('the public inputs are wires 1 to 15 in the order of the design', () => {
  assert.equal(r1cs.publicCount, SHAPE_A.publicInputs);
  const names = ['root', 'hash_e', 'rk_u', 'rk_v', 'zpkr_from', 'nil[0]', 'nil[1]', 'trace[0]', 'trace[1]'];
  const more = ['cm[0]', 'cm[1]', 'cm[2]', 'asset_pub', 'pub_out[0]', 'pub_out[1]'];
  assert.deepEqual(
    [...names, ...more].map((name) => symbols.wireOf(name)),
    Array.from({ length: 15 }, (_, i) => i + 1),
  );
});

for (const [name, whole] of [
  ...HONEST.map(([name, wish]) => [name, assignment(SHAPE_A, wish)] as const),
  ...extremes(SHAPE_A),
]) {
  test(`the circuit takes ${name}`, async () => {
    const { wtns, publicInputs: inputs } = await joinSplitWitness(program, SHAPE_A, whole);
    const witness = decodeWtns(wtns);
    assert.deepEqual(broken(r1cs, witness), []);
    assert.deepEqual(witness.slice(0, 16), [1n, ...inputs]);
    assert.deepEqual(inputs, publicInputs(whole.publicValues));
  });
}

for (const attack of ATTACKS) {
  test(`the circuit refuses ${attack.name}`, async () => {
    await assert.rejects(program.run(attackSignals(attack, SHAPE_A)), rejected);
  });
}

test('hash_e, which no other rule mentions, is bound by a constraint of its own', async () => {
  const witness = await witnessOf(program, assignSignals(SHAPE_A, honest(SHAPE_A)));
  const wire = symbols.wireOf('hash_e');
  witness[wire] = witness[wire]! + 1n;
  assert.equal(broken(r1cs, witness).length, 1);
});

test('each public input is bound: none can be changed in a finished witness', async () => {
  const whole = assignment(SHAPE_A, HONEST.find(([name]) => name === 'public amounts in both slots')![1]);
  const witness = await witnessOf(program, assignSignals(SHAPE_A, whole));
  for (let wire = 1; wire <= SHAPE_A.publicInputs; wire++) {
    const changed = [...witness];
    changed[wire] = (changed[wire]! + 1n) % Q;
    assert.notDeepEqual(broken(r1cs, changed), [], symbols.nameOf(wire));
  }
});

test('alpha and alpha + r_J give the same rk: a second name, not a second key', async () => {
  const whole = withSpender(honest(SHAPE_A), { alpha: 5n });
  const first = await program.run(assignSignals(SHAPE_A, rederived(whole)));
  const second = await program.run(
    assignSignals(SHAPE_A, rederived(withSpender(whole, { alpha: 5n + R_J }))),
  );
  assert.deepEqual(first.slice(0, 512), second.slice(0, 512));
});

test('what the circuit leaves to the node: torsion of rk, repeated notes, the range of public amounts', async () => {
  const { inputs, outputs, spender } = honest(SHAPE_A);
  const torn = assignment(SHAPE_A, {
    spender: { ...spender, ak: tornKey() },
    inputs,
    outputs,
    pubOut: [3n, 0n],
  });
  const [note] = inputs;
  const repeated = rederived(
    withOutput(withOutput({ ...honest(SHAPE_A), inputs: [note!, note!] }, 0, { value: 1700n }), 2, {
      value: 0n,
    }),
  );
  const minted = withPublic(rederived(withOutput(honest(SHAPE_A), 2, { value: 97n })), {
    pubOut: [Q - 47n, 0n],
  });
  for (const whole of [torn, withPublic(repeated, { pubOut: [0n, 0n] }), minted]) {
    assert.equal((await program.run(assignSignals(SHAPE_A, whole))).length, 32 * program.witnessSize);
  }
});
