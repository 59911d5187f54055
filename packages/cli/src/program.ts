import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { DEFAULT_NODE } from './chain.ts';
import { formatHelp, optionDescription, withExamples } from './command.ts';
import { addAccount } from './commands/account.ts';
import { addAddress } from './commands/address.ts';
import { addAsset } from './commands/asset.ts';
import { addAudit } from './commands/audit.ts';
import { addBalance } from './commands/balance.ts';
import { addCeremony } from './commands/ceremony.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsolidate } from './commands/consolidate.ts';
import { addContact } from './commands/contact.ts';
import { addDevnet } from './commands/devnet.ts';
import { addGenesis } from './commands/genesis.ts';
import { addHistory } from './commands/history.ts';
import { addInit } from './commands/init.ts';
import { addNode } from './commands/node.ts';
import { addPassword } from './commands/password.ts';
import { addRepair } from './commands/repair.ts';
import { addSend } from './commands/send.ts';
import { addStake } from './commands/stake.ts';
import { addSync } from './commands/sync.ts';
import { addTx } from './commands/tx.ts';
import { addVerifyChain } from './commands/verify-chain.ts';
import type { Io } from './io.ts';

/** Version of the program. */
function programVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The whole program: what runs, what the help shows, what completion offers and what docs/cli.md says come from it. */
export function buildProgram(io: Io): Command {
  const program = new Command('sero')
    .description('Private money: a wallet, a node and a development network.')
    .version(programVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .option('--dir <directory>', 'where everything is kept (default: SERO_DIR, else XDG_DATA_HOME/sero)')
    .option('--node <url>', `RPC address of the node (default: SERO_NODE, else ${DEFAULT_NODE})`)
    .option('--account <name or number>', 'account of the wallet (default: 0)')
    .option(
      '--password-file <file>',
      'file with the password, "-" for stdin (default: SERO_PASSWORD_FILE, else a question)',
    )
    .option('--json', 'answer as JSON on stdout: one object, or one a line for streams', false)
    .addOption(new Option('--no-color', 'no colours (NO_COLOR does the same)'))
    .option('-q, --quiet', 'nothing on stderr but failures', false)
    .option('-v, --verbose', 'say more on stderr', false)
    .option('-y, --yes', 'answer every question with yes', false)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ formatHelp, optionDescription })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Failures are shown in one place, in text or as JSON.
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
    });
  withExamples(program, [
    { line: 'sero devnet', says: 'start a chain of one with ten funded accounts' },
    { line: 'sero init', says: 'make a wallet: 24 words, kept encrypted' },
    { line: 'sero balance', says: 'what it holds, as of the newest block' },
    {
      line: 'sero send serodev1… 1.5 --memo "for the bread"',
      says: 'pay, after a question that shows the fee',
    },
  ]);
  const adders = [
    addInit,
    addAccount,
    addAddress,
    addBalance,
    addSync,
    addSend,
    addConsolidate,
    addHistory,
    addAsset,
    addStake,
    addContact,
    addTx,
    addVerifyChain,
    addAudit,
    addRepair,
    addPassword,
    addNode,
    addDevnet,
    addCeremony,
    addGenesis,
    addCompletion,
  ];
  for (const add of adders) add(program, io);
  return program;
}
