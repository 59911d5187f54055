import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@sero/api';
import { freePorts } from '@sero/cli';
import { peerIdIn } from '@sero/node';
import { type Running, startProcess } from '../test/network/processes.ts';
import type { PaymentChain } from './network-chain.ts';

/** The command line, as Node runs it. */
export const PROGRAM = join(import.meta.dirname, '..', 'packages', 'cli', 'src', 'main.ts');

/** One validator, in a process of its own as `sero node start` runs it. */
export interface ValidatorNode {
  readonly name: string;
  readonly url: string;
  readonly running: Running;
  readonly directory: string;
}

export interface NodesOptions {
  readonly chain: PaymentChain;
  /** An empty one. */
  readonly directory: string;
  /** Arguments behind those that make a network of loopback addresses out of the validators. */
  readonly extra: readonly string[];
  /** Folder for a profile of validator 0, which is written when it stops. Default: none. */
  readonly profile?: string;
}

/** What every validator is given beside its keys and the others' addresses, for whoever reads the figure. */
export const NODE_OPTIONS: readonly string[] = [
  // The payers have addresses of their own, which a proxy in front of the node would name.
  ...['--rpc-port', '0', '--rpc-trusted-proxy', '127.0.0.1'],
  '--no-dht',
];

/** ms between two looks at a node that starts. */
const LOOK = 500;

/** Starts all validators of a chain, and waits until each is connected with all others and has a block after block 0. */
export async function startValidatorNodes(options: NodesOptions): Promise<ValidatorNode[]> {
  const { chain, directory, extra, profile } = options;
  const genesis = join(directory, 'genesis.ssz');
  writeFileSync(genesis, chain.file);
  const ports = await freePorts(chain.validators.length);
  const places = await Promise.all(
    chain.validators.map(async ({ index, makeKeys }) => {
      const own = join(directory, `validator-${index}`);
      const keys = join(own, 'keys');
      mkdirSync(own);
      makeKeys(keys);
      const at = `/ip4/127.0.0.1/tcp/${ports[index]}`;
      return { index, own, keys, at, address: `${at}/p2p/${await peerIdIn(join(own, 'node', 'network'))}` };
    }),
  );
  const started = places.map(({ index, own, keys, at }) => {
    const running = startProcess({
      name: `validator-${index}`,
      args: [
        ...(profile !== undefined && index === 0 ? ['--cpu-prof', '--cpu-prof-dir', profile] : []),
        PROGRAM,
        ...['--json', '--dir', own, 'node', 'start', '--genesis', genesis, '--validator', keys],
        ...NODE_OPTIONS,
        ...[
          '--listen',
          at,
          '--direct',
          ...places.filter((one) => one.index !== index).map(({ address }) => address),
        ],
        ...extra,
      ],
      logFile: join(own, 'log'),
    });
    return { name: `validator-${index}`, running, directory: own };
  });
  const nodes: ValidatorNode[] = await Promise.all(
    started.map(async (node) => {
      const { rpc } = JSON.parse(await node.running.firstLine()) as { rpc: string };
      return { ...node, url: rpc };
    }),
  );
  await Promise.all(nodes.map((node) => untilAtWork(node, nodes.length - 1)));
  return nodes;
}

/** Bytes of a log that are told. */
const TOLD = 2_000;

/** Stops them in order. @returns how those ended that did not end as they should, with the end of their logs */
export async function stopValidatorNodes(nodes: readonly ValidatorNode[]): Promise<string[]> {
  const ends = await Promise.all(nodes.map(({ running }) => running.stop()));
  return nodes.flatMap(({ name, directory }, i) => {
    const { code, signal } = ends[i]!;
    if (code === 0) return [];
    return [
      `${name} stopped with ${code ?? signal}: ${readFileSync(join(directory, 'log'), 'utf8').slice(-TOLD)}`,
    ];
  });
}

async function untilAtWork({ name, url, running }: ValidatorNode, others: number): Promise<void> {
  const client = createClient({ url });
  for (;;) {
    if (!running.isRunning()) throw new Error(`${name} has ended`);
    const { peers } = await client.request('sero_getPeers', {});
    const { height, record } = await client.request('sero_getConsensus', {});
    if (peers.length === others && height > 0n && record !== null) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}
