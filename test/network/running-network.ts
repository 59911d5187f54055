import { join } from 'node:path';
import { freePorts } from '@sero/cli';
import type { Checker } from './checker.ts';
import type { MadeNetwork } from './made-network.ts';
import { createNamespaces, type Namespaces } from './namespaces.ts';
import { type Running, startProcess } from './processes.ts';
import { createRelay, type Relay } from './relay.ts';

/** How nodes reach each other: through the relay on the loopback address, or each in a network namespace of its own. */
export type Way = 'relay' | 'namespaces';

/** How one node is started. */
export interface Start {
  readonly skewMs?: number;
  readonly driftPpm?: number;
  /** The program's file, of another version maybe. Default: that of this repository. */
  readonly program?: string;
  /** Arguments behind the others. */
  readonly extra?: readonly string[];
}

/** A network of real processes. */
export interface RunningNetwork {
  readonly made: MadeNetwork;
  readonly names: readonly string[];
  /** The relay's links; undefined with namespaces. */
  readonly relay: Relay | undefined;
  readonly namespaces: Namespaces | undefined;
  /** Address of a node's RPC, the same at each start. */
  url(name: string): string;
  /** Where a node listens for others, without the relay. */
  listens(name: string): { readonly host: string; readonly port: number };
  /** Starts a node and resolves when it serves; again after it ended. */
  start(name: string, how?: Start): Promise<void>;
  running(name: string): Running;
  /** Keeps these groups from each other: what is between them vanishes. */
  split(...groups: readonly (readonly string[])[]): void;
  heal(): void;
  /** Ends everything. */
  close(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'src', 'main.ts');

/** What is told to others as a node's address: nobody listens there, so that nodes know of each other only what the relay gives them. */
const NOWHERE = '/ip4/127.0.0.1/tcp/9';

/** The environment of the nodes: npm's marks and the choices of whoever runs the tests are left out, but for the cache, the prover and the linker. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|SERO_(?!(CACHE|PROVER)$))/.test(name)),
);

/**
 * Prepares the ways between the nodes; none is started yet.
 *
 * @param usual how nodes are started where it is not said otherwise
 */
export async function createRunningNetwork(
  made: MadeNetwork,
  seed: string,
  way: Way = 'relay',
  usual: Start = {},
): Promise<RunningNetwork> {
  const { places } = made;
  const names = places.map(({ name }) => name);
  const namespaces = way === 'namespaces' ? createNamespaces(places.length) : undefined;
  const relay = namespaces === undefined ? createRelay(seed) : undefined;
  const ports = await freePorts(2 * places.length);
  const nodes = places.map((place, i) => {
    const member = namespaces?.members[i];
    return {
      place,
      host: member?.address ?? '127.0.0.1',
      port: ports[2 * i]!,
      rpcHost: member?.management ?? '127.0.0.1',
      rpcPort: ports[2 * i + 1]!,
      namespace: member?.name,
      running: undefined as Running | undefined,
    };
  });
  const node = (name: string) => {
    const found = nodes.find(({ place }) => place.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  };
  /** By who dials, the addresses of all others. */
  const peers = new Map<string, string[]>();
  for (const from of nodes) {
    const addresses: string[] = [];
    for (const to of nodes) {
      if (to === from) continue;
      const { host, port } = (await relay?.link(from.place.name, to.place.name, to)) ?? to;
      addresses.push(`/ip4/${host}/tcp/${port}/p2p/${to.place.peerId}`);
    }
    peers.set(from.place.name, addresses);
  }

  return {
    made,
    names,
    relay,
    namespaces,
    url: (name) => `http://${node(name).rpcHost}:${node(name).rpcPort}`,
    listens: (name) => ({ host: node(name).host, port: node(name).port }),
    async start(name, how = {}) {
      const { skewMs = 0, driftPpm = 0, program = PROGRAM, extra = [] } = { ...usual, ...how };
      const of = node(name);
      if (of.running?.isRunning() === true) throw new Error(`${name} runs already`);
      const { place, host, port, rpcHost, rpcPort, namespace } = of;
      const running = startProcess({
        name,
        args: [
          program,
          ...['--json', '--dir', place.directory, 'node', 'start', '--genesis', made.genesisFile],
          ...(place.keys === undefined ? [] : ['--validator', place.keys]),
          ...['--rpc-host', rpcHost, '--rpc-port', String(rpcPort), '--rpc-allow-host', rpcHost],
          ...['--no-dht', '--listen', `/ip4/${host}/tcp/${port}`],
          ...(relay === undefined ? [] : ['--announce', NOWHERE]),
          ...['--threads', '1', '--direct', ...peers.get(name)!],
          ...extra,
        ],
        env: ENVIRONMENT,
        logFile: join(place.directory, 'log'),
        ...(namespace === undefined ? {} : { namespace }),
        skewMs,
        driftPpm,
      });
      of.running = running;
      await running.firstLine();
    },
    running(name) {
      const { running } = node(name);
      if (running === undefined) throw new Error(`${name} was never started`);
      return running;
    },
    split(...groups) {
      namespaces?.split(groups.map((group) => group.map((name) => names.indexOf(name))));
      for (const [i, group] of groups.entries()) {
        for (const other of groups.slice(i + 1)) {
          for (const link of relay?.between(group, other) ?? []) link.set('held');
        }
      }
    },
    heal() {
      namespaces?.heal();
      for (const link of relay?.links ?? []) link.set('open');
    },
    async close() {
      await Promise.all(nodes.map(({ running }) => running?.kill()));
      await relay?.close();
      namespaces?.close();
    },
  };
}

/** Starts all nodes and has them watched. */
export async function startAll(
  network: RunningNetwork,
  checker: Checker,
  names: readonly string[] = network.names,
): Promise<void> {
  await Promise.all(names.map((name) => network.start(name)));
  for (const name of names) checker.watch({ name, url: network.url(name) });
}
