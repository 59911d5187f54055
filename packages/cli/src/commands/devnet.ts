import { join } from 'node:path';
import { developmentVerifyingKeys } from '@sero/circuits';
import { toHex } from '@sero/crypto';
import { type LogOptions, NodeError, type SeroNode } from '@sero/node';
import { DEVELOPMENT, decodeGenesis, genesisHash } from '@sero/protocol';
import type { Command } from 'commander';
import { formatAmount } from '../amounts.ts';
import { DEFAULT_NODE } from '../chain.ts';
import { type Cli, portOption, rpcPort, runs, withExamples } from '../command.ts';
import { DEVNET_ALLOCATION, type DevnetAccount, devnetAccounts } from '../devnet/accounts.ts';
import { devnetGenesis } from '../devnet/genesis.ts';
import { otherGenesis, removeDevnet, startValidators, takeDevnetDirectory } from '../devnet/network.ts';
import type { ValidatorProcess } from '../devnet/validator-process.ts';
import { DEVNET_VALIDATORS, devnetNetwork } from '../devnet/validators.ts';
import type { Io } from '../io.ts';
import { hasKeystore, walletPath } from '../keys.ts';
import { logTo, runNode } from '../running-node.ts';

interface Options {
  readonly reset: boolean;
  readonly port?: number;
  readonly solo: boolean;
}

/** `sero devnet`: a network on this machine, with funded accounts. */
export function addDevnet(program: Command, io: Io): void {
  const command = program
    .command('devnet')
    .summary('four validators on this machine, and ten funded accounts')
    .description(
      'Starts a development network on this machine: four validators, each in a process of its own, that agree on a block whenever there is a ' +
        'transaction; beside them a node with RPC for wallets; ten accounts with a million SERO each. Their words are printed, and the same everywhere: ' +
        'the money is worth nothing. The chain is kept; the next start goes on with it. Ctrl-C stops all of it cleanly, with exit code 0.',
    )
    .option('--reset', 'begin anew: the chain that is there is deleted', false)
    .option(
      '--port <port>',
      'port of the RPC server, 0 for any free one (default: SERO_RPC_PORT, else 8645)',
      portOption,
    )
    .option(
      '--solo',
      'one node that seals alone, for developers of contracts: a block for each transaction, and an empty one needs no pause after its parent',
      false,
    );
  withExamples(command, [
    { line: 'sero devnet', says: 'start, or go on' },
    { line: 'sero devnet --solo', says: 'one node alone; its chain is kept apart' },
    {
      line: 'sero devnet --reset',
      says: 'begin anew; wallets that read the old chain: sero repair --birthday 0',
    },
  ]);
  runs<Options>(command, io, devnet, { stopsItself: true });
}

async function devnet(cli: Cli, options: Options): Promise<void> {
  const directory = join(cli.base, options.solo ? 'devnet-solo' : 'devnet');
  if (options.reset) await removeDevnet(directory);
  const verifyingKeys = developmentVerifyingKeys();
  const start = options.solo ? runSolo : runNetwork;
  try {
    await start(cli, directory, options, verifyingKeys);
  } catch (error) {
    if (!(error instanceof NodeError && error.code === 'other-genesis')) throw error;
    throw otherGenesis(directory);
  }
}

type Start = (
  cli: Cli,
  directory: string,
  options: Options,
  verifyingKeys: ReadonlyMap<number, Uint8Array>,
) => Promise<void>;

const runSolo: Start = async (cli, directory, { port = rpcPort(cli.io) }, verifyingKeys) => {
  const accounts = devnetAccounts(DEVELOPMENT.chainId);
  const genesis = devnetGenesis({ accounts, verifyingKeys, solo: true });
  const hasWallet = await hasKeystore(walletPath(cli));
  const node = {
    directory,
    genesis,
    verifyingKeys: [...verifyingKeys.values()],
    rpc: { port },
    log: logOf(cli),
  };
  await runNode(cli, node, (running) => announce(cli, running, genesis, accounts, hasWallet, []));
};

const runNetwork: Start = async (cli, directory, { port = rpcPort(cli.io) }, verifyingKeys) => {
  const accounts = devnetAccounts(DEVELOPMENT.chainId);
  const network = devnetNetwork(DEVNET_VALIDATORS, verifyingKeys);
  const { genesis } = network;
  const taken = await takeDevnetDirectory(directory, genesis);
  try {
    const validators = await startValidators(taken, network, cli.io.env);
    const stop = new AbortController();
    const signal = AbortSignal.any([cli.io.signal, stop.signal]);
    const hasWallet = await hasKeystore(walletPath(cli));
    let failure: unknown;
    for (const one of validators.processes) {
      one.started.catch((error: unknown) => {
        if (cli.io.signal.aborted) return;
        failure ??= error;
        stop.abort();
      });
      void one.ended.then((how) => {
        if (!signal.aborted) cli.out.say(`${one.name} ended (${how}); its log: ${one.log}`);
      });
    }
    try {
      const node = {
        directory: join(directory, 'rpc', 'node'),
        genesis,
        verifyingKeys: [...verifyingKeys.values()],
        rpc: { port },
        network: validators.network,
        log: logOf(cli),
        signal,
      };
      await runNode(cli, node, (running) =>
        announce(cli, running, genesis, accounts, hasWallet, validators.processes),
      );
      if (failure !== undefined) throw failure;
    } finally {
      stop.abort();
      await validators.stop();
    }
  } finally {
    taken.release();
  }
};

function logOf(cli: Cli): LogOptions {
  return logTo(cli.io, cli.out.verbose ? 'debug' : cli.out.quiet ? 'error' : 'info');
}

function announce(
  cli: Cli,
  node: SeroNode,
  genesis: Uint8Array,
  accounts: readonly DevnetAccount[],
  hasWallet: boolean,
  validators: readonly ValidatorProcess[],
): void {
  const url = node.rpc!.url;
  const { height } = node.ledger.head();
  const next = nextCommands(cli, url, accounts, hasWallet, validators.length > 0);
  cli.out.data(
    {
      rpc: url,
      genesisHash: genesisHash(decodeGenesis(genesis)),
      height,
      validators: validators.map(({ name, pid, log }) => ({ name, pid, log })),
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
        ...validators.map(({ name, pid, log }) => `${cli.out.bold(name)}  process ${pid}, log ${log}`),
        ...(validators.length === 0 ? [] : ['Any one of them may fail, and blocks go on.', '']),
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
  hasValidators: boolean,
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
    ...(hasValidators ? [`${cli.sero} node status${node}`] : []),
  ];
}
