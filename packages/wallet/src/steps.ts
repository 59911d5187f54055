import { SERO_ASSET } from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import { feeOf, type Plan, plan } from './plan.ts';
import { type Random, systemRandom } from './random.ts';
import type { Request } from './request.ts';
import { largestNote, provableNotes } from './select.ts';
import type { Wallet } from './wallet.ts';

type Payment = Extract<Request, { type: 'pay' }>;

/** The next transaction towards a payment, and what remains to be paid after it. */
export interface PaymentStep {
  readonly plan: Plan;
  /** What this transaction pays: nothing where it only merges notes. */
  readonly paid: bigint;
  readonly rest: Payment | undefined;
}

/**
 * Plans a payment of any amount that the account has. Where it lies in too many notes for one transaction of two inputs, SERO notes
 * are merged first; a token, which needs the other input for the fee, is paid note by note. Throws `insufficient-funds` before
 * the first step where the account cannot pay amount and fees of all of them: nothing is merged or half paid in vain.
 */
export async function planStep(
  wallet: Wallet,
  payment: Payment,
  random: Random = systemRandom,
): Promise<PaymentStep> {
  try {
    return { plan: await plan(wallet, payment, random), paid: payment.amount, rest: undefined };
  } catch (error) {
    if (!(error instanceof WalletError && error.code === 'needs-consolidation')) throw error;
  }
  const anchor = wallet.anchor();
  ensure(anchor !== undefined, 'no-anchor', 'the wallet has not seen the chain yet');
  const notes = provableNotes(wallet, anchor);
  const values = (asset: bigint): bigint[] =>
    notes.filter((note) => note.asset === asset).map(({ value }) => value);
  const fees = { pay: feeOf(wallet, payment), merge: feeOf(wallet, { type: 'merge' }) };
  const possible =
    payment.asset === SERO_ASSET
      ? canPayCoins(values(SERO_ASSET), payment.amount, fees)
      : canPayToken(values(payment.asset), values(SERO_ASSET), payment.amount, fees);
  ensure(
    possible,
    'insufficient-funds',
    'the account cannot pay the fees of all transactions that this payment takes',
  );

  const note = largestNote(notes, payment.asset);
  if (payment.asset === SERO_ASSET || note.value >= payment.amount) {
    return { plan: await plan(wallet, { type: 'merge' }, random), paid: 0n, rest: payment };
  }
  const part = { ...payment, amount: note.value };
  const rest = { ...payment, amount: payment.amount - note.value };
  try {
    return { plan: await plan(wallet, part, random), paid: part.amount, rest };
  } catch (error) {
    if (!(error instanceof WalletError && error.code === 'needs-consolidation')) throw error;
    // The token's note is there: it is the fee that lies in too many SERO notes.
    return { plan: await plan(wallet, { type: 'merge' }, random), paid: 0n, rest: payment };
  }
}

/** Fees at the present base fee of a transaction that pays and of one that merges. */
interface StepFees {
  readonly pay: bigint;
  readonly merge: bigint;
}

const descending = (a: bigint, b: bigint): number => (a > b ? -1 : a < b ? 1 : 0);

/** Merges the two largest notes; undefined where that is impossible or leaves nothing. */
function merged(notes: readonly bigint[], fee: bigint): bigint[] | undefined {
  const [first, second, ...rest] = notes.toSorted(descending);
  if (first === undefined || second === undefined || first + second <= fee) return undefined;
  return [first + second - fee, ...rest];
}

/** Plays the steps of a payment in SERO: merge until two notes cover amount and fee. */
function canPayCoins(notes: readonly bigint[], amount: bigint, fees: StepFees): boolean {
  let left: readonly bigint[] | undefined = notes;
  while (left !== undefined) {
    const [first = 0n, second = 0n] = left.toSorted(descending);
    if (first + second >= amount + fees.pay) return true;
    left = merged(left, fees.merge);
  }
  return false;
}

/** Plays the steps of a payment in a token: note by note from the largest, each with a SERO note for its fee. */
function canPayToken(
  tokens: readonly bigint[],
  coins: readonly bigint[],
  amount: bigint,
  fees: StepFees,
): boolean {
  let due = amount;
  let left = coins.toSorted(descending);
  for (const value of tokens.toSorted(descending)) {
    while ((left[0] ?? 0n) < fees.pay) {
      const fewer = merged(left, fees.merge);
      if (fewer === undefined) return false;
      left = fewer.toSorted(descending);
    }
    left = [left[0]! - fees.pay, ...left.slice(1)].toSorted(descending);
    due -= value;
    if (due <= 0n) return true;
  }
  return false;
}
