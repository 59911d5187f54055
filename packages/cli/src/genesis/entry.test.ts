import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CliError } from '../errors.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';
import { person, rowOf } from './genesis-test-support.ts';

const ENTRY: Entry = { network: 'development', chainId: 31_938n, validator: rowOf(0) };
const TEXT = encodeEntry(ENTRY);

const refuses = (text: string): void =>
  assert.throws(
    () => decodeEntry(text),
    (error: unknown) => error instanceof CliError && error.exit === 'usage',
    text,
  );

it('an entry is read as it was written, its owner as an address that people can compare', () => {
  assert.deepEqual(decodeEntry(TEXT), ENTRY);
  assert.ok(TEXT.includes(`"owner": "${person(0).address}"`));
  assert.ok(TEXT.length < 4_096);
});

it('an entry of which anything is changed is refused, missing or there twice: what is on the screen is what is in the draft', () => {
  const fields = JSON.parse(TEXT) as Record<string, string>;
  const text = (changes: object): string => `${JSON.stringify({ ...fields, ...changes }, undefined, 2)}\n`;
  assert.equal(text({}), TEXT);
  for (const name of Object.keys(fields)) {
    refuses(text({ [name]: undefined }));
    refuses(text({ [name]: 5 }));
    refuses(text({ [name]: `${fields[name]} ` }));
  }
  refuses(text({ more: '1' }));
  refuses(text({ units: '200', record: fields['vrfKey'] }));
  refuses(text({ owner: person(1).address }));
  refuses(text({ network: 'production' }));
  refuses(text({ units: String(1n << 64n) }));
  refuses(text({ commission: '10001' }));
  refuses(TEXT.trimEnd());
  refuses(TEXT.replace('"units": "100"', '"units": "5", "units": "100"'));
  for (const nothing of ['', '{', 'null', '5', '[]']) refuses(nothing);
});
