import type { Command } from 'commander';
import { type Cli, runs, withExamples } from '../command.ts';
import { holdingsOf } from '../holdings.ts';
import type { Io } from '../io.ts';
import { assetNumber } from '../names.ts';
import { asOf, type Session, useWallet } from '../session.ts';

interface Options {
  readonly asset?: string;
}

/** `sero balance`: what the account holds. */
export function addBalance(program: Command, io: Io): void {
  const command = program
    .command('balance')
    .summary('what the account holds')
    .description(
      'Reads the chain to its head and shows what the account holds: spendable now, waiting for the next block, pending in a ' +
        'payment of its own, and the total. Where the node cannot be reached it shows the last balance that was read, and says as of when.',
    )
    .option('--asset <name or number>', 'only this asset');
  withExamples(command, [
    { line: 'sero balance', says: 'every asset of account 0' },
    { line: 'sero balance --asset SERO --json', says: 'for a program: amounts in the smallest unit' },
  ]);
  runs<Options>(command, io, (cli, options) =>
    useWallet(cli, { chain: 'preferred' }, async (session) => showBalance(cli, session, options)),
  );
}

function showBalance(cli: Cli, session: Session, { asset }: Options): void {
  const only = asset === undefined ? undefined : assetNumber(session.wallet, asset);
  const { data, text } = holdingsOf(session.wallet, only);
  const state = asOf(session);
  cli.out.data({ account: session.account.index, ...state, balances: data }, text);
  cli.out.say(`${state.current ? 'As' : 'NOT CURRENT: as'} of block ${state.height}.`);
}
