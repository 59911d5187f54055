import { equalBytes, toHex } from '@sero/crypto';
import type { Genesis, LightChain } from '@sero/protocol';
import { followFinality, lightFromBlock, lightFromGenesis, rpcFinality } from '@sero/wallet';
import type { Command } from 'commander';
import { nodeClient, nodeUrl } from '../chain.ts';
import { type Cli, runs, withExamples } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import {
  type CheckpointOptions,
  type NetworkOptions,
  networkFor,
  trustedBlockFor,
  withCheckpointOptions,
  withNetworkOptions,
} from '../trust.ts';
import { nativeVotes } from '../votes.ts';

type VerifyOptions = NetworkOptions & CheckpointOptions;

/** `sero verify-chain`: show that a node's blocks are final, and believe nothing. */
export function addVerifyChain(program: Command, io: Io): void {
  const command = program
    .command('verify-chain')
    .summary('verify that a node’s blocks are final')
    .description(
      'Fetches every header from a node and verifies that they hang together, and by the votes of the holders of stake that they are final, up to the node’s head. Nothing ' +
        'that the node says is believed but the genesis file, unless you give it or its hash; nothing is kept. Exit code 10 where the node does not show it. ' +
        'A checkpoint is believed because you give it: its signature is not verified, since nodes know the table of its signers for some 500 blocks only. ' +
        'On a chain of one nobody votes, and there is nothing to verify.',
    );
  withCheckpointOptions(withNetworkOptions(command));
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

async function verify(cli: Cli, options: VerifyOptions): Promise<void> {
  const client = nodeClient(cli);
  const { signal } = cli.io;
  const { genesis, network } = await networkFor(cli, client, options);
  const trusted = await trustedBlockFor(cli, options);
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
  let chain = await beginning(cli, source, genesis, trusted);
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

/** The light chain at genesis, or at the block that is trusted. */
async function beginning(
  cli: Cli,
  source: ReturnType<typeof rpcFinality>,
  genesis: Genesis,
  trusted: Awaited<ReturnType<typeof trustedBlockFor>>,
): Promise<LightChain> {
  const { signal } = cli.io;
  if (trusted === undefined) return lightFromGenesis(source, genesis, signal);
  const chain = await lightFromBlock(source, genesis, trusted, signal);
  // The hash binds the header: a checkpoint that says something else of its block is none.
  const { validatorsRoot } = trusted;
  if (validatorsRoot !== undefined && !equalBytes(chain.roots.at(-1)!, validatorsRoot)) {
    throw usageError('the checkpoint names other voters than its block does: it is forged or damaged');
  }
  return chain;
}
