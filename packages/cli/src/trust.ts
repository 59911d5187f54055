import type { SeroClient } from '@sero/api';
import { equalBytes, toHex } from '@sero/crypto';
import {
  checkCheckpointHeight,
  checkTrustedAge,
  decodeCheckpoint,
  decodeGenesis,
  type FinalBlock,
  type Genesis,
  genesisHash,
} from '@sero/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import type { Cli } from './command.ts';
import { CliError, usageError } from './errors.ts';
import { readBytes } from './files.ts';

/** What commands go by that verify what a node says: the network's genesis file, and a block that somebody whom the user trusts has named. */

export interface NetworkOptions {
  readonly genesis?: string;
  readonly genesisHash?: Uint8Array;
}

export interface CheckpointOptions {
  readonly fromCheckpoint?: string;
  readonly checkpointTime?: bigint;
}

/** A block that is trusted, and when it was known to be the chain's, ms since 1970. */
export interface TrustedBlock extends FinalBlock {
  readonly time: bigint;
}

/** The network, as far as it is known whose word that is. */
export interface KnownNetwork {
  readonly genesis: Genesis;
  /** The genesis file, serialised. */
  readonly bytes: Uint8Array;
  /** Its hash. */
  readonly network: Uint8Array;
}

/** Adds --genesis and --genesis-hash. */
export function withNetworkOptions(command: Command): Command {
  return command
    .option('--genesis <file>', 'the genesis file (default: the node’s, whose hash is shown)')
    .option(
      '--genesis-hash <hex>',
      'the hash that names the network: a node of another one is refused',
      hash,
    );
}

/** Adds --from-checkpoint and --checkpoint-time. */
export function withCheckpointOptions(command: Command): Command {
  return command
    .option(
      '--from-checkpoint <block>',
      'verify from a block on that you trust, in the place of genesis: a checkpoint’s file, the same in hex, or HEIGHT:HASH',
    )
    .option(
      '--checkpoint-time <time>',
      'when that block was known to be the chain’s, such as 2026-11-23T12:00:00Z; at most ten days ago',
      time,
    );
}

/** The network that the options name, else the node's, with a warning. Throws `node-other-network` for another genesis file than the hash names. */
export async function networkFor(
  cli: Cli,
  client: SeroClient,
  options: NetworkOptions,
): Promise<KnownNetwork> {
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
  return { genesis, bytes, network };
}

/**
 * The block that the options name; undefined where they name none. Its header is for the node to show.
 *
 * @throws ProtocolError `checkpoint-stale`, `checkpoint-height`, and what decoding a checkpoint throws; usage errors
 */
export async function trustedBlockFor(
  cli: Cli,
  { fromCheckpoint, checkpointTime }: CheckpointOptions,
): Promise<(TrustedBlock & { readonly validatorsRoot?: Uint8Array }) | undefined> {
  if ((fromCheckpoint === undefined) !== (checkpointTime === undefined)) {
    throw usageError(
      'a checkpoint names no time: --from-checkpoint and --checkpoint-time go together',
      'give the time at which you know that it was the chain’s',
    );
  }
  if (fromCheckpoint === undefined || checkpointTime === undefined) return undefined;
  checkTrustedAge(checkpointTime, BigInt(Date.now()));
  const named = /^(\d{1,19}):((?:0x)?[0-9a-f]{64})$/i.exec(fromCheckpoint);
  if (named !== null) return { height: BigInt(named[1]!), hash: hash(named[2]!), time: checkpointTime };
  const bytes = /^(0x)?([0-9a-f]{2}){200,}$/i.test(fromCheckpoint)
    ? bytesOf(fromCheckpoint)
    : await readBytes(cli.io, fromCheckpoint);
  const { height, blockHash, validatorsRoot } = decodeCheckpoint(bytes);
  checkCheckpointHeight(height);
  return { height, hash: blockHash, validatorsRoot, time: checkpointTime };
}

const bytesOf = (digits: string): Uint8Array =>
  Uint8Array.from(Buffer.from(digits.replace(/^0x/i, ''), 'hex'));

/** Reads 32 bytes. */
function hash(text: string): Uint8Array {
  if (!/^(0x)?[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('It is 64 hexadecimal digits.');
  return bytesOf(text);
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
