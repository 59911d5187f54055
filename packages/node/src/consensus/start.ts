import type { ResultOf } from '@sero/api';
import { toHex } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import type { Network } from '@sero/network';
import { FIRST_VERSION, type Genesis, type Version } from '@sero/protocol';
import type { HeldWrites } from '@sero/store';
import type { Logger } from 'pino';
import type { Chain } from '../chain.ts';
import { createSnapshotServer } from '../checkpoints/snapshot-server.ts';
import type { Clock } from '../clock.ts';
import type { NodeDirectory } from '../directory.ts';
import { NodeError } from '../errors.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { NodeMetrics } from '../metrics.ts';
import { blsDescription, nativeBls } from '../native-bls.ts';
import { joinNetwork, type PeerOptions, peersOf, statusOf } from '../p2p/join.ts';
import { createPeers } from '../p2p/peers.ts';
import { createServer } from '../p2p/serve.ts';
import { createTransactionGossip } from '../p2p/transactions.ts';
import type { Finality } from '../rpc/finality.ts';
import { type BatchEvent, createBatchPreparer } from '../validator/batches.ts';
import { type CertificateStore, openCertificateStore } from '../validator/certificates.ts';
import { openValidatorKeys, type ValidatorKeys } from '../validator/keys.ts';
import type { SeedProofs } from '../verification/seeds.ts';
import { createVoteVerifier } from '../verification/votes/verifier.ts';
import { ballotOf } from './ballot.ts';
import { expectNotHalted, keepBoth } from './halt-mark.ts';
import { createSeRandom, type SeRandom, TwoCertificatesError } from './se-random.ts';
import { type ShownFinality, showFinality } from './shown-finality.ts';

/**
 * Blocks for which others are told of a new head, and what shows blocks final is looked after and made durable, once while the node catches up: far
 * fewer than those of which tables are kept, without which no light certificate is made.
 */
function seldom({ stake }: Genesis): bigint {
  const few = stake.balanceLookback / 4n;
  if (few > 64n) return 64n;
  return few < 16n ? 16n : few;
}

/** What a node on a chain with validators is started with. */
export interface AgreementOptions {
  readonly ledger: Ledger;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly directory: NodeDirectory;
  readonly writes: Pick<HeldWrites, 'hold' | 'flush' | 'held' | 'beforeWrite'>;
  readonly seeds: SeedProofs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: NodeMetrics;
  readonly network: PeerOptions;
  /** Directory of a validator's keys. */
  readonly validator: string | undefined;
  /** Threads that verify votes. */
  readonly threads: number;
  /** Versions that this program has beside the first. */
  readonly versions: readonly Version[];
  /** Circuit that the operator wants disabled. */
  readonly disable: number | undefined;
  /** How to undo what is opened here. */
  readonly opened: (name: string, close: () => void | Promise<void>) => void;
}

/** Agreement and network, running. */
export interface RunningAgreement {
  readonly agreement: SeRandom;
  readonly network: Network;
  readonly certificates: CertificateStore;
  readonly peers: () => ResultOf<'sero_getPeers'>;
  readonly finality: Finality;
  /** Where those who submit here submit. */
  readonly door: Pick<Mempool, 'submit' | 'has' | 'stats'>;
}

/** Joins the network and gets agreement ready, which the caller starts. */
export async function prepareAgreement(options: AgreementOptions): Promise<RunningAgreement> {
  const { ledger, chain, mempool, directory, clock, logger, metrics, opened } = options;
  expectNotHalted(directory.halted);
  logger.info(blsDescription);
  const { certificatesKept: kept, stake } = ledger.genesis;
  const certificates = openCertificateStore(directory.certificates, { kept, stride: stake.certStride });
  opened('certificates', certificates.close);
  certificates.prune(ledger.head().height);
  // Gossip and heads may come before everything that they are for is there.
  let agreement: SeRandom | undefined;
  const keys = options.validator === undefined ? undefined : openKeys(options.validator);
  let advanceKeys = (): void => undefined;
  if (keys !== undefined) {
    opened('validator keys', keys.close);
    const batches = createBatchPreparer({
      keys: keys.keys,
      clock,
      onEvent: (event) => tellBatch(logger, event),
    });
    opened('batches of keys', batches.stop);
    // While the node catches up a batch would be over before it is made.
    advanceKeys = () => batches.advance(ledger.head().height + 1n);
    advanceKeys();
    chain.onHead(() => {
      if (agreement?.isAtWork() !== false) advanceKeys();
    });
  }
  const verifier = createVoteVerifier({
    threads: options.threads,
    onFailure: (what) => logger.error({ what }, 'votes could not be judged as they should'),
  });
  opened('vote verifier', verifier.close);

  let shown: ShownFinality | undefined;
  const snapshots = createSnapshotServer(directory.snapshots, ledger);
  const serve = createServer({
    ledger,
    certificates,
    blockOf: (digest) => agreement?.blockOf(digest),
    checkpoints: (from, count) => shown?.checkpoints.from(from, count) ?? [],
    snapshots: snapshots.manifests,
    snapshotChunk: snapshots.part,
  });
  const highest = Math.max(FIRST_VERSION, ...options.versions.map(({ number }) => number));
  const network = await joinNetwork(() => statusOf(ledger), directory.network, options.network, highest, {
    serve,
    async gossip(topic, item, from) {
      if (agreement === undefined) return 'ignore';
      // Far behind, everything is of a future that this mempool does not know.
      if (topic === 'tx') return agreement.isAtWork() ? transactions.receive(item, from) : 'ignore';
      if (topic === 'checkpoint') return shown?.receive(item) ?? 'ignore';
      return agreement.receive(topic, item);
    },
  });
  opened('network', network.close);
  const transactions = createTransactionGossip(mempool, network);

  const stopped = new AbortController();
  opened('requests', () => stopped.abort());
  const peers = createPeers(network, Math.random, stopped.signal, stake.certStride);
  const monotonic = (): number => performance.now();
  shown = showFinality({
    ledger,
    certificates,
    directory: directory.finality,
    keys,
    bls: nativeBls,
    monotonic,
    network,
    peers,
    logger,
  });
  const { finality, checkpoints, onHead, close } = shown;
  opened('finality', close);
  agreement = createSeRandom({
    ledger,
    chain: {
      ...chain,
      failed(error) {
        if (error instanceof TwoCertificatesError) keepBoth(directory.halted, error);
        chain.failed(error);
      },
    },
    certificates,
    writes: options.writes,
    seeds: options.seeds,
    verifier,
    network,
    ballot: () => ballotOf(ledger, options.versions, options.disable),
    falseCheckpoints: () => {
      const found = checkpoints.evidence();
      return found === undefined ? [] : [found];
    },
    peers,
    keys,
    clock,
    monotonic,
    random: Math.random,
    events: {
      final(round) {
        metrics.round(round);
        logger.debug({ height: Number(round.height), ms: round.ms, period: round.period }, 'round');
      },
      evidence(record, round) {
        logger.warn({ record: toHex(record), round: Number(round) }, 'a validator voted for two values');
      },
      voting(record) {
        if (record === undefined)
          logger.warn('the keys of this validator belong to no record that takes part: it only follows');
        else logger.info({ record: toHex(record) }, 'this node votes');
      },
      catchingUp(isRunning) {
        if (!isRunning) {
          advanceKeys();
          afterHead(ledger.head().height);
        }
        logger.info({ height: Number(ledger.head().height) }, isRunning ? 'catching up' : 'caught up');
      },
      peerFailed: (peer, error) => logger.debug({ peer, err: error }, 'a peer could not help'),
      failed: (error) => logger.error({ err: error }, 'a part of agreement failed'),
    },
  });
  const onPeers = agreement.onPeers;
  network.onPeer(onPeers);
  const afterHead = (height: bigint): void => {
    certificates.prune(height);
    onHead();
    network.statusChanged();
  };
  onHead();
  const often = seldom(ledger.genesis);
  chain.onHead(({ height }) => {
    if (agreement?.isCatchingUp() !== true || height % often === 0n) afterHead(height);
  });
  metrics.watchNetwork(network);
  return {
    agreement,
    network,
    certificates,
    peers: () => peersOf(network),
    finality,
    door: transactions.door,
  };
}

function tellBatch(logger: Logger, event: BatchEvent): void {
  switch (event.type) {
    case 'batch-ready':
      logger.debug({ batch: Number(event.batch), ms: Math.round(event.ms) }, 'keys for 256 rounds are made');
      break;
    case 'batch-failed':
      logger.error(
        { batch: Number(event.batch), err: event.error },
        'keys could not be made: this validator cannot vote in 256 rounds',
      );
      break;
    case 'keys-ending':
      logger.warn(
        { rounds: Number(event.roundsLeft), last: Number(event.lastRound) },
        'the keys of this validator end soon: register new ones (sero stake renew)',
      );
      break;
    case 'keys-ended':
      logger.error(
        { last: Number(event.lastRound) },
        'the keys of this validator have ended: it votes no more',
      );
      break;
  }
}

function openKeys(directory: string): ValidatorKeys {
  try {
    return openValidatorKeys(directory, { bls: nativeBls });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new NodeError(
      'validator-unusable',
      `the validator's keys in ${directory} cannot be used: ${message}`,
      {
        cause: error,
      },
    );
  }
}
