import { oneTimeAddressToText } from '@sero/protocol';
import { paymentUri } from '@sero/wallet';
import { type Command, Option } from 'commander';
import { parseUnits, splitAmount } from '../amounts.ts';
import { type Cli, runs, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { addressTextOf, type UnlockedWallet, withKeys } from '../keys.ts';
import { useWallet } from '../session.ts';

interface Options {
  readonly once: boolean;
  readonly uri: boolean;
  readonly amount?: string;
  readonly asset?: string;
  readonly memo?: string;
  readonly label?: string;
}

/** `sero address`: where to be paid. */
export function addAddress(program: Command, io: Io): void {
  const command = program
    .command('address')
    .summary('the address to be paid at')
    .description(
      'Shows the account’s address (PK). It never changes and may be given to everybody: each payment goes to a one-time address made ' +
        'from it, and nobody can see that two payments went to the same account.',
    )
    .option('--once', 'a new one-time address (PKr) of the account, for genesis files and contracts', false)
    .addOption(new Option('--uri', 'a payment URI').default(false).conflicts('once'))
    .option('--amount <amount>', 'with --uri: the amount, such as "1.5 SERO"')
    .option('--asset <name>', 'with --uri: the asset (default: SERO)')
    .option('--memo <text>', 'with --uri: the memo')
    .option('--label <text>', 'with --uri: who is paid');
  withExamples(command, [
    { line: 'sero address', says: 'the address of account 0' },
    {
      line: 'sero address --uri --amount 1.5 --memo "two coffees"',
      says: 'a payment URI that fills in the rest',
    },
  ]);
  runs<Options>(command, io, showAddress);
}

function showAddress(cli: Cli, options: Options): Promise<void> {
  if (
    !options.uri &&
    [options.amount, options.asset, options.memo, options.label].some((part) => part !== undefined)
  ) {
    throw usageError('--amount, --asset, --memo and --label are parts of a payment URI', 'add --uri');
  }
  if (options.once) {
    return useWallet(cli, { chain: 'stored' }, async ({ wallet, network, account }) => {
      const { address } = await wallet.freshAddress('once');
      const text = oneTimeAddressToText(address, network);
      cli.out.data({ account: account.index, oneTimeAddress: text }, text);
    });
  }
  return withKeys(cli, async (unlocked) => {
    const address = addressTextOf(unlocked);
    const uri = options.uri ? uriOf(unlocked, options) : undefined;
    cli.out.data(
      { account: unlocked.account.index, address, ...(uri === undefined ? {} : { uri }) },
      uri ?? address,
    );
  });
}

function uriOf({ viewingKey, settings }: UnlockedWallet, options: Options): string {
  const { amount, memo, label } = options;
  const written = amount === undefined ? undefined : splitAmount(amount);
  const asset = written?.unit ?? options.asset ?? 'SERO';
  if (options.asset !== undefined && options.asset !== asset) {
    throw usageError(`the amount is in ${asset}, --asset says ${options.asset}`, 'say it once');
  }
  return paymentUri(
    {
      to: viewingKey.address,
      ...(asset === 'SERO' ? {} : { asset }),
      ...(written === undefined ? {} : { amount: parseUnits(written.digits, asset) }),
      ...(memo === undefined ? {} : { memo }),
      ...(label === undefined ? {} : { label }),
    },
    settings.network,
  );
}
