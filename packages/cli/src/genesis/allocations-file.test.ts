import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SERO_UNIT } from '@sero/protocol';
import { CliError } from '../errors.ts';
import { parseAllocations } from './allocations-file.ts';
import { person } from './genesis-test-support.ts';

const [ada, bob] = [person(0), person(1)];

const refuses = (text: string, message: RegExp): void =>
  assert.throws(
    () => parseAllocations(text, 'development'),
    (error: unknown) => error instanceof CliError && error.exit === 'usage' && message.test(error.message),
    text,
  );

it('allocations are addresses and amounts in SERO, exactly, whatever ends a line', () => {
  const text = `\uFEFFaddress, amount\r\n${ada.address},1.000000000000000001\r\n\r\n ${bob.address} , 20 SERO \n`;
  const allocations = parseAllocations(text, 'development');
  assert.deepEqual(
    allocations.map(({ pkr, value }) => ({ pkr, value })),
    [
      { pkr: ada.pkr, value: SERO_UNIT + 1n },
      { pkr: bob.pkr, value: 20n * SERO_UNIT },
    ],
  );
  assert.deepEqual(
    allocations[0]!.asset,
    Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)),
  );
});

it('one address may be given money twice', () => {
  assert.equal(
    parseAllocations(`address,amount\n${ada.address},1\n${ada.address},2\n`, 'development').length,
    2,
  );
});

it('what is no allocation is refused with its line: nobody’s money goes to an address that was mistyped', () => {
  const line = (text: string): string => `address,amount\n${ada.address},1\n${text}\n`;
  refuses('to,amount\n', /^line 1/);
  refuses('', /^line 1/);
  for (const text of [
    `${ada.address}`,
    `${ada.address},`,
    `,1`,
    `${ada.address},1,2`,
    `${ada.address},0`,
    `${ada.address},-1`,
    `${ada.address},1e3`,
    `${ada.address},1.0000000000000000001`,
    `${ada.address},1 GOLD`,
    `${ada.address},340282366920938463464`,
    `${ada.address.slice(0, -1)}${ada.address.endsWith('q') ? 'p' : 'q'},1`,
    `${ada.address.replace('serordev', 'seror')},1`,
    'bob,1',
  ]) {
    refuses(line(text), /^line 3/);
  }
  assert.throws(() => parseAllocations(line(''), 'production'), /line 2/);
});
