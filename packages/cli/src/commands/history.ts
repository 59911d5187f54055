import { addressToText, decodeAddress, type Network } from '@sero/protocol';
import { type HistoryLine, historyLines, type Wallet } from '@sero/wallet';
import type { Command } from 'commander';
import { formatAmount } from '../amounts.ts';
import { type Cli, runs, wholeNumber, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { assetName, hex } from '../names.ts';
import { asOf, type Session, useWallet } from '../session.ts';
import { commandText } from '../stake-text.ts';
import { visible } from '../text.ts';

interface Options {
  readonly limit: number;
}

/** `sero history`: what happened to the account, newest first. */
export function addHistory(program: Command, io: Io): void {
  const command = program
    .command('history')
    .summary('what came in and went out, newest first')
    .description(
      'Lists the account’s transactions, newest first: those that are in a block, and those that are on their way, refused, expired or replaced.',
    )
    .option('--limit <n>', 'most transactions to show', wholeNumber(1, 1_000_000), 20);
  withExamples(command, [
    { line: 'sero history', says: 'the last 20 transactions' },
    { line: 'sero history --limit 1000 --json', says: 'as JSON, with every output and payee' },
  ]);
  runs<Options>(command, io, (cli, options) =>
    useWallet(cli, { chain: 'preferred' }, async (session) => showHistory(cli, session, options)),
  );
}

function showHistory(cli: Cli, session: Session, { limit }: Options): void {
  const { wallet, network } = session;
  const all = historyLines(wallet);
  const shown = all.slice(0, limit);
  cli.out.data(
    {
      account: session.account.index,
      ...asOf(session),
      transactions: shown.map((line) => record(wallet, network, line)),
    },
    () => shown.map((line) => describe(wallet, network, line)).join('\n'),
  );
  if (all.length === 0) cli.out.say('Nothing has happened yet.');
  if (all.length > limit) cli.out.say(`${all.length - limit} older ones: --limit ${all.length}`);
}

interface Paid {
  readonly to: string;
  readonly asset: bigint;
  readonly name: string;
  readonly value: bigint;
  /** Among the transaction's outputs; not known before it is in a block. */
  readonly output?: number;
}

function paymentsOf(wallet: Wallet, network: Network, line: HistoryLine): Paid[] {
  const payments: readonly { to: Uint8Array; asset: bigint; value: bigint; index?: number }[] =
    line.state === 'final' ? line.payments : (line.sent?.payments ?? []);
  return payments.map(({ to, asset, value, index }) => ({
    to: addressToText(decodeAddress(to), network),
    asset,
    name: assetName(wallet, asset),
    value,
    ...(index === undefined ? {} : { output: index }),
  }));
}

/** A line as data. Outputs that the account received are those that `audit disclose` can show. */
function record(wallet: Wallet, network: Network, line: HistoryLine): object {
  const payments = paymentsOf(wallet, network, line);
  if (line.state !== 'final') {
    const { state, txid, height, sent } = line;
    return { state, txid, height, time: sent?.time, fee: sent?.fee, memo: sent?.memo, payments };
  }
  const received = wallet
    .notes()
    .filter((note) => !note.public && hex(note.txid) === hex(line.txid))
    .map(({ index, asset, value }) => ({ output: index, asset, name: assetName(wallet, asset), value }));
  const change = line.change.map((part) => ({ ...part, name: assetName(wallet, part.asset) }));
  return { ...line, change, payments, received };
}

/** A line for people: what changed, then each payee, then the memo. */
function describe(wallet: Wallet, network: Network, line: HistoryLine): string {
  // A genesis allocation is in no transaction.
  const txid = line.state === 'final' && line.kind === 'genesis' ? '' : hex(line.txid);
  const details = paymentsOf(wallet, network, line).map(
    ({ to, name, value }) => `    paid ${formatAmount(value, name)} to ${to}`,
  );
  const memo = line.state === 'final' ? line.memo : line.sent?.memo;
  if (memo !== undefined) details.push(`    memo: ${visible(memo)}`);
  if (line.state !== 'final') {
    const until =
      line.state === 'pending' || line.state === 'refused'
        ? `until block ${line.height}`
        : `at block ${line.height}`;
    return [`${line.state} ${until}  ${txid}`, ...details].join('\n');
  }
  const time = new Date(Number(line.time)).toISOString();
  const change = line.change
    .map(({ asset, amount }) => `${amount > 0n ? '+' : ''}${formatAmount(amount, assetName(wallet, asset))}`)
    .join(', ');
  const failed = `${line.succeeded ? '' : ', failed'}${line.refused ? ', though a node refused it' : ''}`;
  if (line.stake !== undefined) details.push(`    command: ${commandText(line.stake)}`);
  if (line.own) details.push(`    fee ${formatAmount(line.fee, 'SERO')}`);
  return [
    `block ${line.height}  ${time}  ${line.kind}${failed}  ${change}  ${txid}`.trimEnd(),
    ...details,
  ].join('\n');
}
