import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Network } from '@sero/network';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FinishedRound } from './agreement.ts';
import type { NodeDirectory } from './directory.ts';
import { diskSizes } from './disk-sizes.ts';
import { memorySizes } from './memory.ts';
import type { MempoolEvents } from './mempool/mempool.ts';
import { meterNetwork } from './network-metrics.ts';

/** What gauges look at when somebody asks. */
export interface MetricSources {
  height(): bigint;
  ready(): boolean;
  mempool(): { readonly transactions: number; readonly bytes: number; readonly checking: number };
  verification(): { readonly waiting: number; readonly running: number } | undefined;
  readonly directory: NodeDirectory;
}

/** A node's metrics; README.md lists them. */
export interface NodeMetrics {
  readonly registry: Registry;
  readonly mempoolEvents: Required<MempoolEvents>;
  /** From now on gauges look here. */
  watch(sources: MetricSources): void;
  /** A block was committed. @param intervalMs since the parent, by the headers */
  block(transactions: number, intervalMs: number, commitMs: number): void;
  /** A transaction was dropped when a block was made. */
  dropped(code: string): void;
  verified(batch: { readonly proofs: number; readonly ms: number }): void;
  snapshot(ms: number): void;
  /** A round of agreement is over. */
  round(round: FinishedRound): void;
  /** From now on this network is metered, too; once. */
  watchNetwork(network: Pick<Network, 'metrics'>): void;
  close(): void;
}

const SHORT = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const INTERVALS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];
const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128];
const NANOSECONDS = 1e9;

/** Metrics in a registry of their own, so that a process may hold several nodes. */
export function createMetrics(): NodeMetrics {
  let sources: MetricSources | undefined;
  const registry = new Registry();
  const registers = [registry];
  /** A gauge that is looked up when it is asked for. */
  const gauge = (name: string, help: string, read: (from: MetricSources) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        if (sources !== undefined) this.set(read(sources));
      },
    });
  };
  const labelled = <L extends string>(
    name: string,
    help: string,
    label: L,
    read: (from: MetricSources) => Iterable<readonly [string, number]>,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        if (sources === undefined) return;
        for (const [value, amount] of read(sources))
          this.set({ [label]: value } as Record<L, string>, amount);
      },
    });
  };
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name, help, buckets, registers });

  gauge('sero_height', 'Height of the last final block', ({ height }) => Number(height()));
  gauge('sero_ready', '1 while the node takes and seals transactions', ({ ready }) => (ready() ? 1 : 0));
  gauge(
    'sero_mempool_transactions',
    'Transactions that wait for a block',
    ({ mempool }) => mempool().transactions,
  );
  gauge('sero_mempool_bytes', 'Bytes of those', ({ mempool }) => mempool().bytes);
  gauge('sero_mempool_checking', 'Transactions whose check runs', ({ mempool }) => mempool().checking);
  labelled('sero_verify_queue_proofs', 'Proofs on their way, by state', 'state', ({ verification }) =>
    Object.entries(verification() ?? {}),
  );
  let sizes: ReturnType<typeof diskSizes> | undefined;
  new Gauge({
    name: 'sero_disk_bytes',
    help: 'Bytes on disk, by part; looked at once in 15 s at most',
    labelNames: ['part'],
    registers,
    async collect() {
      if (sources === undefined) return;
      const { state, rebuilt, damaged, blocks, snapshots } = sources.directory;
      const folders = { state, 'state.new': rebuilt, 'state.damaged': damaged, blocks, snapshots };
      sizes ??= diskSizes(folders, () => performance.now());
      for (const [part, bytes] of await sizes()) this.set({ part }, bytes);
    },
  });

  labelled('sero_memory_bytes', 'Bytes of memory, by part', 'part', () => memorySizes());

  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  labelled('sero_event_loop_lag_seconds', 'Lag of the event loop since the last look', 'quantile', () => {
    const seconds = (value: number): number => value / NANOSECONDS;
    const found = [
      ['0.5', seconds(lag.percentile(50))],
      ['0.99', seconds(lag.percentile(99))],
      ['1', seconds(lag.max)],
    ] as const;
    lag.reset();
    return found;
  });

  const admitted = counter('sero_mempool_admitted_total', 'Transactions that came into the mempool');
  const refused = counter('sero_mempool_refused_total', 'Submissions that were refused, by code', 'code');
  const departed = counter(
    'sero_mempool_departed_total',
    'Transactions that left the mempool, by reason',
    'reason',
  );
  const dropped = counter(
    'sero_proposal_dropped_total',
    'Transactions dropped when a block was made, by code',
    'code',
  );
  const transactions = counter('sero_transactions_total', 'Transactions in blocks since the start');
  const interval = histogram('sero_block_interval_seconds', 'Time between a block and its parent', INTERVALS);
  const commit = histogram('sero_block_commit_seconds', 'Applying a block until it is durable', SHORT);
  const batchSize = histogram('sero_verify_batch_proofs', 'Proofs in a batch', COUNTS);
  const batchTime = histogram(
    'sero_verify_batch_seconds',
    'Verifying a batch, its thread’s start included',
    SHORT,
  );
  const rounds = counter('sero_rounds_total', 'Rounds of agreement by the period of their block', 'period');
  const roundTime = histogram('sero_round_seconds', 'From one final block to the next, here', INTERVALS);
  const snapshotTime = histogram('sero_snapshot_seconds', 'Writing a snapshot, pauses included', INTERVALS);

  return {
    registry,
    mempoolEvents: {
      admitted: () => admitted.inc(),
      refused: (code) => refused.inc({ code }),
      departed: (all) => {
        for (const { reason } of all) departed.inc({ reason });
      },
    },
    watch(given) {
      sources = given;
    },
    block(included, intervalMs, commitMs) {
      transactions.inc(included);
      interval.observe(intervalMs / 1_000);
      commit.observe(commitMs / 1_000);
    },
    dropped: (code) => dropped.inc({ code }),
    verified({ proofs, ms }) {
      batchSize.observe(proofs);
      batchTime.observe(ms / 1_000);
    },
    snapshot: (ms) => snapshotTime.observe(ms / 1_000),
    round({ period, ms }) {
      // Periods are few, unless something is wrong: then one name for all.
      rounds.inc({ period: period < 8 ? String(period) : 'more' });
      roundTime.observe(ms / 1_000);
    },
    watchNetwork: (network) => meterNetwork(registry, network),
    close: () => void lag.disable(),
  };
}
