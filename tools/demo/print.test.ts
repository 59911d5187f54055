import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { inSero } from './balances.ts';
import { formatStep, visible } from './print.ts';

test('text that others chose cannot steer the terminal', () => {
  assert.equal(visible('a\u001b[31mb\nc\u009bd\u007f'), 'a\\u001b[31mb\\u000ac\\u009bd\\u007f');
  assert.equal(visible('für später ✓'), 'für später ✓');
  const line = formatStep({
    step: 'pay',
    ok: true,
    ms: 1,
    from: 'a',
    to: 'b',
    asset: 'X',
    amount: '5',
    memo: '\u001b]0;x\u0007',
  });
  const plain = stripVTControlCharacters(line);
  assert.ok(plain.includes('\\u001b]0;x\\u0007'));
});

test('an attack that was refused, one that was not and one that could not be tried read differently', () => {
  const attack = { step: 'attack: stolen-proof', ms: 1, by: 'a', victim: 'b' };
  const roots = { rootBefore: '00', rootAfter: '00' };
  const said = (more: object): string => formatStep({ ...attack, ok: false, ...more });
  assert.match(formatStep({ ...attack, ok: true, code: 'proof-invalid', ...roots }), /by a: refused/);
  assert.match(said({ code: 'accepted', ...roots }), /NOT REFUSED/);
  assert.match(said({ code: 'expired', ...roots }), /not by the rule that should/);
  assert.match(said({ code: 'insufficient-funds' }), /could not be tried/);
});

test('amounts are shown in whole coins, exactly, debts too', () => {
  assert.equal(inSero(12_500_000_000_000_000_000n), '12.5');
  assert.equal(inSero(-332_016_496_347_600n), '-0.0003320164963476');
  assert.equal(inSero(0n), '0');
});
