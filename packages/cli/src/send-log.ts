import { CliError } from './errors.ts';
import type { ExitName } from './exit.ts';
import { failureOf } from './failure.ts';
import type { Output } from './output.ts';

/** A payment as a report shows it. */
export interface ShownPayment {
  /** Whole address. */
  readonly to: string;
  readonly asset: bigint;
  /** Smallest unit. */
  readonly amount: bigint;
  /** Amount and payee for a person. */
  readonly says: string;
}

/** A transaction on its way to the node. */
export interface Outgoing {
  readonly txid: string;
  /** SERO that the network takes at most, in the smallest unit. */
  readonly fee: bigint;
  readonly pays: readonly ShownPayment[];
  /** What remains to be paid after it. */
  readonly left: readonly ShownPayment[];
}

/**
 * `unknown`: handed over, no answer yet; `sent`: the node has it; `final`: in a block; `failed`: in a block, in vain; `replaced`: a
 * block holds another one that spends its notes.
 */
export type SendState = 'unknown' | 'sent' | 'final' | 'failed' | 'expired' | 'replaced';

interface Entry extends Outgoing {
  readonly state: SendState;
  readonly height?: bigint;
}

/** What a command has sent so far: whoever sees it fail must know what is paid, so that nobody pays twice. */
export interface SendLog {
  /** The transaction is handed to the node from now on. */
  begins(transaction: Outgoing): void;
  became(txid: string, state: SendState, height?: bigint): void;
  /**
   * The node says that it did not take it: what is sent next conflicts with it, or is not sent where a block holds it by then, so it
   * counts as not sent.
   */
  refused(txid: string): void;
  /** The result was shown: what fails from now on is no matter of money. */
  shown(): void;
  /**
   * Says on stdout what was sent before an error. @returns the error that the command ends with: exit code 8 where the rest of the
   * work is open, and the error itself where the network or a limit refused the next step, or where nothing was sent.
   */
  explain(error: unknown): unknown;
}

/** Ends that say themselves what became of the money. */
const OWN_END: readonly ExitName[] = ['refused'];
const OWN_CODE: readonly string[] = ['fee-rose', 'declined'];

const DO_NOT_PAY_AGAIN =
  'do not pay again: see in a few blocks whether it is there, with {sero} history; else its notes are free after it expires';

/** A log of nothing sent. */
export function createSendLog(out: Output, sero: string): SendLog {
  let entries: readonly Entry[] = [];
  let left: readonly ShownPayment[] = [];
  const change = (txid: string, to: (entry: Entry) => readonly Entry[]): void => {
    entries = entries.flatMap((entry) => (entry.txid === txid ? to(entry) : [entry]));
  };
  return {
    begins: (transaction) => {
      entries = [...entries, { ...transaction, state: 'unknown' }];
      left = transaction.left;
    },
    became: (txid, state, height) =>
      change(txid, (entry) => [{ ...entry, state, ...(height === undefined ? {} : { height }) }]),
    refused: (txid) =>
      change(txid, ({ pays }) => {
        left = [...pays, ...left];
        return [];
      }),
    shown: () => {
      entries = [];
    },
    explain: (error) => {
      if (entries.length === 0) return error;
      const { exit, code, message } = failureOf(error, sero);
      show(out, entries, left);
      if (OWN_END.includes(exit) || OWN_CODE.includes(code)) return error;
      const open = entries.some(({ state }) => state === 'unknown' || state === 'sent');
      return new CliError(
        'unknown',
        open ? 'outcome-unknown' : 'unfinished',
        `${message}; ${summary(entries, left)}`,
        open ? DO_NOT_PAY_AGAIN : 'do not pay again what is paid: begin anew with what is not',
        { cause: error },
      );
    },
  };
}

const SAYS: Readonly<Record<SendState, string>> = {
  unknown: 'perhaps sent',
  sent: 'sent',
  final: 'paid',
  failed: 'failed',
  expired: 'expired',
  replaced: 'replaced',
};

function show(out: Output, entries: readonly Entry[], left: readonly ShownPayment[]): void {
  const plain = ({ to, asset, amount }: ShownPayment): object => ({ to, asset, amount });
  const transactions = entries.map(({ txid, fee, state, height, pays }) => ({
    txid,
    fee,
    state,
    ...(height === undefined ? {} : { height }),
    pays: pays.map(plain),
  }));
  const lines = entries.flatMap(({ txid, state, height, pays }) => [
    height === undefined ? `${txid} ${SAYS[state]}` : `${txid} in block ${height}`,
    ...pays.map(({ says }) => `  ${SAYS[state]}: ${says}`),
  ]);
  const rest = left.map(({ says }) => `not sent: ${says}`);
  out.data({ status: 'unfinished', transactions, notSent: left.map(plain) }, [...lines, ...rest].join('\n'));
}

/** Which payments are paid, under way and not sent, in numbers. */
function summary(entries: readonly Entry[], left: readonly ShownPayment[]): string {
  const parts = (['final', 'sent', 'unknown', 'failed', 'expired', 'replaced'] as const).flatMap((state) => {
    const those = entries.filter((entry) => entry.state === state);
    const paid = those.reduce((sum, { pays }) => sum + pays.length, 0);
    const txids = those.map(({ txid }) => txid).join(', ');
    return those.length === 0 ? [] : [`${SAYS[state]}: ${payments(paid)} in ${txids}`];
  });
  return [...parts, `not sent: ${payments(left.length)}`].join('; ');
}

const payments = (count: number): string => `${count} payment${count === 1 ? '' : 's'}`;
