import type { Command } from 'commander';
import { runs, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { useWallet } from '../session.ts';
import { table, visible } from '../text.ts';

/** `sero contact`: names for addresses. */
export function addContact(program: Command, io: Io): void {
  const contact = program
    .command('contact')
    .summary('names for the addresses of others')
    .description(
      'Contacts stand in the account’s encrypted store and nowhere else. A payment to a contact shows the whole address before it is sent.',
    );
  addAdd(contact, io);
  addList(contact, io);
  addRemove(contact, io);
}

function addAdd(contact: Command, io: Io): void {
  const command = contact
    .command('add')
    .summary('name an address')
    .description('Keeps an address under a name.')
    .argument('<name>', 'what you call the payee')
    .argument('<address>', 'the payee’s address (PK)');
  withExamples(command, [
    { line: 'sero contact add bob serodev1…', says: 'sero send bob 1.5 works from now on' },
  ]);
  runs(command, io, (cli, _options, name, text) =>
    useWallet(cli, { chain: 'stored' }, async ({ contacts }) => {
      const contact = await contacts.add(name!, text!);
      cli.out.data(contact, `${visible(contact.name)} is ${contact.address}`);
    }),
  );
}

function addList(contact: Command, io: Io): void {
  const command = contact
    .command('list')
    .summary('list the contacts')
    .description('Lists names and addresses.');
  withExamples(command, [{ line: 'sero contact list', says: 'all contacts' }]);
  runs(command, io, (cli) =>
    useWallet(cli, { chain: 'stored' }, async ({ contacts }) => {
      const list = await contacts.list();
      cli.out.data({ contacts: list }, () =>
        list.length === 0
          ? ''
          : table(
              ['NAME', 'ADDRESS'],
              list.map(({ name, address }) => [visible(name), address]),
            ),
      );
      if (list.length === 0) cli.out.say(`There is no contact yet: ${cli.sero} contact add NAME ADDRESS`);
    }),
  );
}

function addRemove(contact: Command, io: Io): void {
  const command = contact
    .command('remove')
    .summary('forget a contact')
    .description('Removes a contact; payments that were made stay in the history.')
    .argument('<name>', 'which one');
  withExamples(command, [{ line: 'sero contact remove bob', says: 'bob is no contact any more' }]);
  runs(command, io, (cli, _options, name) =>
    useWallet(cli, { chain: 'stored' }, async ({ contacts }) => {
      await contacts.remove(name!);
      cli.out.data({ removed: name }, `${visible(name!)} is removed`);
    }),
  );
}
