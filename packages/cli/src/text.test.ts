import assert from 'node:assert/strict';
import { it } from 'node:test';
import { table, visible } from './text.ts';

it('text of others cannot steer a terminal, reorder a line or hide in it', () => {
  assert.equal(visible('\u001b[2Jgone'), '\\u001b[2Jgone');
  assert.equal(visible('a\r\nb\u0007\u009b'), 'a\\u000d\\u000ab\\u0007\\u009b');
  assert.equal(visible('\u202eevil\u200b\u2028'), '\\u202eevil\\u200b\\u2028');
  assert.equal(visible('Grüße 你好 €'), 'Grüße 你好 €');
});

it('a table is as wide as its widest cells, numbers to the right', () => {
  assert.equal(
    table(
      ['NAME', '>AMOUNT'],
      [
        ['SERO', '1.5'],
        ['A', '1000000'],
      ],
    ),
    ['NAME   AMOUNT', 'SERO      1.5', 'A     1000000'].join('\n'),
  );
});
