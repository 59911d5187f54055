import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Q, R_J } from '@sero/crypto';
import { publicInputs } from '../src/join-split.ts';
import { assignSignals } from '../src/join-split-signals.ts';
import { joinSplitWitness } from '../src/join-split-witness.ts';
import type { Shape } from '../src/shape.ts';
import { decodeWtns } from '../src/wtns.ts';
import { attackSignals, attacksOn, honest, reversed, tornKey } from './attacks.ts';
import { type Loaded, witnessOf } from './circuit.ts';
import { assignment, rederived, withOutput, withPublic, withSpender } from './fixtures.ts';
import { extremes, honestFor } from './honest.ts';
import { broken, wiresOf } from './r1cs.ts';

/** What must never change unnoticed: every key is made for one constraint system. */
export interface Frozen {
  /** SHA-256 of the .r1cs. */
  readonly r1cs: string;
  readonly constraints: number;
  /** Rows of the domain: constraints + public inputs + 1 fit in it. */
  readonly domain: number;
}

const rejected = { name: 'CircuitError', code: 'witness-rejected' } as const;

/** The tests of a compiled shape, at its full depth. @param place where the attacks strike: at the first input and output or the last */
export function circuitTests(
  shape: Shape,
  { compiled, program, r1cs, symbols }: Loaded,
  frozen: Frozen,
  place: 'first' | 'last',
): void {
  const { name, inputs, outputs } = shape;

  test(`shape ${name} has the frozen constraints and fits its domain with its public inputs`, (t) => {
    t.diagnostic(`shape ${name}: ${r1cs.constraints.length} constraints, ${r1cs.wireCount} wires`);
    assert.equal(r1cs.constraints.length, frozen.constraints);
    const rows = r1cs.constraints.length + r1cs.publicCount + 1;
    assert.ok(rows <= frozen.domain && rows > frozen.domain / 2);
    assert.equal(createHash('sha256').update(compiled.r1cs).digest('hex'), frozen.r1cs);
  });

  test(`the public inputs of shape ${name} are its first wires in the order of the design`, () => {
    assert.equal(r1cs.publicCount, shape.publicInputs);
    const list = (signal: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${signal}[${i}]`);
    const names = [
      'root',
      'hash_e',
      'rk_u',
      'rk_v',
      'zpkr_from',
      ...list('nil', inputs),
      ...list('trace', inputs),
    ];
    const more = [...list('cm', outputs), 'asset_pub', ...list('pub_out', 2)];
    assert.deepEqual(
      [...names, ...more].map((signal) => symbols.wireOf(signal)),
      Array.from({ length: shape.publicInputs }, (_, i) => i + 1),
    );
  });

  for (const [what, whole] of [
    ...honestFor(shape).map(([what, wish]) => [what, assignment(shape, wish)] as const),
    ...extremes(shape),
  ]) {
    test(`the circuit of shape ${name} takes ${what}`, async () => {
      const { wtns, publicInputs: values } = await joinSplitWitness(program, shape, whole);
      const witness = decodeWtns(wtns);
      assert.deepEqual(broken(r1cs, witness), []);
      assert.deepEqual(witness.slice(0, 1 + shape.publicInputs), [1n, ...values]);
      assert.deepEqual(values, publicInputs(whole.publicValues));
    });
  }

  for (const attack of attacksOn(shape)) {
    test(`the circuit of shape ${name} refuses ${attack.name}, in the ${place} place`, async () => {
      const signals = attackSignals(attack, shape);
      await assert.rejects(program.run(place === 'last' ? reversed(shape, signals) : signals), rejected);
    });
  }

  test(`the circuit of shape ${name} takes an honest transaction in any order`, async () => {
    const signals = assignSignals(shape, honest(shape));
    assert.deepEqual(broken(r1cs, await witnessOf(program, reversed(shape, signals))), []);
  });

  test(`hash_e, which no other rule mentions, is bound by a constraint of its own in shape ${name}`, async () => {
    const witness = await witnessOf(program, assignSignals(shape, honest(shape)));
    const wire = symbols.wireOf('hash_e');
    witness[wire] = witness[wire]! + 1n;
    assert.equal(broken(r1cs, witness).length, 1);
  });

  test(`each public input of shape ${name} is bound: none can be changed in a finished witness`, async () => {
    const wish = honestFor(shape).find(([what]) => what === 'public amounts in both slots')![1];
    const witness = await witnessOf(program, assignSignals(shape, assignment(shape, wish)));
    for (let wire = 1; wire <= shape.publicInputs; wire++) {
      const changed = [...witness];
      changed[wire] = (changed[wire]! + 1n) % Q;
      const constraints = r1cs.constraints.filter((constraint) => wiresOf(constraint).has(wire));
      assert.notDeepEqual(broken({ ...r1cs, constraints }, changed), [], symbols.nameOf(wire));
    }
  });

  test(`alpha and alpha + r_J give the same rk in shape ${name}: a second name, not a second key`, async () => {
    const whole = withSpender(honest(shape), { alpha: 5n });
    const first = await program.run(assignSignals(shape, rederived(whole)));
    const second = await program.run(
      assignSignals(shape, rederived(withSpender(whole, { alpha: 5n + R_J }))),
    );
    const shown = 32 * (1 + shape.publicInputs);
    assert.deepEqual(first.slice(0, shown), second.slice(0, shown));
  });

  test(`what shape ${name} leaves to the node: torsion of rk, repeated notes, the range of public amounts`, async () => {
    const { inputs: notes, outputs: made, spender } = honest(shape);
    const torn = assignment(shape, {
      spender: { ...spender, ak: tornKey() },
      inputs: notes,
      outputs: made,
      pubOut: [3n, 0n],
    });
    const [note, , ...others] = notes;
    const twice = { ...honest(shape), inputs: [note!, note!, ...others] };
    const repeated = rederived(withOutput(withOutput(twice, 0, { value: 1700n }), 2, { value: 0n }));
    const minted = withPublic(rederived(withOutput(honest(shape), 2, { value: 97n })), {
      pubOut: [Q - 47n, 0n],
    });
    for (const whole of [torn, withPublic(repeated, { pubOut: [0n, 0n] }), minted]) {
      assert.equal((await program.run(assignSignals(shape, whole))).length, 32 * program.witnessSize);
    }
  });
}
