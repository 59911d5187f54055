import { type Payout, planMany, planStep, WalletError } from '@sero/wallet';
import { type Command, Option } from 'commander';
import { formatAmount } from '../amounts.ts';
import { type Cli, runs, withExamples } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import { readText } from '../files.ts';
import type { Io } from '../io.ts';
import { assetName } from '../names.ts';
import { parsePayments } from '../payments-file.ts';
import { paymentRequest, type ResolvedPayment, resolvePayment } from '../recipient.ts';
import { sendOptions } from '../send-options.ts';
import { carryOut, type SendOptions, showResult } from '../sending.ts';
import { type Session, useWallet } from '../session.ts';
import { visible } from '../text.ts';

interface Options extends SendOptions {
  readonly asset?: string;
  readonly memo?: string;
  readonly file?: string;
}

/** `sero send`: pays one or many. */
export function addSend(program: Command, io: Io): void {
  const command = sendOptions(
    program
      .command('send')
      .summary('pay somebody, or many at once')
      .description(
        'Pays an address, a contact or a payment URI. The fee and the whole address are shown before anything is sent, and a question is ' +
          'asked (--yes answers it). Where an amount lies in too many notes they are merged first, in transactions of their own. The first ' +
          'payment of a machine makes the development proving keys, which takes seconds.',
      )
      .argument('[to]', 'an address, a contact or a payment URI')
      .argument('[amount...]', 'such as 1.5, "1.5 SERO" or 20 GOLD; a payment URI may say it')
      .option('--asset <name>', 'the asset, where the amount does not say it (default: SERO)')
      .option('--memo <text>', 'text that only the payee can read, at most 512 bytes')
      .addOption(
        new Option(
          '--file <file>',
          'pay the list in this file, CSV or JSON with to, amount, asset; "-" for stdin',
        ).conflicts('asset'),
      ),
  );
  withExamples(command, [
    { line: 'sero send serodev1… 1.5 --memo "for the bread"', says: 'pay 1.5 SERO' },
    { line: 'sero send bob 20 HEPTANE --wait', says: 'pay a contact in a token, and wait for the block' },
    { line: 'sero send "sero:serodev1…?amount=1.5"', says: 'pay what a payment URI asks for' },
    { line: 'sero send --file payments.csv --dry-run', says: 'what would a payroll cost?' },
  ]);
  runs<Options>(command, io, (cli, options, to, ...amount) => {
    if (options.file !== undefined && to !== undefined) {
      throw usageError('pay either what the file says or one payee', 'leave one of the two away');
    }
    if (options.file !== undefined) return payMany(cli, options, options.file);
    if (to === undefined) throw usageError('whom to pay is missing', 'see: {sero} help send');
    return payOne(cli, options, to, amount.join(' '));
  });
}

function payOne(cli: Cli, options: Options, to: string, amount: string): Promise<void> {
  const { asset, memo } = options;
  return useWallet(cli, { chain: 'required' }, async (session) => {
    const payment = await resolvePayment(session, {
      to,
      amount,
      ...(asset === undefined ? {} : { asset }),
      ...(memo === undefined ? {} : { memo }),
    });
    const result = await carryOut(
      session,
      {
        first: paymentRequest(payment),
        next: async (due) => {
          const step = await planStep(session.wallet, due);
          return { ...step, left: step.rest === undefined ? [] : [step.rest] };
        },
        pays: true,
        says: [`Pay ${payment.says}.`, ...memoLine(payment.memo)],
      },
      options,
    );
    showResult(session, result, { asset: payment.asset, amount: payment.amount });
  });
}

const memoLine = (memo: string | undefined): string[] =>
  memo === undefined ? [] : [`Memo: ${visible(memo)}`];

/** Lines of a payroll that are shown one by one before the question. */
const SHOWN = 50;

function payMany(cli: Cli, options: Options, file: string): Promise<void> {
  return useWallet(cli, { chain: 'required' }, async (session) => {
    const listed = parsePayments(await readText(cli.io, file));
    const resolved: ResolvedPayment[] = [];
    for (const { line, ...payment } of listed) {
      // All of them before the first is paid: a mistake in the last line costs nothing.
      resolved.push(await resolvePayment(session, payment).catch((error: unknown) => rethrow(error, line)));
    }
    const memo = options.memo === undefined ? {} : { memo: options.memo };
    const payouts = resolved.map(({ to, asset, amount }): Payout => ({ to, asset, amount }));
    const result = await carryOut<readonly Payout[]>(
      session,
      {
        first: payouts,
        next: async (payments) => {
          const step = await planMany(session.wallet, { type: 'payMany', payments, ...memo });
          return { ...step, rest: step.rest.length === 0 ? undefined : step.rest, left: step.rest };
        },
        pays: true,
        says: [
          `Pay ${resolved.length}:`,
          ...resolved.slice(0, SHOWN).map(({ says }) => `  ${says}`),
          ...(resolved.length > SHOWN ? [`  and ${resolved.length - SHOWN} more`] : []),
          ...totals(session, payouts),
          ...memoLine(options.memo),
        ],
      },
      options,
    );
    showResult(session, result, { payments: payouts.length });
  });
}

function totals({ wallet }: Session, payouts: readonly Payout[]): string[] {
  const sums = new Map<bigint, bigint>();
  for (const { asset, amount } of payouts) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return [...sums].map(([asset, sum]) => `Together ${formatAmount(sum, assetName(wallet, asset))}.`);
}

/** Says in which line of the file a mistake stands. */
function rethrow(error: unknown, line: number): never {
  if (!(error instanceof CliError || error instanceof WalletError)) throw error;
  throw usageError(`line ${line}: ${error.message}`, error instanceof CliError ? error.hint : undefined);
}
