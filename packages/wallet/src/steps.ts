import { SERO_ASSET } from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import { type Plan, plan } from './plan.ts';
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
 * are merged first; a token, which needs the other input for the fee, is paid note by note.
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
  const note = largestNote(provableNotes(wallet, anchor), payment.asset);
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
