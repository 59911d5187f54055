import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTACKS, attackSignals } from '../test/attacks.ts';
import { SMALL_SHAPE, smallProgram } from '../test/circuit.ts';

const plain = await smallProgram();

for (const attack of ATTACKS) {
  const { name, rule } = attack;
  if (rule === undefined) continue;
  test(`only "${rule.map(([, text]) => text).join(' ')}" stops ${name}`, async () => {
    const signals = attackSignals(attack, SMALL_SHAPE);
    await assert.rejects(plain.run(signals), { name: 'CircuitError', code: 'witness-rejected' });
    const without = await smallProgram(rule);
    assert.equal((await without.run(signals)).length, 32 * without.witnessSize);
  });
}
