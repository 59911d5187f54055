import { FACTOR_ONE, type Pot } from './stake-record.ts';

/**
 * Slashing a record takes the same part of everybody's stake in it, however many they are, without touching them: a pot holds
 * money, shares of it are nominal amounts, and a share is worth floor(nominal x factor / 2^64). At factor 1 nominal and worth
 * are the same number. What is put in later buys more nominal for its money, so an old slash costs no new staker.
 *
 * Every division is rounded so that money >= nominal x factor / 2^64 holds after each step for the sum, hence for any set of
 * shares together: nobody's worth was ever somebody else's. What rounding leaves over, less than one of the coin's smallest
 * units a step, stays in the pot.
 */

export const EMPTY_POT: Pot = { nominal: 0n, money: 0n };

/** What a share is worth. */
export function worthOf(nominal: bigint, factor: bigint): bigint {
  return (nominal * factor) / FACTOR_ONE;
}

/** Puts an amount in. @param factor > 0 */
export function putIn(
  pot: Pot,
  amount: bigint,
  factor: bigint,
): { readonly pot: Pot; readonly nominal: bigint } {
  const nominal = (amount * FACTOR_ONE) / factor;
  return { pot: { nominal: pot.nominal + nominal, money: pot.money + amount }, nominal };
}

/**
 * Takes an amount out of a share.
 *
 * @param amount at most the share's worth, which takes all of it
 * @returns what is left of the share, too
 */
export function takeOut(
  pot: Pot,
  share: bigint,
  amount: bigint,
  factor: bigint,
): { readonly pot: Pot; readonly left: bigint } {
  const nominal = amount === worthOf(share, factor) ? share : ceilDiv(amount * FACTOR_ONE, factor);
  return { pot: { nominal: pot.nominal - nominal, money: pot.money - amount }, left: share - nominal };
}

/** The pot after its record's factor fell. @param from > 0 */
export function slashed(pot: Pot, from: bigint, to: bigint): Pot {
  return { nominal: pot.nominal, money: ceilDiv(pot.money * to, from) };
}

/** Also of 0. @param divisor > 0 */
export function ceilDiv(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
