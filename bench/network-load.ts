import { cpus } from 'node:os';
import { type Spread, spreadOf } from '../test/network/figures.ts';
import type { PaymentChain } from './network-chain.ts';
import {
  NODE_OPTIONS,
  startValidatorNodes,
  stopValidatorNodes,
  type ValidatorNode,
} from './network-nodes.ts';
import { type Submission, submitAll } from './network-submit.ts';
import {
  costOf,
  loopbackBytes,
  metricsOf,
  type NodeCost,
  readBlocks,
  transactionsOf,
  watchHeads,
} from './network-watch.ts';

/** Blocks after which a network's wait for proposals follows those that came: {@link LoadOptions.warmUp} where rounds of a network that has stood are meant. */
export const WARM_UP = 48;

export interface LoadOptions {
  readonly chain: PaymentChain;
  readonly payments: readonly Uint8Array[];
  /** An empty folder. */
  readonly directory: string;
  /**
   * Block that the network is at when the first counted payment is handed in; until then one payment a block, none of which is counted. A network that has
   * just begun waits a whole second for proposals in each round, until it knows how soon they come. Default: 0.
   */
  readonly warmUp?: number;
  /** Payments a second at most. Default: as fast as the nodes take them. */
  readonly rate?: number;
  /** Payments that wait for their answer at most. Default 256. */
  readonly inFlight?: number;
  /** Validators that payments are handed in to. Default: all. */
  readonly doors?: number;
  /** Arguments of `sero node start` beside the usual ones. Default: none. */
  readonly extra?: readonly string[];
  /** ms after the last payment was taken until what is not final counts as lost. Default 120,000. */
  readonly patience?: number;
  /** Folder for a processor profile of validator 0. Default: none. */
  readonly profile?: string;
  readonly say?: (text: string) => void;
  /** Told every five seconds. */
  readonly sample?: (sample: LoadSample) => void;
}

/** How things stood at one moment. */
export interface LoadSample {
  /** Since the first payment was handed in. */
  readonly seconds: number;
  readonly taken: number;
  /** Height that every validator has. */
  readonly height: number;
  /** By validator, MiB; `own` without the pages of mapped files, the state's database above all. */
  readonly rss: readonly number[];
  readonly own: readonly number[];
}

/** What a network made of payments. Times are ms, times of processors seconds. */
export interface LoadResult {
  readonly validators: number;
  readonly cores: number;
  readonly nodeOptions: readonly string[];
  readonly payments: number;
  /** Payments in blocks that every validator has. */
  readonly final: number;
  /** From the first payment's submission to the moment at which every validator had the last one's block. */
  readonly seconds: number;
  readonly perSecond: number;
  /** From a payment's submission to the moment at which every validator had its block, and to its node's answer. */
  readonly finality: Spread;
  readonly answer: Spread;
  readonly refusedAtFirst: number;
  /** Of the blocks from the first with a payment to the last with one: time since the parent, payments, share of the gas limit. */
  readonly blocks: number;
  readonly interval: Spread;
  readonly paymentsInBlock: Spread;
  readonly fill: Spread;
  readonly blockBytes: Spread;
  readonly emptyBlocks: number;
  /** Processor time of each validator, and of its main thread; of the payers; share of all cores that they took together. */
  readonly cpu: readonly number[];
  readonly mainThread: readonly number[];
  readonly driverCpu: number;
  readonly busy: number;
  /** Processor time for each payment and validator. */
  readonly cpuMsPerPayment: number;
  /** Bytes over loopback for each payment, what payers send and all that else ran included. */
  readonly loopbackBytesPerPayment: number;
  /** MiB of each validator at its end, as in a sample. */
  readonly rss: readonly number[];
  readonly own: readonly number[];
  /** Of validator 0, for what it refused and what it waited for. */
  readonly metrics: Readonly<Record<string, number>>;
  /** True where each validator has the same last block. */
  readonly agreed: boolean;
  /** Validators that did not stop as they should, with the end of their logs. */
  readonly faults: readonly string[];
  /** Seconds from the end of what was measured to the end of the validators: in no other number here. */
  readonly tail: number;
}

const SAMPLE_EVERY = 5_000;
const LOOK = 200;
const MIB = 1_048_576;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const rounded = (value: number, places = 3): number => Number(value.toFixed(places));

/** By validator, MiB. */
function memoryOf(costs: readonly NodeCost[]): Pick<LoadSample, 'rss' | 'own'> {
  const inMib = (bytes: number): number => Math.round(bytes / MIB);
  return { rss: costs.map(({ rss }) => inMib(rss)), own: costs.map(({ ownMemory }) => inMib(ownMemory)) };
}

/** Starts the validators, hands the payments in, waits until they are final, stops everything. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { chain, directory, rate, extra = [], profile, warmUp = 0, say = () => undefined } = options;
  const { inFlight = 256, doors = chain.validators.length, patience = 120_000 } = options;
  const nodes = await startValidatorNodes({
    chain,
    directory,
    extra,
    ...(profile === undefined ? {} : { profile }),
  });
  say(`${nodes.length} validators are connected and have a block`);
  const watch = await watchHeads(nodes);
  const sampler = new AbortController();
  try {
    const used = await warm(nodes, watch.height, options.payments, warmUp, sampler.signal);
    const payments = options.payments.slice(used);
    if (used > 0) say(`block ${watch.height()} after ${used} payments, which are not counted`);
    const from = watch.height() + 1;
    const before = nodes.map(costOf);
    const driver = process.cpuUsage();
    const loopback = loopbackBytes();
    const begun = performance.now();
    let taken = 0;
    const timer = setInterval(() => {
      options.sample?.({
        seconds: rounded((performance.now() - begun) / 1_000, 1),
        taken,
        height: watch.height(),
        ...memoryOf(nodes.map(costOf)),
      });
    }, SAMPLE_EVERY);
    sampler.signal.addEventListener('abort', () => clearInterval(timer));
    const submissions = await submitAll({
      urls: nodes.slice(0, doors).map(({ url }) => url),
      payments,
      rate,
      inFlight,
      signal: sampler.signal,
      taken: () => taken++,
    });
    say(`${submissions.length} payments are taken`);
    await untilFinal(nodes, used + submissions.length, patience);
    const after = nodes.map(costOf);
    const { user, system } = process.cpuUsage(driver);
    const bytes = loopbackBytes() - loopback;
    const measured = performance.now();
    const metrics = await metricsOf(nodes[0]!);
    const to = watch.height();
    const blocks = await Promise.all(nodes.map(({ url }) => readBlocks(url, from - 1, to)));
    sampler.abort();
    watch.close();
    const faults = await stopValidatorNodes(nodes);
    const heightOf = new Map<string, number>();
    for (const { header, txids } of blocks[0]!) {
      for (const txid of txids) heightOf.set(txid, Number(header.height));
    }
    const isFinal = submissions.filter(({ txid }) => heightOf.has(txid));
    const finalAt = ({ txid }: Submission): number => watch.everywhereAt(heightOf.get(txid)!)!;
    const end = isFinal.reduce((last, one) => Math.max(last, finalAt(one)), begun);
    const [parent, ...rest] = blocks[0]!;
    const first = rest.findIndex(({ txids }) => txids.length > 0);
    const last = rest.findLastIndex(({ txids }) => txids.length > 0);
    const full = first < 0 ? [] : rest.slice(first, last + 1);
    const parents = [parent!, ...rest].slice(Math.max(0, first));
    const seconds = (end - begun) / 1_000;
    const cpu = after.map((cost, i) => rounded(cost.cpu - before[i]!.cpu, 2));
    const driverCpu = (user + system) / 1e6;
    const all = cpu.reduce((sum, one) => sum + one, 0);
    const each = Math.max(1, isFinal.length);
    const roots = blocks.map((chainOf) => chainOf.at(-1)!.header.stateRoot.join());
    return {
      validators: nodes.length,
      cores: cpus().length,
      nodeOptions: [...NODE_OPTIONS, ...extra],
      payments: submissions.length,
      final: isFinal.length,
      seconds: rounded(seconds, 1),
      perSecond: rounded(isFinal.length / seconds, 1),
      finality: spreadOf(isFinal.map((one) => finalAt(one) - one.at)),
      answer: spreadOf(submissions.map(({ at, takenAt }) => takenAt - at)),
      refusedAtFirst: submissions.filter(({ refusals }) => refusals > 0).length,
      blocks: full.length,
      interval: spreadOf(full.map(({ header }, i) => Number(header.time - parents[i]!.header.time))),
      paymentsInBlock: spreadOf(full.map(({ txids }) => txids.length)),
      fill: spreadOf(full.map(({ header }) => Number(header.gasUsed) / Number(header.gasLimit))),
      blockBytes: spreadOf(full.map((block) => block.bytes)),
      emptyBlocks: full.filter(({ txids }) => txids.length === 0).length,
      cpu,
      mainThread: after.map((cost, i) => rounded(cost.mainCpu - before[i]!.mainCpu, 2)),
      driverCpu: rounded(driverCpu, 2),
      busy: rounded((all + driverCpu) / (seconds * cpus().length)),
      cpuMsPerPayment: rounded((1_000 * all) / nodes.length / each),
      loopbackBytesPerPayment: Math.round(bytes / each),
      ...memoryOf(after),
      metrics,
      agreed: new Set(roots).size === 1,
      faults,
      tail: rounded((performance.now() - measured) / 1_000, 1),
    };
  } finally {
    sampler.abort();
    watch.close();
    for (const { running } of nodes) if (running.isRunning()) await running.kill();
  }
}

/** Hands in a payment for each block until the network is at one. @returns how many it took */
async function warm(
  nodes: readonly ValidatorNode[],
  height: () => number,
  payments: readonly Uint8Array[],
  until: number,
  signal: AbortSignal,
): Promise<number> {
  let used = 0;
  while (height() < until) {
    const before = height();
    const { url } = nodes[used % nodes.length]!;
    await submitAll({
      urls: [url],
      payments: payments.slice(used, ++used),
      rate: undefined,
      inFlight: 1,
      signal,
    });
    while (height() === before) await pause(LOOK);
  }
  return used;
}

/** Waits until every validator has as many payments in its chain; gives up where none has one more for too long. */
async function untilFinal(nodes: readonly ValidatorNode[], count: number, patience: number): Promise<void> {
  let found = 0;
  for (let until = performance.now() + patience; found < count && performance.now() < until; ) {
    const counts = await Promise.all(nodes.map(transactionsOf));
    const least = Math.min(...counts);
    if (least > found) until = performance.now() + patience;
    found = least;
    await pause(LOOK);
  }
}
