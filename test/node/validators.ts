import { join } from 'node:path';
import { after } from 'node:test';
import { devnetStake, devnetValidators } from '@sero/cli';
import { type NodeOptions, peerIdIn, type SeroNode, systemClock } from '@sero/node';
import { encodeGenesis, type Genesis, type Header } from '@sero/protocol';
import { verifierDouble } from '../wallet/doubles.ts';
import { genesisDouble, hasherDouble, keyDouble } from './doubles.ts';
import { newDirectory, start } from './running.ts';

/** Networks of nodes in this process, with doubles for proofs, and real keys, votes, disks and gossip in memory. */

const KEY = keyDouble();

/** Quick enough for a test, slow enough for two cores that do other things. */
const PACE: Genesis['pace'] = {
  idle: 400,
  minBlockGap: 400,
  filterMin: 50,
  filterMax: 300,
  deadlineFirst: 2_000,
  deadlineLater: 3_000,
  fastRecovery: 3_000,
};

/** What a network is made of. */
export interface TestValidators {
  readonly genesis: Uint8Array;
  /** Directory of each validator's keys, made and unused. */
  readonly keys: readonly string[];
  /** Makes a validator's keys once more, as a thief has them who copied them before they were used. */
  makeKeys(validator: number): string;
  /** Starts a node of the network in a directory; it is closed when the test is over, however that ends. @param validator whose keys vote; nobody's where undefined */
  start(
    directory: string,
    validator: number | undefined,
    change?: Partial<NodeOptions>,
  ): ReturnType<typeof start>;
  /** Starts all validators in directories of their own. */
  startAll(
    change?: (validator: number) => Partial<NodeOptions>,
  ): Promise<{ directory: string; started: Awaited<ReturnType<typeof start>> }[]>;
}

let networks = 0;

export function testValidators(count: number, change: Partial<Genesis> = {}): TestValidators {
  const number = networks++;
  const validators = devnetValidators(count, { first: 1n, last: 4_096n });
  const stake = devnetStake(validators.map(({ row }) => row));
  const genesis = encodeGenesis(genesisDouble(KEY, { pace: PACE, ...stake, ...change }));
  const makeKeys = (validator: number): string => {
    const directory = join(newDirectory(), 'keys');
    validators[validator]!.makeKeys(directory);
    return directory;
  };
  const keys = validators.map(({ index }) => makeKeys(index));
  const running: SeroNode[] = [];
  after(async () => {
    for (const node of running) await node.close();
  });
  /** Addresses of all nodes that were started, those of stopped ones too. */
  const addresses: string[] = [];
  let places = 0;

  /** A place in memory for the node of a directory, which others hear of. */
  async function place(directory: string): Promise<string> {
    const listen = `/memory/network-${number}-${places++}`;
    const id = await peerIdIn(join(directory, 'network'));
    addresses.push(`${listen}/p2p/${id}`);
    return listen;
  }

  async function startAt(
    listen: string,
    directory: string,
    validator: number | undefined,
    change: Partial<NodeOptions>,
  ) {
    const bootstrap = addresses.filter((address) => !address.startsWith(`${listen}/`));
    const started = await start(directory, {
      genesis,
      network: { transport: 'memory', listen: [listen], bootstrap },
      ...(validator === undefined ? {} : { validator: keys[validator]! }),
      voteThreads: 0,
      ...change,
      world: { clock: systemClock, verifier: verifierDouble, hasher: hasherDouble, ...change.world },
    });
    running.push(started.node);
    return started;
  }

  return {
    genesis,
    keys,
    makeKeys,
    start: async (directory, validator, change = {}) =>
      startAt(await place(directory), directory, validator, change),
    async startAll(change = () => ({})) {
      const chosen = await Promise.all(
        keys.map(async () => {
          const directory = newDirectory();
          return { directory, listen: await place(directory) };
        }),
      );
      return Promise.all(
        chosen.map(async ({ directory, listen }, validator) => {
          const started = await startAt(listen, directory, validator, change(validator));
          return { directory, started };
        }),
      );
    },
  };
}

/** Resolves with the first head of this height or more; rejects where the node stops before. */
export function headAt(
  { node }: Pick<Awaited<ReturnType<typeof start>>, 'node'>,
  height: bigint,
): Promise<Header> {
  return new Promise((resolve, reject) => {
    const head = node.ledger.head();
    if (head.height >= height) {
      resolve(head);
      return;
    }
    const stop = node.onHead((next) => {
      if (next.height < height) return;
      stop();
      resolve(next);
    });
    void node.stopped.then((failure) => {
      stop();
      reject(new Error(`the node stopped before block ${height}`, { cause: failure }));
    });
  });
}

/** Blocks in which something must have happened that only needs somebody's turn. */
const MOST_BLOCKS = 60n;

/** Goes on block by block until something is so; rejects where it is not after many of them. */
export async function blocksUntil(
  started: Pick<Awaited<ReturnType<typeof start>>, 'node'>,
  isSo: () => boolean,
): Promise<void> {
  const { ledger } = started.node;
  const last = ledger.head().height + MOST_BLOCKS;
  while (!isSo()) {
    if (ledger.head().height >= last) throw new Error(`it was not so after ${MOST_BLOCKS} blocks`);
    await headAt(started, ledger.head().height + 1n);
  }
}
