import { isIP, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import type { ResultOf } from '@sero/api';
import { fromHex, toHex } from '@sero/crypto';
import { type NodeOptions, type SeroNode, startNode } from '@sero/node';
import { decodeGenesis, decodeVersion, type Genesis, genesisHash } from '@sero/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatUnits } from '../amounts.ts';
import { nodeClient, nodeUrl } from '../chain.ts';
import { type Cli, portOption, rpcPort, runs, wholeNumber, withExamples } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import { readBytes, readIfThere } from '../files.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import { LOG_LEVELS, type LogLevel, logTo, runNode, verifyingKeysFor } from '../running-node.ts';
import { visible } from '../text.ts';

/** `sero node`: run a node, and look at one. */
export function addNode(program: Command, io: Io): void {
  const node = program
    .command('node')
    .summary('run a node, or look at one')
    .description(
      'A node keeps a chain on disk, agrees with others on its blocks (on a chain without validators it seals them alone), and serves it over RPC.',
    );
  addStart(node, io);
  addStatus(node, io);
  addPeers(node, io);
  addCheck(node, io);
  addSnapshot(node, io);
}

interface GenesisOptions {
  readonly genesis?: string;
  readonly verifyingKey: readonly string[];
}

interface StartOptions extends GenesisOptions {
  readonly rpcHost: string;
  readonly rpcPort?: number;
  readonly rpcAllowHost: readonly string[];
  readonly rpcAllowOrigin: readonly string[];
  readonly rpcTrustedProxy: readonly string[];
  readonly rpc: boolean;
  readonly check: NonNullable<NodeOptions['check']>;
  readonly snapshots: number;
  readonly threads?: number;
  readonly listen: readonly string[];
  readonly bootstrap: readonly string[];
  readonly direct: readonly string[];
  readonly announce: readonly string[];
  readonly dht: boolean;
  readonly beginAt?: NonNullable<NodeOptions['beginAt']>;
  readonly protocolVersion: readonly string[];
  readonly disableCircuit?: number;
  readonly validator?: string;
  readonly voteThreads?: number;
  readonly logLevel: LogLevel;
  readonly whileStdinIsOpen: boolean;
}

function withGenesis(command: Command): Command {
  return command
    .option('--genesis <file>', 'the genesis file (default: the one that the directory holds)')
    .option(
      '--verifying-key <file...>',
      'verifying keys that the genesis file names (default: the development keys, where it allows them)',
      [],
    );
}

function addStart(node: Command, io: Io): void {
  const command = withGenesis(
    node
      .command('start')
      .summary('run a node')
      .description(
        'Runs a node in the foreground, in the directory `node` below --dir. Ctrl-C and SIGTERM stop it cleanly, with exit code 0; a second ' +
          'one, a second later, ends it at once, and nothing that was final is lost. The log goes to stderr: JSON lines where that is no terminal.',
      ),
  )
    .option(
      '--rpc-host <address>',
      'where RPC listens; other than loopback only behind a proxy that you trust',
      '127.0.0.1',
    )
    .option(
      '--rpc-port <port>',
      'port of RPC, 0 for any free one (default: SERO_RPC_PORT, else 8645)',
      portOption,
    )
    .option('--rpc-allow-host <name...>', 'other names under which RPC may be addressed, "*" for any', [])
    .option(
      '--rpc-allow-origin <origin...>',
      'sites whose pages may call, such as https://wallet.example',
      [],
    )
    .option(
      '--rpc-trusted-proxy <address...>',
      'addresses or networks (10.0.0.0/8) of proxies: limits then go by the client that a proxy names in X-Forwarded-For',
      addresses,
      [],
    )
    .option('--no-rpc', 'no RPC server')
    .addOption(
      new Option('--check <when>', 'when every record of the state is looked at before the start')
        .choices(['unclean', 'always', 'never'])
        .default('unclean', 'after a stop that was not clean'),
    )
    .option('--snapshots <n>', 'snapshots that are kept; 0: none are written', wholeNumber(0, 1_000), 2)
    .option(
      '--threads <n>',
      'threads that verify proofs (default: one less than the cores, 1 or 2)',
      wholeNumber(1, 64),
    )
    .option(
      '--protocol-version <file...>',
      'records of versions of the protocol that this program has beside the first: it follows them, and a validator approves the next one',
      [],
    )
    .option(
      '--begin-at <height:hash>',
      'begin an empty directory with the state after this block, which you trust (a checkpoint); blocks before it are not fetched',
      trustedBlock,
    )
    .option(
      '--disable-circuit <n>',
      'a circuit with a fault: own blocks ask that it be disabled',
      wholeNumber(1, 255),
    )
    .option('--validator <directory>', 'a validator’s keys: this node votes with them')
    .option('--listen <multiaddr...>', 'where other nodes find this one (default: /ip4/0.0.0.0/tcp/8646)', [])
    .option('--announce <multiaddr...>', 'what others are told of where it is, behind a router', [])
    .option('--bootstrap <multiaddr...>', 'nodes to begin with, each with /p2p/ and its id', [])
    .option('--direct <multiaddr...>', 'nodes to stay connected with, whatever they do', [])
    .option('--no-dht', 'do not look for nodes beyond those that are named')
    .option(
      '--vote-threads <n>',
      'threads that verify votes, 0: none of their own (default: what the committees and the cores ask for)',
      wholeNumber(0, 64),
    )
    .addOption(
      new Option('--while-stdin-is-open', 'stop when whoever started this process has ended')
        .default(false)
        .hideHelp(),
    )
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info'));
  withExamples(command, [
    { line: 'sero node start --genesis genesis.ssz', says: 'begin a chain' },
    { line: 'sero node start', says: 'go on with it' },
    {
      line: 'sero node start --genesis genesis.ssz --validator keys --bootstrap /ip4/192.0.2.7/tcp/8646/p2p/12D3KooW…',
      says: 'take part in a network, and vote',
    },
  ]);
  runs<StartOptions>(command, io, start, { stopsItself: true });
}

async function start(cli: Cli, options: StartOptions): Promise<void> {
  const { rpc, check, snapshots, threads, logLevel } = options;
  const chosen = await chosenGenesis(cli, options);
  await runNode(
    cli,
    {
      ...chosen,
      rpc: rpc && {
        host: options.rpcHost,
        port: options.rpcPort ?? rpcPort(cli.io),
        allowedHosts: options.rpcAllowHost,
        allowedOrigins: options.rpcAllowOrigin,
        trustedProxies: options.rpcTrustedProxy,
      },
      check,
      keepSnapshots: snapshots,
      ...(threads === undefined ? {} : { verifyingThreads: threads }),
      ...(options.voteThreads === undefined ? {} : { voteThreads: options.voteThreads }),
      ...(options.beginAt === undefined ? {} : { beginAt: options.beginAt }),
      versions: await Promise.all(
        options.protocolVersion.map(async (file) => decodeVersion(await readBytes(cli.io, file))),
      ),
      ...(options.disableCircuit === undefined ? {} : { disableCircuit: options.disableCircuit }),
      ...(options.validator === undefined ? {} : { validator: resolve(options.validator) }),
      network: {
        ...(options.listen.length === 0 ? {} : { listen: options.listen }),
        announce: options.announce,
        bootstrap: options.bootstrap,
        direct: options.direct,
        discovery: options.dht ? 'dht' : 'none',
      },
      log: logTo(cli.io, logLevel),
      ...(options.whileStdinIsOpen ? { signal: AbortSignal.any([cli.io.signal, endOf(cli.io.stdin)]) } : {}),
    },
    (node) => {
      const { height } = node.ledger.head();
      const genesisHashText = toHex(genesisHash(decodeGenesis(chosen.genesis)));
      cli.out.data(
        {
          rpc: node.rpc?.url,
          addresses: node.peers().addresses,
          directory: chosen.directory,
          genesisHash: genesisHashText,
          height,
        },
        [
          `${node.rpc?.url ?? 'no RPC'}, block ${height}, genesis ${genesisHashText}`,
          ...node.peers().addresses.map((address) => `others find it at ${address}`),
        ].join('\n'),
      );
    },
  );
}

/** Height and hash of a block, as `sero verify-chain` prints them. */
function trustedBlock(text: string): NonNullable<NodeOptions['beginAt']> {
  const [, height, hash] = /^(\d{1,19}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (height === undefined || hash === undefined) {
    throw new InvalidArgumentError(
      'It is a height and a block hash, such as 256:0123…, as sero verify-chain prints it.',
    );
  }
  return { height: BigInt(height), blockHash: fromHex(hash) };
}

/** Aborts when nothing more can come. */
function endOf(stdin: Io['stdin']): AbortSignal {
  const ended = new AbortController();
  for (const event of ['end', 'close', 'error']) stdin.once(event, () => ended.abort());
  stdin.resume();
  // It alone must not keep the process running.
  (stdin as Partial<Socket>).unref?.();
  return ended.signal;
}

/** Each an IP address, or a network such as 10.0.0.0/8. */
function addresses(text: string, before: readonly string[]): readonly string[] {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const ok = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest);
  if (family === 0 || !ok || rest.length > 0) {
    throw new InvalidArgumentError('It must be an IP address, or a network such as 10.0.0.0/8.');
  }
  return [...before, text];
}

interface Chosen {
  readonly directory: string;
  readonly genesis: Uint8Array;
  readonly verifyingKeys: Uint8Array[];
}

async function chosenGenesis(cli: Cli, { genesis, verifyingKey }: GenesisOptions): Promise<Chosen> {
  const directory = join(cli.base, 'node');
  const bytes =
    genesis === undefined
      ? await readIfThere(join(directory, 'genesis.ssz'))
      : await readBytes(cli.io, genesis);
  if (bytes === undefined) {
    throw usageError(
      `${directory} holds no chain yet`,
      'name the genesis file: --genesis FILE; for a development network: {sero} devnet',
    );
  }
  const file: Genesis = decodeGenesis(bytes);
  return { directory, genesis: bytes, verifyingKeys: await verifyingKeysFor(cli.io, file, verifyingKey) };
}

function addStatus(node: Command, io: Io): void {
  const command = node
    .command('status')
    .summary('where a node’s chain ends, and what waits')
    .description('Asks a node over RPC.');
  withExamples(command, [
    { line: 'sero node status --node http://127.0.0.1:8645', says: 'head, mempool, base fee' },
  ]);
  runs(command, io, async (cli) => {
    const client = nodeClient(cli);
    const status = await client.request('sero_getStatus', {}, io.signal);
    const agreement = await client.request('sero_getConsensus', {}, io.signal);
    const { peers } = await client.request('sero_getPeers', {}, io.signal);
    const { head, mempool, network, chainId, genesisHash: genesis, version, mode } = status;
    cli.out.data({ node: nodeUrl(cli), ...status, agreement, peers: peers.length }, () =>
      [
        `node      ${nodeUrl(cli)}, version ${version}, ${mode}`,
        `network   ${network}, chain ${chainId}, genesis ${hex(genesis)}`,
        `head      block ${head.height}, ${new Date(Number(head.time)).toISOString()}, ${hex(head.hash)}`,
        `notes     ${head.notes}`,
        `base fee  ${formatUnits(head.baseFee, 'SERO')} SERO a gas`,
        `mempool   ${mempool.transactions} transactions, ${mempool.bytes} bytes`,
        ...(mode === 'solo' ? [] : agreementLines(agreement, peers.length)),
      ].join('\n'),
    );
  });
}

function agreementLines(
  { atWork, record, participants, units, last, tentative }: ResultOf<'sero_getConsensus'>,
  peers: number,
): string[] {
  return [
    `peers     ${peers}`,
    `votes     ${record === null ? 'for no stake record' : `for stake record ${hex(record)}`}`,
    `stake     ${participants} records with ${units} units vote in the next round`,
    ...(last === null
      ? []
      : [
          `round     ${last.height} took ${last.ms} ms, period ${last.period}, ${last.voters} records in its certificate`,
        ]),
    ...(tentative === null ? [] : [`tentative block ${tentative.height}, ${hex(tentative.hash)}`]),
    ...(atWork ? [] : ['it catches up with others']),
  ];
}

function addPeers(node: Command, io: Io): void {
  const command = node
    .command('peers')
    .summary('whom a node is connected with')
    .description(
      'Asks a node over RPC. A penalty is what was counted against a peer and has not faded: at 20 it is disconnected, at 50 banned.',
    );
  withExamples(command, [{ line: 'sero node peers', says: 'own addresses, and each peer' }]);
  runs(command, io, async (cli) => {
    const found = await nodeClient(cli).request('sero_getPeers', {}, io.signal);
    cli.out.data({ node: nodeUrl(cli), ...found }, () =>
      found.id === null
        ? 'This node has no network: it seals its chain alone.'
        : [
            ...found.addresses.map((address) => `at ${address}`),
            ...found.peers.map(
              ({ id, address, direction, height, penalty }) =>
                `${id}  block ${height ?? 'unknown'}  ${direction}  ${visible(address)}${penalty === 0 ? '' : `  penalty ${penalty}`}`,
            ),
            found.peers.length === 0 ? 'no peers' : `${found.peers.length} peers`,
          ].join('\n'),
    );
  });
}

function addCheck(node: Command, io: Io): void {
  const command = withGenesis(
    node
      .command('check')
      .summary('look at every record of a node that is stopped')
      .description(
        'Opens the node’s directory, looks at every record, and seals nothing. A damaged state is set aside and built again from the ' +
          'blocks; damaged blocks are named, and only a backup brings them back.',
      ),
  );
  withExamples(command, [
    { line: 'sero node check', says: 'after a crash of the machine, or before a backup' },
  ]);
  runs<GenesisOptions>(command, io, check);
}

async function check(cli: Cli, options: GenesisOptions): Promise<void> {
  const chosen = await chosenGenesis(cli, options);
  const node = await startNode({ ...chosen, ...onlyLookedAt(cli), check: 'always' });
  const { height, stateRoot } = node.ledger.head();
  await closed(node);
  cli.out.data(
    { directory: chosen.directory, height, stateRoot, rebuilt: node.rebuilt },
    node.rebuilt
      ? `the state was damaged or missing and is built again, up to block ${height}`
      : `every record is as it was written, up to block ${height}`,
  );
}

/** A node that seals nothing and serves nobody; ctrl-C ends whatever it is at. */
function onlyLookedAt(cli: Cli): Partial<NodeOptions> {
  return {
    rpc: false,
    keepSnapshots: 0,
    seals: false,
    log: logTo(cli.io, cli.out.verbose ? 'info' : 'warn'),
    signal: cli.io.signal,
  };
}

async function closed(node: SeroNode): Promise<void> {
  await node.close();
  const failure = await node.stopped;
  if (failure !== undefined) throw new CliError('failed', failure.code, failure.message);
}

interface SnapshotOptions extends GenesisOptions {
  readonly keep: number;
}

function addSnapshot(node: Command, io: Io): void {
  const command = withGenesis(
    node
      .command('snapshot')
      .summary('write a snapshot of the state of a node that is stopped')
      .description(
        'Opens the node’s directory, writes a snapshot of the state as it is now below `snapshots`, and seals nothing. Where the state is lost or damaged ' +
          'later, the node loads its newest snapshot and applies only the blocks after it, in place of all blocks: take one before a backup, or where genesis ' +
          'has them far apart. A running node writes its own.',
      ),
  ).option('--keep <n>', 'snapshots that are kept, the newest', wholeNumber(1, 1_000), 2);
  withExamples(command, [{ line: 'sero node snapshot', says: 'before a backup' }]);
  runs<SnapshotOptions>(command, io, snapshot);
}

async function snapshot(cli: Cli, options: SnapshotOptions): Promise<void> {
  const chosen = await chosenGenesis(cli, options);
  const node = await startNode({ ...chosen, ...onlyLookedAt(cli), keepSnapshots: options.keep });
  let height: bigint;
  try {
    height = await node.takeSnapshot();
  } catch (error) {
    cli.io.signal.throwIfAborted();
    throw error;
  } finally {
    await closed(node);
  }
  const file = join(chosen.directory, 'snapshots', String(height));
  cli.out.data({ directory: file, height }, `${file}: the state after block ${height}`);
}
