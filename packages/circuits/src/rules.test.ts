import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTACKS, attackSignals, LINE_3, LINE_4, LINE_5, reversed, THIRD_SLOT } from '../test/attacks.ts';
import { programOf, small, WIDE_SHAPE } from '../test/circuit.ts';
import { SHAPE_A } from './shape.ts';

// Lines 1 and 2 are of the account, of which every shape has one.
for (const [shape, attacks, place] of [
  [small(SHAPE_A), ATTACKS, 'in the first place'],
  [WIDE_SHAPE, [...LINE_3, ...LINE_4, ...LINE_5, ...THIRD_SLOT], 'in the last of more places'],
] as const) {
  const plain = await programOf(shape);
  for (const attack of attacks) {
    const { name, rule } = attack;
    if (rule === undefined) continue;
    test(`only "${rule.map(([, text]) => text).join(' ')}" stops ${name}, ${place}`, async () => {
      const asked = attackSignals(attack, shape);
      const signals = shape === WIDE_SHAPE ? reversed(shape, asked) : asked;
      await assert.rejects(plain.run(signals), { name: 'CircuitError', code: 'witness-rejected' });
      const without = await programOf(shape, rule);
      assert.equal((await without.run(signals)).length, 32 * without.witnessSize);
    });
  }
}
