import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAmount, formatUnits, parseUnits, splitAmount } from './amounts.ts';
import { CliError } from './errors.ts';

const usage = (error: unknown): boolean => error instanceof CliError && error.exit === 'usage';

describe('amounts', () => {
  it('are decimal digits with a unit behind them, or none', () => {
    assert.deepEqual(splitAmount('1.5 SERO'), { digits: '1.5', unit: 'SERO' });
    assert.deepEqual(splitAmount(' 1.5SERO '), { digits: '1.5', unit: 'SERO' });
    assert.deepEqual(splitAmount('20 GOLD.X_1-2'), { digits: '20', unit: 'GOLD.X_1-2' });
    assert.deepEqual(splitAmount('007'), { digits: '007', unit: undefined });
  });

  for (const text of [
    '',
    '1,5',
    '-1',
    '+1',
    '1e18',
    '.5',
    '5.',
    '0x10',
    '1 2',
    '1.5 sero',
    'SERO',
    '١',
    'NaN',
    '1_000',
    '1.2.3',
  ]) {
    it(`refuse “${text}”`, () => assert.throws(() => splitAmount(text), usage));
  }

  it('are exact to the last of 18 places, where a floating-point number is not', () => {
    assert.equal(parseUnits('0.1', 'SERO') + parseUnits('0.2', 'SERO'), parseUnits('0.3', 'SERO'));
    assert.equal(parseUnits('9007199.254740993000000001', 'SERO'), 9_007_199_254_740_993_000_000_001n);
    assert.equal(parseUnits('0.000000000000000001', 'SERO'), 1n);
  });

  it('refuse more places than the asset has: they are never rounded', () => {
    assert.throws(() => parseUnits('0.0000000000000000001', 'SERO'), usage);
    assert.throws(() => parseUnits('1.0', 'GOLD'), usage);
    assert.equal(parseUnits('1', 'GOLD'), 1n);
  });

  it('are more than 0 and below 2^128 of the smallest unit', () => {
    assert.throws(() => parseUnits('0.000', 'SERO'), usage);
    assert.throws(() => parseUnits((1n << 128n).toString(), 'GOLD'), usage);
    assert.equal(parseUnits(((1n << 128n) - 1n).toString(), 'GOLD'), (1n << 128n) - 1n);
  });

  it('are shown without zeros that say nothing, and with their sign', () => {
    assert.equal(formatUnits(1_500_000_000_000_000_000n, 'SERO'), '1.5');
    assert.equal(formatUnits(-1n, 'SERO'), '-0.000000000000000001');
    assert.equal(formatUnits(0n, 'SERO'), '0');
    assert.equal(formatAmount(20n, 'GOLD'), '20 GOLD');
  });

  it('come back from their own text', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, (1n << 128n) - 1n), fc.constantFrom('SERO', 'GOLD'), (units, asset) => {
        const { digits, unit } = splitAmount(formatAmount(units, asset));
        assert.equal(unit, asset);
        assert.equal(parseUnits(digits, asset), units);
      }),
    );
  });
});
