import type { Command } from 'commander';
import { runs, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { asOf, useWallet } from '../session.ts';

/** `sero sync`: reads the chain to its head. */
export function addSync(program: Command, io: Io): void {
  const command = program
    .command('sync')
    .summary('read the chain to its head')
    .description(
      'Reads the blocks that the account has not seen. The node learns from which height on it reads, and nothing else: blocks are ' +
        'asked for as a whole. An interruption loses nothing; the next start goes on from there.',
    );
  withExamples(command, [{ line: 'sero sync', says: 'read what is new' }]);
  runs(command, io, (cli) =>
    useWallet(cli, { chain: 'required' }, async (session) => {
      const state = asOf(session);
      cli.out.data({ account: session.account.index, ...state }, `read up to block ${state.height}`);
    }),
  );
}
