import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignSignals } from '../src/join-split-signals.ts';
import type { Shape } from '../src/shape.ts';
import { honest } from './attacks.ts';
import { type Loaded, witnessOf } from './circuit.ts';
import { assignment } from './fixtures.ts';
import { honestFor } from './honest.ts';
import { freeWires } from './jacobian.ts';

/** Wires of the circuit's inputs, public and private. Some choices are simplified away, in favour of others. */
export function inputWires(shape: Shape, { symbols }: Pick<Loaded, 'symbols'>): ReadonlySet<number> {
  const names = new Set(Object.keys(assignSignals(shape, honest(shape))));
  return new Set(
    [...symbols.names].flatMap(([symbol, wire]) => (names.has(symbol.replace(/\[.*$/, '')) ? [wire] : [])),
  );
}

/**
 * The rank test of a shape at honest witnesses.
 *
 * @param free the inputs that are dummies there: the inverse of 0 in IsZero, whose output is 1 whatever it is, is all that no
 *   rule fixes
 */
export function determinismTests(
  shape: Shape,
  loaded: Loaded,
  free: Readonly<Record<string, readonly number[]>>,
): void {
  const { program, r1cs, symbols } = loaded;
  const inputs = inputWires(shape, loaded);
  for (const [name, dummies] of Object.entries(free)) {
    const expected = dummies.map((i) => `input_note[${i}].isDummy.inverse`);
    test(`the inputs fix every other wire of shape ${shape.name} but [${expected}] near the witness of ${name}`, async (t) => {
      const whole = assignment(shape, honestFor(shape).find(([wished]) => wished === name)![1]);
      const witness = await witnessOf(program, assignSignals(shape, whole));
      const { rank, free: found } = freeWires(r1cs, witness, inputs);
      t.diagnostic(`rank ${rank} of ${r1cs.wireCount - 1 - inputs.size} wires`);
      assert.deepEqual(
        found.map((wire) => symbols.nameOf(wire)),
        expected,
      );
      assert.equal(rank, r1cs.wireCount - 1 - inputs.size - expected.length);
    });
  }
}
