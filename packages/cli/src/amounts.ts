import { VALUE_LIMIT } from '@sero/protocol';
import { usageError } from './errors.ts';

/** Decimal places of SERO: 1 SERO = 10^18 of the smallest unit. */
const SERO_DECIMALS = 18;

/** Decimal places by the asset's name: the registry knows none, so tokens are counted in whole units. */
export function decimalsOf(asset: string): number {
  return asset === 'SERO' ? SERO_DECIMALS : 0;
}

/** An amount as a person wrote it: digits, and a unit where one stands behind them. */
export interface WrittenAmount {
  readonly digits: string;
  readonly unit: string | undefined;
}

/** Takes "1.5 SERO", "1.5SERO" or "1.5" apart. Throws a usage error for anything else: no signs, no exponents, no separators. */
export function splitAmount(text: string): WrittenAmount {
  const match = /^(\d{1,60}(?:\.\d{1,60})?)(?:\s*([A-Z][A-Z0-9_.-]{0,31}))?$/.exec(text.trim());
  if (match === null) {
    throw usageError(
      `“${text}” is no amount`,
      'write it as digits with a point, and the unit if you like: 1.5, "1.5 SERO", "20 GOLD"',
    );
  }
  return { digits: match[1]!, unit: match[2] };
}

/** Digits to smallest units, exactly. Throws a usage error for more decimal places than the asset has, for 0, and from 2^128 on. */
export function parseUnits(digits: string, asset: string): bigint {
  const decimals = decimalsOf(asset);
  const [whole = '', fraction = ''] = digits.split('.');
  if (fraction.length > decimals) {
    const places = decimals === 0 ? 'is counted in whole units' : `has ${decimals} decimal places`;
    throw usageError(`${asset} ${places}: ${digits} cannot be written in it`);
  }
  const units = BigInt(whole + fraction.padEnd(decimals, '0'));
  if (units === 0n) throw usageError('an amount is more than 0');
  if (units >= VALUE_LIMIT) throw usageError('an amount is below 2^128 of the smallest unit');
  return units;
}

/** Smallest units as a decimal number without trailing zeros: "1.5", "-0.000000000000000001", "20". */
export function formatUnits(units: bigint, asset: string): string {
  const decimals = decimalsOf(asset);
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const fraction = digits.slice(point).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${digits.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** An amount with its unit: "1.5 SERO". */
export function formatAmount(units: bigint, asset: string): string {
  return `${formatUnits(units, asset)} ${asset}`;
}
