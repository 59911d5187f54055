import { SHAPE_B, SHAPE_C, type Shape } from '@sero/circuits';
import { SERO_ASSET } from '@sero/protocol';
import { offersOf, payoutsOf, refusedOf, type Selection, selectFor, widest } from './choose.ts';
import { ensure, WalletError } from './errors.ts';
import { type Plan, plan } from './plan.ts';
import { type Random, systemRandom } from './random.ts';
import { MAX_PAYOUTS, type Payout, publicPart, type Request } from './request.ts';
import { type Coin, ownOf, provableNotes, type Refused } from './select.ts';
import type { Wallet } from './wallet.ts';

type Payment = Extract<Request, { type: 'pay' }>;
type Payroll = Extract<Request, { type: 'payMany' }>;

/** What every step says of itself and of those to come. */
export interface Step {
  readonly plan: Plan;
  /** Transactions that the whole takes, this one among them. */
  readonly transactions: number;
  /** SERO that the network takes for all of them at most, at the present base fee. */
  readonly fees: bigint;
}

/** The next transaction towards a payment, and what remains to be paid after it. */
export interface PaymentStep extends Step {
  /** What this transaction pays: nothing where it only merges notes. */
  readonly paid: bigint;
  readonly rest: Payment | undefined;
}

/** The next transaction towards many payments, and those that remain after it. */
export interface PayrollStep extends Step {
  readonly paid: readonly Payout[];
  readonly rest: readonly Payout[];
}

/**
 * Plans a payment of any amount that the account has. Where it lies in too many notes for one transaction, notes are merged
 * first, up to eight at once; on a network without shape B two notes of SERO at once, and a token is paid note by note.
 * Throws `insufficient-funds` before the first step where the account cannot pay amount and fees of all of them: nothing is
 * merged or half paid in vain.
 */
export async function planStep(
  wallet: Wallet,
  payment: Payment,
  random: Random = systemRandom,
): Promise<PaymentStep> {
  const { move, ...step } = await firstOf(wallet, [payment], random);
  const paid = payoutsOf(move).reduce((sum, { amount }) => sum + amount, 0n);
  const left = payment.amount - paid;
  return { ...step, paid, rest: left === 0n ? undefined : { ...payment, amount: left } };
}

/**
 * Plans a list of payments of any length, as many in each transaction as shape C has outputs for: asset by asset, 15 in SERO or 14
 * in another one. Notes are merged first where they are too many. Throws as `planStep` does, before anything is paid.
 *
 * @param payroll any number of payments from 1 on
 * @example
 * for (let rest = payments; rest.length > 0; ) {
 *   const step = await planMany(wallet, { type: 'payMany', payments: rest, memo });
 *   // sign, prove, submit step.plan; wait for its block
 *   rest = step.rest;
 * }
 */
export async function planMany(
  wallet: Wallet,
  { payments, memo }: Payroll,
  random: Random = systemRandom,
): Promise<PayrollStep> {
  ensure(payments.length > 0, 'request-invalid', 'there is nothing to pay');
  const batches = batchesOf(wallet, payments);
  const requests = batches.map((batch): Payment | Payroll => {
    const text = memo === undefined ? {} : { memo };
    return batch.length === 1
      ? { type: 'pay', ...batch[0]!, ...text }
      : { type: 'payMany', payments: batch, ...text };
  });
  const { move, ...step } = await firstOf(wallet, requests, random);
  const [first = [], ...others] = batches;
  return { ...step, paid: payoutsOf(move), rest: [...unpaid(first, payoutsOf(move)), ...others.flat()] };
}

/** Payments of one asset each, as many as one transaction makes beside the change. */
function batchesOf(wallet: Wallet, payments: readonly Payout[]): Payout[][] {
  // Without shape B nothing gathers a token's notes for the two inputs of C.
  const hasMany = hasCircuit(wallet, SHAPE_B) && hasCircuit(wallet, SHAPE_C);
  const batches: Payout[][] = [];
  for (const asset of new Set(payments.map((payment) => payment.asset))) {
    const own = payments.filter((payment) => payment.asset === asset);
    const size = !hasMany ? 1 : asset === SERO_ASSET ? MAX_PAYOUTS : MAX_PAYOUTS - 1;
    for (let at = 0; at < own.length; at += size) batches.push(own.slice(at, at + size));
  }
  return batches;
}

/** What is left of a batch after a transaction: nothing, all of it, or of a single payment the rest. */
function unpaid(batch: readonly Payout[], paid: readonly Payout[]): readonly Payout[] {
  if (paid.length === 0) return batch;
  const [one, part] = [batch[0]!, paid[0]!];
  return part.amount < one.amount ? [{ ...one, amount: one.amount - part.amount }] : [];
}

interface Move extends Selection<Coin> {
  readonly request: Request;
}

/** Plays all transactions through in numbers, then plans the first. */
async function firstOf(
  wallet: Wallet,
  dues: readonly (Payment | Payroll)[],
  random: Random,
): Promise<Step & { readonly move: Request }> {
  const anchor = wallet.anchor();
  ensure(anchor !== undefined, 'no-anchor', 'the wallet has not seen the chain yet');
  wallet.expectSettled();
  const moves = movesFrom(wallet, provableNotes(wallet, anchor), dues);
  const [first, ...others] = moves;
  const move = first!.request;
  return {
    plan: await plan(wallet, move, random),
    move,
    transactions: moves.length,
    fees: [first!, ...others].reduce((sum, { offer }) => sum + offer.fee, 0n),
  };
}

/** All transactions towards some payments, for notes that can be spent; says so where only the newest notes stand in the way. */
function movesFrom(wallet: Wallet, notes: readonly Coin[], dues: readonly (Payment | Payroll)[]): Move[] {
  try {
    return play(wallet, notes, dues);
  } catch (error) {
    if (!(error instanceof WalletError && error.code === 'insufficient-funds')) throw error;
    play(wallet, wallet.spendableNotes(), dues);
    throw new WalletError(
      'notes-too-new',
      'the newest notes wait for an anchor: try again after the next blocks',
    );
  }
}

function play(wallet: Wallet, held: readonly Coin[], dues: readonly (Payment | Payroll)[]): Move[] {
  const moves: Move[] = [];
  let notes = held;
  for (const due of dues) {
    let rest: Payment | Payroll | undefined = due;
    while (rest !== undefined) {
      // The first one binds what was refused; the others wait until it is in its block.
      const move: Move = nextMove(wallet, notes, rest, moves.length === 0 ? refusedOf(wallet) : []);
      moves.push(move);
      notes = after(notes, move, BigInt(moves.length));
      rest = restOf(rest, move);
    }
  }
  return moves;
}

function restOf(due: Payment | Payroll, { request }: Move): Payment | Payroll | undefined {
  if (request.type === 'merge') return due;
  if (due.type === 'payMany' || request.type !== 'pay' || request.amount === due.amount) return undefined;
  return { ...due, amount: due.amount - request.amount };
}

/** The notes after a transaction: those that it spends are gone, what is left of them has come back as one note an asset. */
function after(notes: readonly Coin[], { notes: spent, offer }: Move, step: bigint): Coin[] {
  const left = new Map<bigint, bigint>();
  for (const { asset, value } of spent) left.set(asset, (left.get(asset) ?? 0n) + value);
  for (const [asset, amount] of offer.needs) left.set(asset, (left.get(asset) ?? 0n) - amount);
  const change = [...left].filter(([, value]) => value > 0n);
  return [
    ...notes.filter((note) => !spent.includes(note)),
    // Younger than every note of the tree; the order of equal notes is all that a position decides.
    ...change.map(([asset, value]) => ({ asset, value, position: (1n << 64n) + step })),
  ];
}

/** The payment itself where one transaction can make it, else what brings it nearer. */
function nextMove(
  wallet: Wallet,
  notes: readonly Coin[],
  due: Payment | Payroll,
  refused: readonly Refused[],
): Move {
  const select = (request: Request): Move => {
    const part = publicPart(wallet, request);
    return {
      request,
      ...selectFor(notes, offersOf(wallet, request, part), part.merge, refused, widest(wallet)),
    };
  };
  try {
    return select(due);
  } catch (error) {
    if (!isScattered(error)) throw error;
  }
  const token = payoutsOf(due).find(({ asset }) => asset !== SERO_ASSET)?.asset;
  const needed = payoutsOf(due).reduce((sum, { asset, amount }) => sum + (asset === token ? amount : 0n), 0n);
  const largest = token === undefined ? undefined : ownOf(notes, token).at(-1);
  // One note holds all of the token that is due, so it is the SERO for amount or fee that lies in too many.
  if (token === undefined || largest === undefined || largest.value >= needed) return merging(select);
  try {
    if (hasCircuit(wallet, SHAPE_B)) return merging(select, token);
    // Two inputs hold one note of a token and one for the fee: it is paid note by note.
    return select({ type: 'pay', ...payoutsOf(due)[0]!, ...memoOf(due), amount: largest.value });
  } catch (error) {
    if (!isScattered(error)) throw error;
    return merging(select);
  }
}

function memoOf({ memo }: Payment | Payroll): { readonly memo?: string } {
  return memo === undefined ? {} : { memo };
}

function hasCircuit(wallet: Wallet, { id }: Shape): boolean {
  return wallet.genesis.verifyingKeys.some(({ circuit }) => circuit === id);
}

function isScattered(error: unknown): boolean {
  return error instanceof WalletError && error.code === 'needs-consolidation';
}

/** Merges notes; without money for its fee the payment cannot be made either. */
function merging(select: (request: Request) => Move, asset: bigint = SERO_ASSET): Move {
  try {
    return select({ type: 'merge', asset });
  } catch (error) {
    if (!(error instanceof WalletError && error.code === 'request-invalid')) throw error;
    throw new WalletError(
      'insufficient-funds',
      'the account cannot pay the fees of all transactions that this payment takes',
    );
  }
}
