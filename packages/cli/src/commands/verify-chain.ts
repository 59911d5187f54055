import type { SeroClient } from '@sero/api';
import { equalBytes, portableBls, toHex } from '@sero/crypto';
import {
  type Checkpoint,
  decodeCheckpoint,
  decodeGenesis,
  type Genesis,
  genesisHash,
  type LightChain,
  trustedBlock,
} from '@sero/protocol';
import { followFinality, lightFromBlock, lightFromGenesis, rpcFinality } from '@sero/wallet';
import { type Command, InvalidArgumentError } from 'commander';
import { nodeClient, nodeUrl } from '../chain.ts';
import { type Cli, runs, withExamples } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import { readBytes } from '../files.ts';
import type { Io } from '../io.ts';
import { nativeVotes } from '../votes.ts';

interface VerifyOptions {
  readonly genesis?: string;
  readonly genesisHash?: Uint8Array;
  readonly fromCheckpoint?: string;
  readonly checkpointTime?: bigint;
}

/** `sero verify-chain`: show that a node's blocks are final, and believe nothing. */
export function addVerifyChain(program: Command, io: Io): void {
  const command = program
    .command('verify-chain')
    .summary('verify that a node’s blocks are final')
    .description(
      'Fetches every header from a node and verifies that they hang together, and by the votes of the holders of stake that they are final, up to the node’s head. Nothing ' +
        'that the node says is believed but the genesis file, unless you give it or its hash; nothing is kept. Exit code 10 where the node does not show it. ' +
        'On a chain of one nobody votes, and there is nothing to verify.',
    )
    .option('--genesis <file>', 'the genesis file (default: the node’s, whose hash is shown)')
    .option('--genesis-hash <hex>', 'the hash that names the network: a node of another one is refused', hash)
    .option(
      '--from-checkpoint <file or hex>',
      'begin at the block of a checkpoint that you trust, in the place of genesis',
    )
    .option(
      '--checkpoint-time <time>',
      'when the checkpoint was known to be the chain’s, such as 2026-11-23T12:00:00Z; at most ten days ago',
      time,
    );
  withExamples(command, [
    { line: 'sero verify-chain --genesis genesis.ssz', says: 'from genesis to the head' },
    {
      line: 'sero verify-chain --from-checkpoint checkpoint.ssz --checkpoint-time 2026-11-23T12:00:00Z',
      says: 'from a checkpoint that somebody you trust has named',
    },
    { line: 'sero verify-chain --json --quiet', says: 'for a program: one object, and the exit code' },
  ]);
  runs<VerifyOptions>(command, io, verify);
}

/** Where verification begins, and what it goes by. */
interface Start {
  readonly genesis: Genesis;
  readonly network: Uint8Array;
  readonly checkpoint: { readonly checkpoint: Checkpoint; readonly time: bigint } | undefined;
}

async function verify(cli: Cli, options: VerifyOptions): Promise<void> {
  const client = nodeClient(cli);
  const { signal } = cli.io;
  const start = await startOf(cli, client, options);
  const { genesis, network } = start;
  const { genesisHash: ofNode, head } = await client.request('sero_getStatus', {}, signal);
  if (!equalBytes(ofNode, network)) {
    throw new CliError(
      'unverified',
      'node-other-network',
      `the node belongs to the network ${toHex(ofNode)}, not to ${toHex(network)}`,
      'ask another node: --node URL',
    );
  }
  if (genesis.validators.length === 0) {
    throw new CliError(
      'unverified',
      'no-validators',
      'nobody votes on this network: its one node seals what it likes, and has to be believed',
    );
  }
  const began = performance.now();
  const source = rpcFinality(client);
  let chain = await beginning(cli, source, start);
  const from = chain.tip.height;
  let [certificates, bytes] = [0, 0];
  await cli.progress.stage('Verifying headers and certificates', async (report) => {
    for await (const step of followFinality(source, chain, head.height, nativeVotes(), signal)) {
      chain = step.chain;
      certificates++;
      bytes += step.certificateBytes;
      report(
        `block ${chain.tip.height} of ${head.height}, ${certificates} certificates, ${bytes} bytes of them`,
      );
    }
  });
  const { tip } = chain;
  expectHead(tip, head);
  const seconds = (performance.now() - began) / 1_000;
  cli.out.data(
    {
      node: nodeUrl(cli),
      genesisHash: network,
      from,
      ...tip,
      head: head.height,
      headers: tip.height - from,
      certificates,
      certificateBytes: bytes,
      seconds,
    },
    () =>
      [
        `final     block ${tip.height}, ${toHex(tip.hash)}`,
        `verified  ${tip.height - from} headers above block ${from}, ${certificates} certificates (${bytes} bytes), in ${seconds.toFixed(1)} s`,
        `network   genesis ${toHex(network)}`,
      ].join('\n'),
  );
}

/** The head that the node named is the block that was verified; one below it where the node went on and dropped the certificate of that head. */
function expectHead(
  tip: LightChain['tip'],
  head: { readonly height: bigint; readonly hash: Uint8Array },
): void {
  if (tip.height !== head.height || equalBytes(tip.hash, head.hash)) return;
  throw new CliError(
    'unverified',
    'node-not-final',
    `the node names another head than the block of height ${head.height} that is final`,
    'ask another node: --node URL',
  );
}

async function startOf(cli: Cli, client: SeroClient, options: VerifyOptions): Promise<Start> {
  const given = options.genesis;
  const bytes =
    given === undefined
      ? (await client.request('sero_getGenesis', {}, cli.io.signal)).genesis
      : await readBytes(cli.io, given);
  const genesis = decodeGenesis(bytes);
  const network = genesisHash(genesis);
  if (options.genesisHash !== undefined && !equalBytes(options.genesisHash, network)) {
    throw new CliError(
      given === undefined ? 'unverified' : 'usage',
      'node-other-network',
      `the genesis file has the hash ${toHex(network)}`,
      given === undefined ? 'ask another node: --node URL' : 'give the file of the network that you mean',
    );
  }
  if (given === undefined && options.genesisHash === undefined) {
    cli.out.warn(
      `the genesis file is the node’s word: compare its hash ${toHex(network)} with one that you trust, or give --genesis-hash`,
    );
  }
  return { genesis, network, checkpoint: await checkpointOf(cli, options) };
}

async function checkpointOf(
  cli: Cli,
  { fromCheckpoint, checkpointTime }: VerifyOptions,
): Promise<Start['checkpoint']> {
  if ((fromCheckpoint === undefined) !== (checkpointTime === undefined)) {
    throw usageError(
      'a checkpoint names no time: --from-checkpoint and --checkpoint-time go together',
      'give the time at which you know that it was the chain’s',
    );
  }
  if (fromCheckpoint === undefined || checkpointTime === undefined) return undefined;
  const bytes = /^(0x)?([0-9a-f]{2}){200,}$/i.test(fromCheckpoint)
    ? Uint8Array.from(Buffer.from(fromCheckpoint.replace(/^0x/i, ''), 'hex'))
    : await readBytes(cli.io, fromCheckpoint);
  return { checkpoint: decodeCheckpoint(bytes), time: checkpointTime };
}

/** The light chain at genesis, or at the checkpoint's block. */
async function beginning(
  cli: Cli,
  source: ReturnType<typeof rpcFinality>,
  { genesis, network, checkpoint: trusted }: Start,
): Promise<LightChain> {
  const { signal } = cli.io;
  if (trusted === undefined) return lightFromGenesis(source, genesis, signal);
  const block = trustedBlock(network, trusted, [], BigInt(Date.now()), portableBls);
  const chain = await lightFromBlock(source, genesis, block, signal);
  // The hash binds the header: a checkpoint that says something else of its block is none.
  if (!equalBytes(chain.roots.at(-1)!, trusted.checkpoint.validatorsRoot)) {
    throw usageError('the checkpoint names other voters than its block does: it is forged or damaged');
  }
  return chain;
}

/** Reads 32 bytes. */
function hash(text: string): Uint8Array {
  const digits = text.replace(/^0x/i, '');
  if (!/^[0-9a-f]{64}$/i.test(digits)) throw new InvalidArgumentError('It is 64 hexadecimal digits.');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Reads a moment, in ms since 1970. */
function time(text: string): bigint {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError('It is a time with its zone, such as 2026-11-23T12:00:00Z.');
  }
  return BigInt(ms);
}
