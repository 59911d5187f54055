import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { developmentVerifyingKeys } from '@sero/circuits';
import { toHex } from '@sero/crypto';
import { NodeError, type SeroNode } from '@sero/node';
import { DEVELOPMENT, decodeGenesis, genesisHash } from '@sero/protocol';
import { openDataDirectory } from '@sero/store/node';
import type { Command } from 'commander';
import { formatAmount } from '../amounts.ts';
import { DEFAULT_NODE } from '../chain.ts';
import { type Cli, portOption, rpcPort, runs, withExamples } from '../command.ts';
import { DEVNET_ALLOCATION, type DevnetAccount, devnetAccounts } from '../devnet/accounts.ts';
import { devnetGenesis } from '../devnet/genesis.ts';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { hasKeystore, walletPath } from '../keys.ts';
import { logTo, runNode } from '../running-node.ts';

/** Layout of a node's directory, as @sero/node writes it: anything else is not removed. */
const NODE_SCHEMA = 1;

interface Options {
  readonly reset: boolean;
  readonly port?: number;
  readonly solo: boolean;
}

/** `sero devnet`: a chain of one with funded accounts. */
export function addDevnet(program: Command, io: Io): void {
  const command = program
    .command('devnet')
    .summary('a chain of one with ten funded accounts')
    .description(
      'Starts a development network on this machine: one node that seals a block whenever there is a transaction, ten accounts with a ' +
        'million SERO each, and RPC. Their words are printed, and the same everywhere: the money is worth nothing. The chain is kept; the ' +
        'next start goes on with it. Ctrl-C stops it cleanly, with exit code 0.',
    )
    .option('--reset', 'begin anew: the chain that is there is deleted', false)
    .option(
      '--port <port>',
      'port of the RPC server, 0 for any free one (default: SERO_RPC_PORT, else 8645)',
      portOption,
    )
    .option(
      '--solo',
      'a network for developers of contracts: an empty block needs no pause after its parent',
      false,
    );
  withExamples(command, [
    { line: 'sero devnet', says: 'start, or go on' },
    {
      line: 'sero devnet --reset',
      says: 'begin anew; wallets that read the old chain: sero repair --birthday 0',
    },
  ]);
  runs<Options>(command, io, devnet, { stopsItself: true });
}

async function devnet(cli: Cli, { reset, port = rpcPort(cli.io), solo }: Options): Promise<void> {
  const directory = join(cli.base, 'devnet');
  if (reset) await removeChain(directory);
  const accounts = devnetAccounts(DEVELOPMENT.chainId);
  const verifyingKeys = developmentVerifyingKeys();
  const genesis = devnetGenesis({ accounts, verifyingKeys, solo });
  const options = {
    directory,
    genesis,
    verifyingKeys: [...verifyingKeys.values()],
    rpc: { port },
    log: logTo(cli.io, cli.out.verbose ? 'debug' : cli.out.quiet ? 'error' : 'info'),
  };
  const hasWallet = await hasKeystore(walletPath(cli));
  try {
    await runNode(cli, options, (node) => announce(cli, node, genesis, accounts, hasWallet));
  } catch (error) {
    if (!(error instanceof NodeError && error.code === 'other-genesis')) throw error;
    throw new CliError(
      'failed',
      error.code,
      `the genesis file of the devnet has changed: ${directory} holds the chain of another one, from another version of this program or started with another choice of --solo`,
      'begin anew, which deletes that chain: {sero} devnet --reset; or keep it and use another directory: --dir DIR',
    );
  }
}

/** Deletes a devnet's directory, once nobody uses it and it is one. */
async function removeChain(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  openDataDirectory(directory, { schema: NODE_SCHEMA }).release();
  await rm(directory, { recursive: true });
}

function announce(
  cli: Cli,
  node: SeroNode,
  genesis: Uint8Array,
  accounts: readonly DevnetAccount[],
  hasWallet: boolean,
): void {
  const url = node.rpc!.url;
  const { height } = node.ledger.head();
  const next = nextCommands(cli, url, accounts, hasWallet);
  cli.out.data(
    {
      rpc: url,
      genesisHash: genesisHash(decodeGenesis(genesis)),
      height,
      accounts: accounts.map(({ words, address }, index) => ({
        index,
        words,
        address,
        allocation: DEVNET_ALLOCATION,
      })),
      next,
    },
    () =>
      [
        height === 0n ? 'A new chain.' : `The chain goes on after block ${height}.`,
        '',
        `Ten accounts, ${formatAmount(DEVNET_ALLOCATION, 'SERO')} each at the beginning. Everybody knows these words: never use them elsewhere.`,
        ...accounts.flatMap(({ words, address }, index) => [
          '',
          `${cli.out.bold(`account ${index}`)}  ${address}`,
          words,
        ]),
        '',
        `Genesis ${toHex(genesisHash(decodeGenesis(genesis)))}`,
        `RPC     ${cli.out.bold(url)}`,
        '',
        'Try in another terminal:',
        ...next.map((line) => `  ${line}`),
      ].join('\n'),
  );
}

/** Commands that work as they stand here. */
function nextCommands(
  cli: Cli,
  url: string,
  accounts: readonly DevnetAccount[],
  hasWallet: boolean,
): string[] {
  // What stands in this terminal's environment is not in the other one's.
  const dir = cli.options.dir ?? (cli.io.env.SERO_DIR || undefined);
  const where =
    dir === undefined ? '' : ` --dir ${/^[\w./-]+$/.test(dir) ? dir : `'${dir.replaceAll("'", "'\\''")}'`}`;
  const node = url === DEFAULT_NODE ? '' : ` --node ${url}`;
  return [
    // The wallet keeps the node's address that it was made with.
    ...(hasWallet ? [] : [`${cli.sero} init --devnet-account 0${where}${node}`]),
    `${cli.sero} balance${where}${hasWallet ? node : ''}`,
    `${cli.sero} send ${accounts[1]!.address} 1.5 --memo "for the bread"${where}${hasWallet ? node : ''}`,
  ];
}
