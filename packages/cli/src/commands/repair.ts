import type { Command } from 'commander';
import { runs, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { asOf, repairWallet } from '../session.ts';

/** `sero repair`: reads the chain again from the birthday. */
export function addRepair(program: Command, io: Io): void {
  const command = program
    .command('repair')
    .summary('forget what was read of the chain and read it again')
    .description(
      'For a wallet whose store is damaged, or whose chain was begun anew (devnet --reset): what the chain can give back is read again ' +
        'from the birthday; pending payments and address counters are kept where they can be read. No money is touched.',
    );
  withExamples(command, [{ line: 'sero repair', says: 'rebuild account 0 from the chain' }]);
  runs(command, io, (cli) =>
    repairWallet(cli, async (session) => {
      const state = asOf(session);
      cli.out.data({ account: session.account.index, ...state }, `rebuilt, as of block ${state.height}`);
    }),
  );
}
