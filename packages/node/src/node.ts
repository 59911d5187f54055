import { createHash } from 'node:crypto';
import type { ResultOf } from '@sero/api';
import { toHex } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import type { Network } from '@sero/network';
import { RequestError } from '@sero/network';
import {
  decodeGenesis,
  FIRST_VERSION,
  type Genesis,
  genesisHash,
  type Header,
  type Version,
} from '@sero/protocol';
import { describeBackend, type Groth16Verifier, type NoteHasher, type ProverBackend } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import type { Registry } from 'prom-client';
import manifest from '../package.json' with { type: 'json' };
import type { Agreement } from './agreement.ts';
import { createChain } from './chain.ts';
import type { TrustedBlock } from './checkpoints/snapshot-receiver.ts';
import { type Clock, systemClock } from './clock.ts';
import { beginAtSnapshot } from './consensus/begin-at-snapshot.ts';
import { prepareAgreement, type RunningAgreement } from './consensus/start.ts';
import { takeDirectory } from './directory.ts';
import { NodeError } from './errors.ts';
import { portError, stopReason } from './failures.ts';
import { fastEd25519, fastVrf } from './fast-signatures.ts';
import { announce, type LogOptions, openLog } from './log.ts';
import { checkTurns } from './mempool/check-turns.ts';
import { createMempool, type Mempool, type MempoolOptions, type Submitted } from './mempool/mempool.ts';
import { createMetrics } from './metrics.ts';
import { nativeBls } from './native-bls.ts';
import { sha256Description } from './native-sha256.ts';
import { joinNetwork, type PeerOptions } from './p2p/join.ts';
import { type RpcServerOptions, startRpcServer } from './rpc/server.ts';
import { NO_PEERS } from './rpc/source.ts';
import { createSealer, type SealerOptions } from './sealer.ts';
import { createSnapshots } from './snapshots.ts';
import { diskBackend, openStorage, type StorageBackend } from './storage.ts';
import { createSeedProofs } from './verification/seeds.ts';
import { createThreadedVerifier, defaultBatches, type ThreadedVerifier } from './verification/verifier.ts';
import { defaultVoteThreads } from './verification/votes/verifier.ts';

/** Where and how the RPC server listens; by default 127.0.0.1, port 8645. */
export type NodeRpcOptions = Omit<RpcServerOptions, 'node' | 'logger' | 'metrics' | 'now'>;

/** Blocks' worth of transactions from which on the mempool takes more of them slowly. */
const FULL_BLOCKS = 2n;

/** What a node is started with. */
export interface NodeOptions {
  /** Data directory; made where it is missing. */
  readonly directory: string;
  /** The genesis file. A directory that holds another chain is refused. */
  readonly genesis: Uint8Array;
  /** Canonical bytes of the verifying keys that genesis names. */
  readonly verifyingKeys: readonly Uint8Array[];
  /** Default {}: on. False: no server. */
  readonly rpc?: NodeRpcOptions | false;
  readonly log?: LogOptions;
  /** Ends the start, and later the node, as `close` does. */
  readonly signal?: AbortSignal;
  /** Default: what genesis says. */
  readonly pace?: Partial<SealerOptions>;
  readonly mempool?: MempoolOptions;
  /**
   * What verifies proofs and signatures, checks points and hashes the tree; whoever opened it closes it, after the node. Default: the fastest that runs here, opened and
   * closed by the node.
   */
  readonly prover?: ProverBackend;
  /** Batches of proofs that are checked at once. Default: one less than the cores, at least 1, at most 2. */
  readonly verifyingThreads?: number;
  /** When every record of the state is looked at before the start. Default `unclean`: after a stop that was not clean. */
  readonly check?: 'unclean' | 'always' | 'never';
  /**
   * How the node meets others, on a chain with validators; a chain of one has no network. Default {}: it listens at all addresses, port 8646, and
   * knows nobody.
   */
  readonly network?: PeerOptions;
  /**
   * A block that the operator trusts, of a height at which nodes keep snapshots: an empty directory begins with the state after it, which peers give, and has
   * no block before it. Ignored where there is a chain. Default: it begins with block 0.
   */
  readonly beginAt?: TrustedBlock;
  /** ms within which a peer must offer that state. Default 60,000. */
  readonly patience?: number;
  /** Directory of a validator's keys (`makeValidatorKeys`), which vote while the node runs. Default: it only follows. */
  readonly validator?: string;
  /** Threads that verify votes; 0: the main thread does. Default: one less than the cores, 1 to 4; they are started when there is much to do. */
  readonly voteThreads?: number;
  /** Versions of the protocol that this program has beside the first: a validator approves the next one. Default: none. */
  readonly versions?: readonly Version[];
  /** A circuit in which a fault was found: this validator's blocks ask that it be disabled. Default: none. */
  readonly disableCircuit?: number;
  /** False: the node makes no blocks and is never ready; for somebody who only looks at the chain. Default true. */
  readonly seals?: boolean;
  /** Snapshots that are kept; 0: none are written. Default 2. */
  readonly keepSnapshots?: number;
  /** The world's parts, for tests. Defaults: the computer's clock, threads with the prover's verifier, its hasher, the disk. */
  readonly world?: {
    readonly clock?: Clock;
    readonly verifier?: Groth16Verifier;
    readonly hasher?: NoteHasher;
    readonly backend?: StorageBackend;
  };
}

const VERSION_MISSING =
  'the chain has approved a version of the protocol that this release lacks: this node stops before the block of that height. Install a release that has it before then; nothing is lost';

/** Joins the network to fetch a state: it has nothing to give yet. */
function joinAsNewcomer(genesis: Genesis, directory: string, options: NodeOptions): Promise<Network> {
  const versions = (options.versions ?? []).map(({ number }) => number);
  const status = {
    genesisHash: genesisHash(genesis),
    height: 0n,
    headHash: new Uint8Array(32),
    earliest: 0n,
    version: FIRST_VERSION,
  };
  return joinNetwork(() => status, directory, options.network ?? {}, Math.max(FIRST_VERSION, ...versions), {
    gossip: () => 'ignore',
    // biome-ignore lint/correctness/useYield: there is nothing to give
    async *serve() {
      throw new RequestError('unavailable');
    },
  });
}

/** A running node. */
export interface SeroNode {
  readonly ledger: Ledger;
  readonly mempool: Mempool;
  readonly agreement: Agreement;
  /** Checks a transaction whole, keeps it for a block, and tells other nodes of it; as `mempool.submit`, which tells nobody. */
  submit(transaction: Uint8Array, source: string, signal?: AbortSignal): Promise<Submitted>;
  /** Where the RPC server listens; undefined where there is none. */
  readonly rpc: { readonly url: string; readonly port: number } | undefined;
  readonly metrics: Registry;
  /** True where the start built the state again, because it was damaged or missing. */
  readonly rebuilt: boolean;
  /** True while it takes transactions and takes part in making blocks. */
  ready(): boolean;
  /** Whom it is connected with, as `sero_getPeers` says it. */
  peers(): ResultOf<'sero_getPeers'>;
  /** Calls back with each new head, once it is durable. @returns how to stop that */
  onHead(listener: (head: Header) => void): () => void;
  /**
   * Writes a snapshot of the present state into the data directory, or waits for the one that is being written. Resolves with its
   * height. Genesis says at which heights it happens by itself.
   */
  takeSnapshot(): Promise<bigint>;
  /** Resolves when the node has stopped, with the error that stopped it, or undefined after `close`. */
  readonly stopped: Promise<NodeError | undefined>;
  /** Stops it cleanly, at whatever it is: what is final stays, what was being made is finished or was never there. */
  close(): Promise<void>;
}

/**
 * Starts a node that seals its own chain in a data directory, or goes on where that chain was left.
 *
 * @throws NodeError `other-genesis`, `chain-damaged`, `version-unknown`, `port-unusable`; StoreError of directory and disk; ProtocolError for genesis,
 *   ProverError for keys; the signal's reason
 */
export async function startNode(options: NodeOptions): Promise<SeroNode> {
  const { signal, world = {} } = options;
  signal?.throwIfAborted();
  const logger = openLog(options.log ?? {});
  const clock = world.clock ?? systemClock;
  const genesis = decodeGenesis(options.genesis);
  /** How to undo what was opened, first opened first. */
  const opened: { readonly name: string; close(): void | Promise<void> }[] = [];
  const stopped = Promise.withResolvers<NodeError | undefined>();
  let failure: NodeError | undefined;
  let [started, ready] = [false, false];
  let closing: Promise<void> | undefined;

  function close(): Promise<void> {
    ready = false;
    closing ??= closeAll();
    return closing;
  }

  /** In reverse; what cannot be closed is told and does not keep the rest open. */
  async function closeAll(): Promise<void> {
    logger.info('stopping');
    for (const { name, close: end } of opened.toReversed()) {
      try {
        await end();
      } catch (error) {
        failure ??= stopReason(error);
        logger.error({ part: name, err: error }, 'a part of the node could not be closed');
      }
    }
    logger.info('stopped');
    stopped.resolve(failure);
  }

  function fail(error: unknown): void {
    if (failure !== undefined) return;
    failure = stopReason(error);
    logger.fatal({ code: failure.code, err: error }, failure.message);
    void close();
  }

  try {
    const directory = takeDirectory(options.directory, options.genesis);
    // A start that failed says nothing about what the last stop left.
    const isClean = (): boolean => failure === undefined && (started || !directory.unclean);
    opened.push({ name: 'directory', close: () => directory.release(isClean()) });
    if (directory.unclean) logger.warn('the node was not stopped cleanly the last time');

    const metrics = createMetrics();
    opened.push({ name: 'metrics', close: metrics.close });

    const prover = options.prover ?? (await openBackend());
    if (options.prover === undefined) opened.push({ name: 'prover', close: prover.close });
    logger.info(describeBackend(prover));
    logger.info(`hashes of SSZ: ${sha256Description}`);

    let threads: ThreadedVerifier | undefined;
    if (world.verifier === undefined) {
      threads = createThreadedVerifier({
        threads: options.verifyingThreads ?? defaultBatches(),
        // The reference computes on the thread that calls it: it gets threads of ours.
        ...(prover.name === 'reference' ? {} : { verifier: prover.verifier }),
        onBatch: metrics.verified,
      });
      opened.push({ name: 'verifier', close: threads.close });
    }
    const verifier = world.verifier ?? threads!;

    const seeds = createSeedProofs({
      vrf: fastVrf,
      onFailure: (what) => logger.warn({ what }, 'proofs of seeds are verified one after another'),
    });
    opened.push({ name: 'seed proofs', close: seeds.rest });

    const kept = {
      directory,
      backend: world.backend ?? diskBackend,
      signal,
      ledger: {
        genesis,
        verifyingKeys: options.verifyingKeys,
        verifier,
        hasher: world.hasher ?? prover.noteHasher,
        signatures: prover.signatures,
        keyPoints: prover.keyPoints,
        versions: options.versions ?? [],
        vrf: seeds.vrf,
        ed25519: fastEd25519,
        bls: nativeBls,
        // Native, where the portable one would take a quarter of a full block's time.
        shake256: (message: Uint8Array, length: number) =>
          createHash('shake256', { outputLength: length }).update(message).digest(),
      },
    };
    if (options.beginAt !== undefined) {
      await beginAtSnapshot({
        storage: kept,
        genesisHash: genesisHash(genesis),
        trusted: options.beginAt,
        join: () => joinAsNewcomer(genesis, directory.network, options),
        patience: options.patience ?? 60_000,
        now: () => performance.now(),
        onProgress: (parts, of) => logger.info({ parts, of }, 'the state is fetched'),
      });
    }
    const storage = await openStorage({
      ...kept,
      check: options.check ?? 'unclean',
      onEvent: (event) => announce(logger, event),
    });
    const { ledger } = storage;
    opened.push({ name: 'storage', close: storage.close });
    signal?.throwIfAborted();

    const snapshots = createSnapshots({
      ledger,
      directory: directory.snapshots,
      every: genesis.snapshotEvery,
      keep: options.keepSnapshots ?? 2,
      now: clock.now,
      written: (height, ms) => {
        metrics.snapshot(ms);
        logger.info({ height: Number(height), ms }, 'snapshot written');
      },
      failed: (error) => logger.error({ err: error }, 'a snapshot could not be written'),
    });
    opened.push({ name: 'snapshots', close: snapshots.close });

    const isFull = (): boolean => mempool.gas() > FULL_BLOCKS * genesis.fees.gasLimit;
    const checked = { ...ledger, check: ledger.verify, turns: checkTurns(clock, isFull) };
    const mempool = createMempool(checked, clock.now, options.mempool, metrics.mempoolEvents);
    opened.push({ name: 'mempool', close: mempool.close });

    let previous = ledger.head();
    const chain = createChain(
      ledger,
      mempool,
      {
        committed({ block: { header }, receipts }, ms) {
          metrics.block(receipts.length, Number(header.time - previous.time), ms);
          previous = header;
          const level = receipts.length > 0 ? 'info' : 'debug';
          logger[level]({ height: Number(header.height), transactions: receipts.length, ms }, 'block');
        },
        dropped(code) {
          metrics.dropped(code);
          logger.debug({ code }, 'a transaction was dropped when a block was made');
        },
        versionMissing({ hash, start }) {
          logger.warn({ height: Number(start), version: toHex(hash) }, VERSION_MISSING);
        },
        listenerFailed: (error) => logger.error({ err: error }, 'a listener of new heads failed'),
        failed: fail,
      },
      clock.now,
    );
    chain.onHead((head) => {
      // A state that others have had for long is nobody's help, and its snapshot would keep the node from what it is catching up with.
      if (running?.agreement.isCatchingUp() !== true) snapshots.onHead(head);
    });
    const seals = options.seals ?? true;
    let agreement: Agreement;
    let running: RunningAgreement | undefined;
    if (genesis.validators.length === 0 || !seals) {
      if (options.validator !== undefined && seals) {
        throw new NodeError('validator-unusable', 'this chain has no validators: its node seals alone');
      }
      agreement = createSealer(chain, clock, {
        idleMs: genesis.pace.idle,
        minBlockGapMs: genesis.pace.minBlockGap,
        ...options.pace,
      });
    } else {
      running = await prepareAgreement({
        ledger,
        chain,
        mempool,
        directory,
        writes: storage.writes,
        seeds,
        clock,
        logger,
        metrics,
        network: options.network ?? {},
        validator: options.validator,
        threads: options.voteThreads ?? defaultVoteThreads(),
        versions: options.versions ?? [],
        disable: options.disableCircuit,
        opened: (name, close) => opened.push({ name, close }),
      });
      agreement = running.agreement;
    }
    const { status } = agreement;
    /** Takes transactions, and knows the newest blocks as far as it can tell. */
    const isReady = (): boolean => ready && status().atWork;
    metrics.watch({
      height: () => ledger.head().height,
      ready: isReady,
      mempool: mempool.stats,
      verification: () => threads?.queue(),
      directory,
    });

    let rpc: SeroNode['rpc'];
    if (options.rpc !== false) {
      const listening = { host: '127.0.0.1', port: 8645, ...options.rpc };
      const source = {
        ledger,
        genesisBytes: options.genesis,
        mempool: running?.door ?? mempool,
        agreement,
        peers: running?.peers ?? (() => NO_PEERS),
        ...(running === undefined ? {} : { finality: running.finality }),
        onHead: chain.onHead,
        version: manifest.version,
        ready: isReady,
      };
      const server = await startRpcServer({
        ...listening,
        node: source,
        logger,
        metrics: metrics.registry,
      }).catch((error: unknown) => {
        throw portError(error, listening.host, listening.port);
      });
      rpc = { url: server.url, port: server.port };
      opened.push({ name: 'rpc', close: server.close });
    }
    signal?.throwIfAborted();

    if (seals) {
      await agreement.start();
      opened.push({ name: 'agreement', close: agreement.stop });
    }
    [started, ready] = [true, seals];
    const onAbort = (): void => void close();
    signal?.addEventListener('abort', onAbort, { once: true });
    opened.push({ name: 'signal', close: () => signal?.removeEventListener('abort', onAbort) });
    const head = ledger.head();
    logger.info({ height: Number(head.height), rpc: rpc?.url }, 'started');

    return {
      ledger,
      mempool,
      agreement,
      submit: (running?.door ?? mempool).submit,
      rpc,
      metrics: metrics.registry,
      rebuilt: storage.rebuilt,
      ready: isReady,
      peers: running?.peers ?? (() => NO_PEERS),
      onHead: chain.onHead,
      takeSnapshot: snapshots.take,
      stopped: stopped.promise,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
