import { type Command, Option } from 'commander';
import { heightOption, runs, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { asOf, repairWallet } from '../session.ts';
import { type CheckpointOptions, trustedBlockFor, withCheckpointOptions } from '../trust.ts';

interface Options extends CheckpointOptions {
  readonly birthday?: bigint;
}

/** `sero repair`: reads the chain again from the birthday. */
export function addRepair(program: Command, io: Io): void {
  const command = program
    .command('repair')
    .summary('forget what was read of the chain and read it again')
    .description(
      'For a wallet whose store is damaged, or whose chain was begun anew (devnet --reset): what the chain can give back is read again ' +
        'from the birthday; address counters are kept where they can be read, and so are pending payments where the chain is the same. Where ' +
        'the node’s chain is another one they are forgotten, which is asked about: were that chain false, they could be paid twice. No ' +
        'money is touched. A birthday above money that the account has, or above blocks that it has not read, is asked about; where the ' +
        'wallet has other accounts it is only lowered. The block of the birthday is verified from genesis on, unless you name a young one that you trust.',
    )
    .addOption(
      new Option(
        '--birthday <height>',
        'from now on, no transaction of the wallet is in a block below; 0 where the chain was begun anew (default: the birthday that the wallet has)',
      ).argParser(heightOption),
    );
  withCheckpointOptions(command);
  withExamples(command, [
    { line: 'sero repair', says: 'rebuild account 0 from the chain' },
    { line: 'sero repair --birthday 0', says: 'the same from block 0 on: the chain was begun anew' },
  ]);
  runs<Options>(command, io, async (cli, options) => {
    const { birthday } = options;
    const trusted = await trustedBlockFor(cli, options);
    await repairWallet(cli, { birthday, trusted }, async (session) => {
      const state = asOf(session);
      cli.out.data({ account: session.account.index, ...state }, `rebuilt, as of block ${state.height}`);
    });
  });
}
