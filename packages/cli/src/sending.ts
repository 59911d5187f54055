import { setTimeout as pause } from 'node:timers/promises';
import { type Plan, prove, readPlan, sign, submitRecorded, WalletError } from '@sero/wallet';
import { formatAmount } from './amounts.ts';
import { CliError } from './errors.ts';
import { hex } from './names.ts';
import { type OpenProver, openProver } from './proving.ts';
import { confirmed, expectConfirmation } from './secrets.ts';
import { readChain, type Session } from './session.ts';

/** ms between two looks for a block. */
const POLL = 500;

/** One transaction towards what was asked for, and what remains after it. */
export interface Step<R> {
  readonly plan: Plan;
  readonly rest: R | undefined;
  /** Transactions that the whole takes, this one among them. Default: 1. */
  readonly transactions?: number;
  /** SERO that the network takes at most for all of them, where that is known before they are planned. */
  readonly fees?: bigint;
}

/** What is to be done, in one transaction or several. */
export interface Undertaking<R> {
  readonly first: R;
  /** Plans the next transaction. */
  readonly next: (rest: R) => Promise<Step<R>>;
  /** What happens, for the person who is asked: whole addresses, exact amounts. */
  readonly says: readonly string[];
}

export interface SendOptions {
  /** Plan and show, and send nothing. */
  readonly dryRun: boolean;
  /** Wait until the last transaction is in a block. */
  readonly wait: boolean;
}

/** A transaction that was sent. */
export interface Sent {
  readonly txid: string;
  /** SERO that the network takes at most, in the smallest unit. */
  readonly fee: bigint;
  /** Block that holds it, where that was waited for. */
  readonly height?: bigint;
}

/** What became of an undertaking. */
export interface SendResult {
  readonly status: 'dry-run' | 'submitted' | 'final';
  /** SERO that the network takes at most: for what was sent; in a dry run for all, or for the first where no more is known. */
  readonly fee: bigint;
  /** How many the whole takes. */
  readonly planned: number;
  readonly transactions: readonly Sent[];
}

/**
 * Plans, asks, signs, proves and sends, transaction by transaction. Each one but the last is waited for: its change pays
 * for the next.
 */
export async function carryOut<R>(
  session: Session,
  { first, next, says }: Undertaking<R>,
  { dryRun, wait }: SendOptions,
): Promise<SendResult> {
  const { cli } = session;
  const { progress, io, options } = cli;
  if (!dryRun) {
    // What cannot come to an end is not begun.
    session.spendingKey();
    expectConfirmation(io, options.yes);
  }
  let step = await progress.stage('Planning', () => next(first));
  const { transactions: planned = 1, fees } = step;
  const fee = fees ?? readPlan(step.plan).fee;
  for (const line of says) cli.out.say(line);
  cli.out.say(`Fee: at most ${formatAmount(fee, 'SERO')}${feeOfWhat(planned, fees !== undefined)}.`);
  if (dryRun) return { status: 'dry-run', fee, planned, transactions: [] };
  if (!(await confirmed(io, options.yes, 'Send it?'))) {
    throw new CliError('failed', 'declined', 'nothing was sent');
  }
  const prover = openProver(cli);
  try {
    const transactions: Sent[] = [];
    for (;;) {
      const sent = await sendPlan(session, step.plan, prover);
      const { rest } = step;
      if (rest === undefined && !wait) {
        transactions.push(sent);
        return { status: 'submitted', fee: sumOfFees(transactions), planned, transactions };
      }
      transactions.push(await untilFinal(session, sent, readPlan(step.plan).tx.expiry));
      if (rest === undefined) return { status: 'final', fee: sumOfFees(transactions), planned, transactions };
      step = await progress.stage('Planning the next transaction', () =>
        whenReady(session, () => next(rest)),
      );
    }
  } finally {
    await prover.close();
  }
}

/** What a fee is for, where that is more than one transaction. */
function feeOfWhat(planned: number, isWhole: boolean): string {
  if (planned === 1) return '';
  return isWhole
    ? ` for ${planned} transactions, one after another`
    : ` for the first of ${planned} transactions`;
}

const sumOfFees = (transactions: readonly Sent[]): bigint =>
  transactions.reduce((sum, { fee }) => sum + fee, 0n);

async function sendPlan(session: Session, plan: Plan, prover: OpenProver): Promise<Sent> {
  const { cli, wallet } = session;
  const key = session.spendingKey();
  const signed = sign(plan, key);
  // Loaded first, so that it has a line of its own.
  await prover.circuit(readPlan(plan).tx.circuit);
  const proved = await cli.progress.stage('Proving', () => prove(plan, key.proof, prover, cli.io.signal));
  const ready = await cli.progress.stage('Sending', () =>
    submitRecorded(wallet, plan, signed, proved, session.send, BigInt(Date.now())),
  );
  return { txid: hex(ready.txid), fee: readPlan(plan).fee };
}

/** Reads the chain until a sent transaction is in it. Throws where it failed there, or can no longer enter. */
export async function untilFinal(session: Session, sent: Sent, expiry: bigint): Promise<Sent> {
  const { cli, wallet } = session;
  return cli.progress.stage('Waiting for its block', async (report) => {
    for (;;) {
      await readChain(session);
      const entry = wallet.history().findLast(({ txid }) => hex(txid) === sent.txid);
      if (entry !== undefined) {
        if (entry.succeeded) return { ...sent, height: entry.height };
        throw new CliError(
          'refused',
          'action-failed',
          `transaction ${sent.txid} is in block ${entry.height}, but what it asked for failed`,
        );
      }
      const height = wallet.tip()?.header.height ?? 0n;
      if (height >= expiry) {
        throw new CliError(
          'refused',
          'expired',
          `transaction ${sent.txid} expired in block ${expiry}: no block took it`,
          'send it again',
        );
      }
      report(`block ${height}`);
      await pause(POLL, undefined, { signal: cli.io.signal });
    }
  });
}

/** Plans again with each block while the newest notes wait for their anchor, or a name's commitment is too young. */
export async function whenReady<T>(
  session: Session,
  plan: () => Promise<T>,
  isTooEarly: (error: WalletError) => boolean = ({ code }) =>
    code === 'notes-too-new' || code === 'no-anchor',
): Promise<T> {
  for (;;) {
    try {
      return await plan();
    } catch (error) {
      if (!(error instanceof WalletError && isTooEarly(error))) throw error;
    }
    await pause(POLL, undefined, { signal: session.cli.io.signal });
    await readChain(session);
  }
}

/** Says how an undertaking ended: what there is to know on stdout, what to do next on stderr. */
export function showResult(session: Session, result: SendResult, extra: object = {}): void {
  const { out, sero } = session.cli;
  const lines = result.transactions.map(({ txid, height }) =>
    height === undefined ? txid : `${txid} in block ${height}`,
  );
  out.data({ ...extra, ...result }, lines.join('\n'));
  if (result.status === 'dry-run') out.say('Nothing was sent.');
  if (result.status === 'submitted') out.say(`Sent. It is final with its block; see: ${sero} history`);
}
