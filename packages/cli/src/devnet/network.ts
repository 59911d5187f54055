import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '@sero/crypto';
import { type NodeOptions, peerIdIn, readValidatorRecord, ValidatorKeysError } from '@sero/node';
import { openDataDirectory, writeFileDurably } from '@sero/store/node';
import { CliError } from '../errors.ts';
import { freePorts } from './free-ports.ts';
import { startValidator, type ValidatorProcess } from './validator-process.ts';
import type { DevnetNetwork } from './validators.ts';

/** Layout of the directory: another one is not touched. */
const SCHEMA = 1;

const GENESIS = 'genesis.ssz';

/** A devnet's directory, taken for this process. */
export interface DevnetDirectory {
  readonly path: string;
  release(): void;
}

/**
 * Takes the directory of a devnet with validators:
 *
 *     genesis.ssz
 *     rpc/node/                   the node that wallets speak to
 *     validator-0/ .. -3/         keys/, node/, log
 *
 * @throws CliError `other-genesis`; StoreError `directory-locked`
 */
export async function takeDevnetDirectory(path: string, genesis: Uint8Array): Promise<DevnetDirectory> {
  const directory = openDataDirectory(path, { schema: SCHEMA });
  try {
    const file = join(path, GENESIS);
    if (!existsSync(file)) writeFileDurably(path, GENESIS, genesis);
    else if (!equalBytes(await readFile(file), genesis)) throw otherGenesis(path);
    return directory;
  } catch (error) {
    directory.release();
    throw error;
  }
}

/** The directory holds another chain than this program would start. */
export function otherGenesis(path: string): CliError {
  return new CliError(
    'failed',
    'other-genesis',
    `the genesis file of the devnet has changed: ${path} holds the chain of another one, from another version of this program, or no devnet`,
    'begin anew, which deletes that chain: {sero} devnet --reset; or keep it and use another directory: --dir DIR',
  );
}

/** Deletes a devnet's directory, once nobody uses it and it is one. */
export async function removeDevnet(path: string): Promise<void> {
  if (!existsSync(path)) return;
  openDataDirectory(path, { schema: SCHEMA }).release();
  await rm(path, { recursive: true });
}

/** Validators that run, and how the node beside them reaches them. */
export interface RunningValidators {
  readonly processes: readonly ValidatorProcess[];
  /** Of the node in this process. */
  readonly network: NonNullable<NodeOptions['network']>;
  stop(): Promise<void>;
}

/** Starts all validators of a devnet, each in a process of its own, connected with each other and with a node of this process. */
export async function startValidators(
  { path }: DevnetDirectory,
  network: DevnetNetwork,
  env: NodeJS.ProcessEnv | Readonly<Record<string, string | undefined>>,
): Promise<RunningValidators> {
  const places = network.validators.map(({ index, makeKeys }) => {
    const own = join(path, `validator-${index}`);
    const keys = join(own, 'keys');
    mkdirSync(own, { recursive: true });
    if (!hasKeys(keys)) {
      // Half of them, from a start that was broken off: they were never used.
      rmSync(keys, { recursive: true, force: true });
      makeKeys(keys);
    }
    return { index, own, keys, peers: join(own, 'node', 'network') };
  });
  const rpcPeers = join(path, 'rpc', 'node', 'network');
  const ports = await freePorts(places.length + 1);
  const addressOf = async (port: number, peers: string): Promise<string> =>
    `/ip4/127.0.0.1/tcp/${port}/p2p/${await peerIdIn(peers)}`;
  const addresses = await Promise.all(
    [...places.map(({ peers }) => peers), rpcPeers].map((peers, i) => addressOf(ports[i]!, peers)),
  );
  const processes = places.map(({ index, own, keys }, i) =>
    startValidator({
      name: `validator ${index}`,
      directory: own,
      genesis: join(path, GENESIS),
      keys,
      listen: `/ip4/127.0.0.1/tcp/${ports[i]}`,
      direct: addresses.filter((_, j) => j !== i),
      log: join(own, 'log'),
      env,
    }),
  );
  return {
    processes,
    network: {
      listen: [`/ip4/127.0.0.1/tcp/${ports[places.length]}`],
      direct: addresses.slice(0, places.length),
      discovery: 'none',
    },
    async stop() {
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}

function hasKeys(directory: string): boolean {
  try {
    readValidatorRecord(directory);
    return true;
  } catch (error) {
    if (error instanceof ValidatorKeysError && error.code === 'keys-missing') return false;
    throw error;
  }
}
