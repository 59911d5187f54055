import { equalBytes, toHex } from '@sero/crypto';
import { decodeEnvelope, encodeAddress, transactionId } from '@sero/protocol';
import { type ProvedPart, type ReadyTransaction, type Send, type SignedPart, submit } from './authorize.ts';
import type { Plan, TransactionPlan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { HistoryEntry, SentRecord } from './records.ts';
import type { Balance, SyncState, Wallet } from './wallet.ts';

/** A line of the account's history with what became of it. */
export type HistoryLine =
  | ({
      readonly state: 'final';
      /** A node had said that it refused it. */
      readonly refused?: true;
    } & HistoryEntry)
  | {
      /**
       * `pending`: on its way; `refused`: the node did not take it, and if it lies it can still pass it on; `expired`: no block took it
       * in time; `replaced`: another transaction spent its notes.
       */
      readonly state: 'pending' | 'refused' | 'expired' | 'replaced';
      readonly txid: Uint8Array;
      /** Pending or refused: the last height that may hold it. Otherwise: the height at which it was lost. */
      readonly height: bigint;
      /** What it was to do; undefined where it was submitted without `submitRecorded`. */
      readonly sent: SentRecord | undefined;
    };

/**
 * Everything that happened, newest first: what is on its way, what the chain holds, what never got there. The last kind is known on the
 * device alone that submitted it.
 */
export function historyLines(wallet: Wallet): HistoryLine[] {
  const pending = wallet.pending().map(
    ({ txid, expiry, sent, refused }): HistoryLine => ({
      state: refused === undefined ? 'pending' : 'refused',
      txid,
      height: expiry,
      sent,
    }),
  );
  const lost = wallet
    .lost()
    .map(({ txid, outcome, height, sent }): HistoryLine => ({ state: outcome, txid, height, sent }));
  const entered = new Set(wallet.entered().map(({ txid }) => toHex(txid)));
  const final = wallet.history().map((entry): HistoryLine => {
    const refused = entered.has(toHex(entry.txid)) ? ({ refused: true } as const) : {};
    return { state: 'final', ...refused, ...entry };
  });
  // Of one height the later entry happened later; sorting is stable.
  const past = [...final, ...lost]
    .toReversed()
    .toSorted((a, b) => (a.height > b.height ? -1 : a.height < b.height ? 1 : 0));
  return [...pending.toReversed(), ...past];
}

/** Balances with the height that they are of, so that a wallet that still reads is never taken for an empty one. */
export interface BalanceReport extends SyncState {
  readonly balances: readonly Balance[];
}

/** What the account holds, and as of when. While `current` is false there may be more, or less. */
export function balanceReport(wallet: Wallet): BalanceReport {
  return { ...wallet.syncState(), balances: wallet.balances() };
}

/** What a plan does, as the history shows it while the chain does not hold it. */
function sentBy(wallet: Wallet, { outputs, fee, memo }: TransactionPlan, time: bigint): SentRecord {
  const self = encodeAddress(wallet.key.address);
  const payments = outputs
    .filter(({ to, value }) => value > 0n && !equalBytes(to, self))
    .map(({ to, asset, value }) => ({ to, asset, value }));
  return { time, payments, fee, ...(memo === undefined ? {} : { memo: memo.text }) };
}

/**
 * `submit`, and the wallet remembers what the transaction does, so that the history shows it at once and after it expired.
 *
 * @param time ms since 1970 by this device's clock
 */
export function submitRecorded(
  wallet: Wallet,
  plan: Plan,
  signed: SignedPart,
  proved: ProvedPart,
  send: Send,
  time: bigint,
): Promise<ReadyTransaction> {
  const sent = sentBy(wallet, readPlan(plan), time);
  return submit(wallet, plan, signed, proved, async (bytes) => {
    // Its notes are reserved by now, and it is not on its way yet.
    const { tx } = decodeEnvelope(bytes).private!;
    await wallet.describe(transactionId(tx, wallet.genesisHash), sent);
    return send(bytes);
  });
}
