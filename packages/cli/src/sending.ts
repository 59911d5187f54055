import { setTimeout as pause } from 'node:timers/promises';
import { equalBytes } from '@sero/crypto';
import { addressToText, decodeAddress, decodeEnvelope, encodeAddress, transactionId } from '@sero/protocol';
import {
  type HistoryEntry,
  type Payout,
  type Plan,
  type ProvedPart,
  prove,
  readPlan,
  type Send,
  type SignedPart,
  sign,
  submitRecorded,
  type Wallet,
  WalletError,
} from '@sero/wallet';
import { formatAmount } from './amounts.ts';
import { CliError } from './errors.ts';
import { assetName, hex, paidText } from './names.ts';
import { type OpenProver, openProver, proofStage } from './proving.ts';
import { canAsk, confirmed, expectConfirmation } from './secrets.ts';
import type { ShownPayment } from './send-log.ts';
import { isNodeAway, readChain, type Session } from './session.ts';
import { failureText } from './stake-text.ts';

/** ms between two looks for a block. */
const POLL = 500;

/** One transaction towards what was asked for, and what remains after it. */
export interface Step<R> {
  readonly plan: Plan;
  readonly rest: R | undefined;
  /** Payments that remain after it. Default: none. */
  readonly left?: readonly Payout[];
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
  /** True where it pays others: then what was paid before, and called refused, is a matter of it. */
  readonly pays: boolean;
  /** What happens, for the person who is asked: whole addresses, exact amounts. */
  readonly says: readonly string[];
}

export interface SendOptions {
  /** Plan and show, and send nothing. */
  readonly dryRun: boolean;
  /** Wait until the last transaction is in a block. */
  readonly wait: boolean;
  /** SERO that all fees together may come to, in the smallest unit. Default: the total that is shown before the question. */
  readonly maxFee?: bigint;
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
  { first, next, pays, says }: Undertaking<R>,
  { dryRun, wait, maxFee }: SendOptions,
): Promise<SendResult> {
  const { cli } = session;
  const { progress, io, options } = cli;
  if (!dryRun) {
    // What cannot come to an end is not begun.
    session.spendingKey();
    expectConfirmation(io, options.yes);
  }
  await expectNothingEntered(session, !dryRun && pays);
  let step = await progress.stage('Planning', () => next(first));
  const { transactions: planned = 1, fees } = step;
  const fee = fees ?? readPlan(step.plan).fee;
  for (const line of says) cli.out.say(line);
  cli.out.say(`Fee: at most ${formatAmount(fee, 'SERO')}${feeOfWhat(planned, fees !== undefined)}.`);
  if (maxFee !== undefined && fee > maxFee) {
    throw new CliError(
      'failed',
      'fee-too-high',
      `the fee of ${formatAmount(fee, 'SERO')} is more than the ${formatAmount(maxFee, 'SERO')} of --max-fee`,
      'nothing was sent: allow more, or try again when the base fee is lower',
    );
  }
  if (dryRun) return { status: 'dry-run', fee, planned, transactions: [] };
  if (!(await confirmed(io, options.yes, 'Send it?'))) {
    throw new CliError('failed', 'declined', 'nothing was sent');
  }
  let bound = maxFee ?? fee;
  const prover = openProver(cli);
  try {
    const transactions: Sent[] = [];
    for (;;) {
      const sent = await sendPlan(session, step, prover, transactions.length);
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
      const total = sumOfFees(transactions) + (step.fees ?? readPlan(step.plan).fee);
      bound = await agreedFee(session, total, bound, maxFee === undefined);
    }
  } finally {
    await prover.close();
  }
}

/**
 * Ends the command where a transaction that a node had called refused is in a block all the same: whoever asks for it again would pay
 * twice. The error says it, so it is acknowledged, and the next command is a deliberate one; the history marks it for good.
 *
 * @param acknowledges false for a command after which nobody may think that it was said: one that sends nothing, or pays nobody
 */
export async function expectNothingEntered(
  { wallet, network }: Pick<Session, 'wallet' | 'network'>,
  acknowledges: boolean,
): Promise<void> {
  const found = wallet.entered().filter(({ acknowledged }) => acknowledged === undefined);
  if (found.length === 0) return;
  const says = found.map(({ txid, height, payments }) => {
    return `transaction ${hex(txid)}, which a node had said that it refused, is in block ${height}: it paid ${paidText(wallet, network, payments)}`;
  });
  const open = acknowledges ? [] : found.filter(({ payments }) => payments.length > 0);
  for (const spend of found) if (!open.includes(spend)) await wallet.acknowledge(spend.txid);
  throw new CliError(
    'unknown',
    'refused-entered',
    `${says.join('; ')}; nothing was sent now`,
    open.length === 0
      ? 'do not pay again what is paid: see {sero} history. What is still to be paid can be sent now'
      : 'do not pay again what is paid: see {sero} history. The next {sero} send says this once more and sends nothing; after it everything can be sent again',
  );
}

/**
 * Holds the fees of all transactions, those that are sent among them, to the total that was agreed to. Where it rose and somebody is
 * there, asks for the new one.
 *
 * @returns the total that is agreed to now
 */
export async function agreedFee(
  { cli }: Pick<Session, 'cli'>,
  total: bigint,
  bound: bigint,
  mayAsk: boolean,
): Promise<bigint> {
  if (total <= bound) return bound;
  const rose = `the fees of all transactions come to ${formatAmount(total, 'SERO')} now, ${formatAmount(bound, 'SERO')} were agreed to`;
  if (mayAsk && !cli.options.yes && canAsk(cli.io)) {
    cli.out.say(`The base fee rose: ${rose}.`);
    if (await confirmed(cli.io, false, 'Go on?')) return total;
  }
  throw new CliError(
    'failed',
    'fee-rose',
    `the base fee rose: ${rose}; nothing more was sent`,
    'what is sent stays sent: begin anew with what is not, and with --max-fee if you allow more',
  );
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

/** @param done how many transactions of the whole are final before it */
async function sendPlan(
  session: Session,
  { plan, left, transactions = 1 }: Step<unknown>,
  prover: OpenProver,
  done: number,
): Promise<Sent> {
  const { cli } = session;
  const key = session.spendingKey();
  const signed = sign(plan, key);
  // Loaded first, so that it has a line of its own.
  const { circuit } = readPlan(plan).tx;
  await prover.circuit(circuit);
  const proved = await proofStage(cli.progress, { circuit, number: done + 1, of: done + transactions }, () =>
    prove(plan, key.proof, prover, cli.io.signal),
  );
  return sendParts(session, { plan, signed, proved, left: left ?? [] });
}

/** The parts of a transaction, and the payments that remain after it. */
export interface Parts {
  readonly plan: Plan;
  readonly signed: SignedPart;
  readonly proved: ProvedPart;
  readonly left: readonly Payout[];
}

/** Joins the parts and gives the transaction to the node; from there on a failure of the command says that it was sent. */
export function sendParts(session: Session, { plan, signed, proved, left }: Parts): Promise<Sent> {
  const { cli, wallet, network } = session;
  const { fee, outputs } = readPlan(plan);
  const shown = (to: string, asset: bigint, amount: bigint): ShownPayment => {
    return { to, asset, amount, says: `${formatAmount(amount, assetName(wallet, asset))} to ${to}` };
  };
  const self = encodeAddress(wallet.key.address);
  const outgoing = {
    fee,
    pays: outputs
      .filter(({ to, value }) => value > 0n && !equalBytes(to, self))
      .map(({ to, asset, value }) => shown(addressToText(decodeAddress(to), network), asset, value)),
    left: left.map(({ to, asset, amount }) => shown(addressToText(to, network), asset, amount)),
  };
  const before = wallet.pending();
  const send: Send = async (bytes) => {
    const txid = hex(txidOf(bytes, wallet.genesisHash));
    cli.sends.begins({ txid, ...outgoing });
    const answer = await session.send(bytes);
    if (answer instanceof Error && isSentBefore({ pending: () => before }, txid)) {
      // It may be on its way since the first time: its notes stay reserved, so the next payment would not shut it out.
      throw new CliError(
        'unknown',
        'outcome-unknown',
        `the node refused transaction ${txid} now, but it was sent before, and may be on its way: ${answer.message}`,
        'do not pay again: see in a few blocks whether it is there, with {sero} history; else its notes are free after it expires',
        { cause: answer },
      );
    }
    if (answer instanceof Error) cli.sends.refused(txid);
    else cli.sends.became(txid, 'sent');
    return answer;
  };
  return cli.progress.stage('Sending', async () => {
    const ready = await submitRecorded(wallet, plan, signed, proved, send, BigInt(Date.now()));
    return { txid: hex(ready.txid), fee };
  });
}

/** True for what was given to a node before, and not called refused: it may be on its way whatever a node says now. */
export function isSentBefore({ pending }: Pick<Wallet, 'pending'>, txid: string): boolean {
  return pending().some((spend) => spend.refused === undefined && hex(spend.txid) === txid);
}

function txidOf(bytes: Uint8Array, genesisHash: Uint8Array): Uint8Array {
  return transactionId(decodeEnvelope(bytes).private!.tx, genesisHash);
}

/**
 * Reads the chain until a sent transaction is in it. Throws where it failed there, or can no longer enter. A node that does not answer is
 * asked again: that it is away says nothing about the transaction.
 */
export async function untilFinal(session: Session, sent: Sent, expiry: bigint): Promise<Sent> {
  const { cli, wallet } = session;
  return cli.progress.stage('Waiting for its block', async (report) => {
    for (;;) {
      const away = await readAgain(session);
      const entry = wallet.history().findLast(({ txid }) => hex(txid) === sent.txid);
      if (entry !== undefined) {
        cli.sends.became(sent.txid, entry.succeeded ? 'final' : 'failed', entry.height);
        if (entry.succeeded) return { ...sent, height: entry.height };
        throw actionFailed(sent.txid, entry);
      }
      const lost = wallet
        .lost()
        .find(({ txid, outcome }) => outcome === 'replaced' && hex(txid) === sent.txid);
      if (lost !== undefined) {
        cli.sends.became(sent.txid, 'replaced');
        throw new CliError(
          'refused',
          'replaced',
          `transaction ${sent.txid} will be in no block: block ${lost.height} holds another one that spends its notes`,
          'see which one, and what it pays, before you pay again: {sero} history',
        );
      }
      const height = wallet.tip()?.header.height ?? 0n;
      if (height >= expiry) {
        cli.sends.became(sent.txid, 'expired');
        throw new CliError(
          'refused',
          'expired',
          `transaction ${sent.txid} expired in block ${expiry}: no block took it`,
          'send it again',
        );
      }
      report(away === undefined ? `block ${height}` : `${away.message}; asking again`);
      await pause(POLL, undefined, { signal: cli.io.signal });
    }
  });
}

/** Says of a transaction that failed in its block what it lost, and of a command of stake why. */
function actionFailed(txid: string, { height, stake }: HistoryEntry): CliError {
  const reason = stake?.failure;
  return new CliError(
    'refused',
    'action-failed',
    `transaction ${txid} is in block ${height}, but what it asked for failed: its fee and its notes are spent${reason === undefined ? '' : `; ${failureText(reason)}`}`,
    reason === undefined ? undefined : 'see: {sero} stake status',
  );
}

/** Reads the chain as far as the node gives it. @returns why it does not give it */
async function readAgain(session: Session): Promise<Error | undefined> {
  try {
    await readChain(session);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && isNodeAway(error))) throw error;
    return error;
  }
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
    await readAgain(session);
  }
}

/** Says how an undertaking ended: what there is to know on stdout, what to do next on stderr. */
export function showResult(session: Session, result: SendResult, extra: object = {}): void {
  const { out, sero } = session.cli;
  const lines = result.transactions.map(({ txid, height }) =>
    height === undefined ? txid : `${txid} in block ${height}`,
  );
  out.data({ ...extra, ...result }, lines.join('\n'));
  session.cli.sends.shown();
  if (result.status === 'dry-run') out.say('Nothing was sent.');
  if (result.status === 'submitted') out.say(`Sent. It is final with its block; see: ${sero} history`);
}
