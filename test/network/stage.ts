import { createChainBook } from './chain-book.ts';
import { type ChainFigures, type Checker, createChecker } from './checker.ts';
import { type MadeNetwork, makeNetwork, type NetworkPlan } from './made-network.ts';
import {
  createRunningNetwork,
  type RunningNetwork,
  type Start,
  startAll,
  type Way,
} from './running-network.ts';

/** A network that runs and is watched. */
export interface Stage {
  readonly seed: string;
  readonly made: MadeNetwork;
  readonly network: RunningNetwork;
  readonly checker: Checker;
  /** Names of the nodes that vote, and of those that do not. */
  readonly validators: readonly string[];
  readonly others: readonly string[];
  /** Begins to watch a node that was not there at the beginning. */
  join(name: string): Promise<void>;
  /** Nodes that run now. */
  alive(): string[];
  say(text: string): void;
  close(): Promise<void>;
}

export interface StageOptions extends NetworkPlan {
  readonly way?: Way;
  /** Nodes that are not started at the beginning. */
  readonly late?: readonly string[];
  readonly say?: (text: string) => void;
  /** How nodes are started where it is not said otherwise. */
  readonly start?: Start;
  /** As for the checker. */
  readonly certificates?: number;
}

/** Makes a network, starts it, and waits until every node has a first block. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { seed, way = 'relay', late = [], say = () => undefined, certificates = 64 } = options;
  const made = await makeNetwork(options);
  const network = await createRunningNetwork(made, seed, way, options.start);
  const checker = createChecker({
    book: createChainBook(made.genesisHash, made.seen.participants),
    certificates,
  });
  const validators = made.places.filter(({ keys }) => keys !== undefined).map(({ name }) => name);
  const stage: Stage = {
    seed,
    made,
    network,
    checker,
    validators,
    others: network.names.filter((name) => !validators.includes(name)),
    async join(name) {
      await network.start(name);
      checker.watch({ name, url: network.url(name) });
    },
    alive: () =>
      network.names.filter((name) => {
        try {
          return network.running(name).isRunning();
        } catch {
          return false;
        }
      }),
    say,
    async close() {
      checker.close();
      await network.close();
    },
  };
  try {
    const first = network.names.filter((name) => !late.includes(name));
    await startAll(network, checker, first);
    say(`${first.length} nodes started`);
    await checker.reached(first, 1, BEGINNING);
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}

/** ms for nodes to find each other and agree on the first block, on a machine that does other things too. */
const BEGINNING = 120_000;

/** What a stretch of time cost. */
export interface Cost {
  readonly seconds: number;
  readonly rounds: number;
  /** By node: seconds of processor time and bytes sent, of each round; memory at the end, in bytes. */
  readonly nodes: Readonly<
    Record<string, { readonly cpu: number; readonly sent: number; readonly rss: number }>
  >;
  readonly chain: ChainFigures;
}

/** Measures what the nodes that run take while something is done; they must run on until its end. */
export async function measured(stage: Stage, work: () => Promise<void>): Promise<Cost> {
  const { network, checker } = stage;
  const names = stage.alive();
  const look = (name: string) => {
    const figures = network.running(name).figures();
    if (figures === undefined) throw new Error(`${name} does not run`);
    return { ...figures, sent: sentBy(network, name) ?? figures.sent };
  };
  const height = (): number => Math.max(...names.map((name) => checker.book.headOf(name)));
  const [start, from, before] = [performance.now(), height(), names.map(look)];
  await work();
  const rounds = height() - from;
  const per = (amount: number, unit: number): number =>
    Math.round((amount * unit) / Math.max(1, rounds)) / unit;
  const nodes = names.map((name, i) => {
    const now = look(name);
    const cpu = per(now.cpuSeconds - before[i]!.cpuSeconds, 1_000);
    return [name, { cpu, sent: per(now.sent - before[i]!.sent, 1), rss: now.rss }] as const;
  });
  return {
    seconds: Math.round((performance.now() - start) / 100) / 10,
    rounds,
    nodes: Object.fromEntries(nodes),
    chain: checker.figures(from + 1),
  };
}

/** Bytes that a node sent through the relay; undefined where there is none. */
function sentBy({ relay }: RunningNetwork, name: string): number | undefined {
  return relay?.links.reduce((sum, { from, to, counts }) => {
    const { forth, back } = counts();
    return sum + (from === name ? forth : 0) + (to === name ? back : 0);
  }, 0);
}
