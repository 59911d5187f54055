import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CliError } from './errors.ts';
import { parsePayments } from './payments-file.ts';

const refused = (text: string, message: RegExp): void =>
  assert.throws(
    () => parsePayments(text),
    (error: unknown) => error instanceof CliError && error.exit === 'usage' && message.test(error.message),
  );

describe('a file of payments', () => {
  it('is CSV with a header, in any order of columns, with quoted fields, CRLF and empty lines', () => {
    const text = '\uFEFFamount,to\r\n1.5,bob\r\n\r\n"20 GOLD","carol, the ""baker"""\r\n';
    assert.deepEqual(parsePayments(text), [
      { to: 'bob', amount: '1.5', line: 2 },
      { to: 'carol, the "baker"', amount: '20 GOLD', line: 4 },
    ]);
  });

  it('is JSON of the same fields', () => {
    const list = [
      { to: 'bob', amount: '1.5' },
      { to: 'carol', amount: '20', asset: 'GOLD' },
    ];
    assert.deepEqual(
      parsePayments(JSON.stringify(list)),
      list.map((payment, i) => ({ ...payment, line: i + 1 })),
    );
  });

  it('names the line of a mistake', () => {
    refused('to,amount\nbob,1\ncarol\n', /^line 3:/);
    refused('to,amount\nbob,1,GOLD\n', /^line 2:/);
    refused('to,amount\nbob,\n', /^line 2:/);
    refused('to,amount\n"bob,1\n', /^line 2: a quotation mark is not closed/);
    refused('to,amount\nbo"b,1\n', /^line 2: a quotation mark inside/);
    refused('[{"to":"bob","amount":"1"},{"to":"carol"}]', /^payment 2:/);
  });

  it('is refused where a column is missing, unknown or there twice', () => {
    for (const header of ['to', 'bob,1.5', 'to,amount,memo', 'to,amount,to'])
      refused(`${header}\nx,1\n`, /^line 1:/);
  });

  it('is refused where an amount is a number of JSON: those are rounded before anybody reads them', () => {
    refused('[{"to":"bob","amount":1.5}]', /all text/);
  });

  it('is refused where it is empty, and where it is no JSON after all', () => {
    refused('to,amount\n', /no payment/);
    refused('[]', /no payment/);
    refused('[{]', /none/);
  });

  it('gives every cell back that was quoted by the rules', () => {
    const cell = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '' && text === text.trim());
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = ['to,amount', ...rows.map((row) => row.map(quote).join(','))].join('\r\n');
        assert.deepEqual(
          parsePayments(text).map(({ to, amount }) => [to, amount]),
          rows,
        );
      }),
    );
  });
});
