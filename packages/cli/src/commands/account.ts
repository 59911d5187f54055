import type { KeystoreAccount } from '@sero/wallet';
import type { Command } from 'commander';
import { runs, wholeNumber, withExamples } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { withKeys } from '../keys.ts';
import { table, visible } from '../text.ts';

/** Names that --account could take for a number, or a shell for an option, are refused. */
const NAME = /^(?!\d+$)[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,63}$/u;

interface AddOptions {
  readonly number?: number;
}

/** `sero account`: accounts of one wallet, which nobody can link. */
export function addAccount(program: Command, io: Io): void {
  const account = program
    .command('account')
    .summary('accounts of this wallet')
    .description(
      'One set of words has many accounts. Nobody can see that two of them belong together, and each reads the chain by itself.',
    );
  addList(account, io);
  addAdd(account, io);
  addRename(account, io);
}

function addList(account: Command, io: Io): void {
  const command = account
    .command('list')
    .summary('list the accounts')
    .description('Lists the accounts of the wallet.');
  withExamples(command, [{ line: 'sero account list', says: 'numbers and names' }]);
  runs(command, io, (cli) =>
    withKeys(cli, async ({ keystore }) => {
      const { accounts } = keystore.content;
      const watchOnly = 'viewingKey' in keystore.content.secret;
      cli.out.data({ accounts, watchOnly }, () =>
        table(
          ['>NUMBER', 'NAME'],
          accounts.map(({ index, name }) => [String(index), visible(name)]),
        ),
      );
    }),
  );
}

function addAdd(account: Command, io: Io): void {
  const command = account
    .command('add')
    .summary('add an account')
    .description('Adds an account under a name; it is read from the wallet’s birthday on.')
    .argument('<name>', 'what you call it')
    .option(
      '--number <n>',
      'its number under the words (default: the next one)',
      wholeNumber(0, 0xffff_ffff),
    );
  withExamples(command, [
    { line: 'sero account add savings', says: 'use it with: sero balance --account savings' },
  ]);
  runs<AddOptions>(command, io, (cli, { number }, given) =>
    withKeys(cli, async ({ keystore, rewrite }) => {
      const { accounts, secret } = keystore.content;
      if ('viewingKey' in secret) {
        throw new CliError('failed', 'watch-only', 'a viewing key is of one account: no other can be added');
      }
      const name = freeName(accounts, given!);
      const index = number ?? Math.max(...accounts.map((known) => known.index)) + 1;
      if (index > 0xffff_ffff || accounts.some((known) => known.index === index)) {
        throw usageError(`the wallet has an account ${index} already`, 'choose another number: --number N');
      }
      const added = [...accounts, { index, name }].toSorted((a, b) => a.index - b.index);
      await rewrite({ accounts: added });
      cli.out.data({ index, name }, `account ${index} is ${visible(name)}`);
    }),
  );
}

function addRename(account: Command, io: Io): void {
  const command = account
    .command('rename')
    .summary('give an account another name')
    .description('Renames an account. Names stand in the keystore only, encrypted.')
    .argument('<account>', 'its name or number')
    .argument('<name>', 'the new name');
  withExamples(command, [{ line: 'sero account rename 0 daily', says: 'account 0 is daily from now on' }]);
  runs(command, io, (cli, _options, which, given) =>
    withKeys(cli, async ({ keystore, rewrite }) => {
      const { accounts } = keystore.content;
      const found = accounts.find(({ index, name }) => name === which || String(index) === which);
      if (found === undefined) throw usageError(`there is no account ${visible(which!)}`);
      const others = accounts.filter((known) => known !== found);
      const name = freeName(others, given!);
      await rewrite({
        accounts: accounts.map((known) => (known === found ? { index: known.index, name } : known)),
      });
      cli.out.data({ index: found.index, name }, `account ${found.index} is ${visible(name)}`);
    }),
  );
}

function freeName(others: readonly KeystoreAccount[], name: string): string {
  if (!NAME.test(name)) {
    throw usageError('a name has 1 to 64 letters, digits, spaces, ".", "_" and "-", and is no number');
  }
  if (others.some((known) => known.name === name)) throw usageError(`there is an account ${name} already`);
  return name;
}
