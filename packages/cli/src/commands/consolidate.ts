import { SERO_ASSET } from '@sero/protocol';
import { plan } from '@sero/wallet';
import type { Command } from 'commander';
import { type Cli, runs, withExamples } from '../command.ts';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { assetName, assetNumber } from '../names.ts';
import { sendOptions } from '../send-options.ts';
import { carryOut, type SendOptions, showResult } from '../sending.ts';
import { type Session, useWallet } from '../session.ts';

interface Options extends SendOptions {
  readonly asset: string;
}

/** `sero consolidate`: many small notes into one. */
export function addConsolidate(program: Command, io: Io): void {
  const command = sendOptions(
    program
      .command('consolidate')
      .summary('merge small notes into one')
      .description(
        'Merges up to eight notes of an asset into one, so that later payments take one transaction. Nobody sees that notes were merged. ' +
          'Payments do this by themselves where they must.',
      )
      .option('--asset <name>', 'the asset whose notes are merged', 'SERO'),
  );
  withExamples(command, [{ line: 'sero consolidate --asset HEPTANE', says: 'merge small notes of HEPTANE' }]);
  runs<Options>(command, io, (cli, options) =>
    useWallet(cli, { chain: 'required' }, (session) => consolidate(cli, session, options)),
  );
}

async function consolidate(cli: Cli, session: Session, options: Options): Promise<void> {
  const { wallet } = session;
  const asset = assetNumber(wallet, options.asset);
  const name = assetName(wallet, asset);
  const notes = wallet.spendableNotes().filter((note) => note.asset === asset).length;
  if (notes < 2) {
    throw new CliError(
      'failed',
      'nothing-to-merge',
      `${name} lies in ${notes === 1 ? 'one note' : 'no note'}: there is nothing to merge`,
    );
  }
  const result = await carryOut(
    session,
    {
      first: asset,
      next: async (of) => ({
        plan: await plan(wallet, of === SERO_ASSET ? { type: 'merge' } : { type: 'merge', asset: of }),
        rest: undefined,
      }),
      pays: false,
      says: [`Merge notes of ${name}: there are ${notes}.`],
    },
    options,
  );
  showResult(session, result, { asset, notes });
  if (notes > 8) cli.out.say(`More notes remain: ${cli.sero} consolidate --asset ${name}`);
}
