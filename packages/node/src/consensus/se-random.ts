import {
  type CertifiedBlock,
  consensusParams,
  createParticipant,
  type Halt,
  type OwnRecord,
  type Participant,
  type Quorum,
  type VoteLog,
  type VoteVerifier,
  wholeBundle,
} from '@sero/consensus';
import { equalBytes } from '@sero/crypto';
import { type Ledger, MOST_EVIDENCE } from '@sero/ledger';
import type { Network, Topic, Verdict } from '@sero/network';
import { type Bundle, decodeBundle } from '@sero/protocol';
import type { HeldWrites } from '@sero/store';
import type { Agreement, AgreementChain, FinishedRound } from '../agreement.ts';
import type { Clock, Timer } from '../clock.ts';
import type { CertificateStore } from '../validator/certificates.ts';
import type { ValidatorKeys } from '../validator/keys.ts';
import type { SeedProofs } from '../verification/seeds.ts';
import type { Ballot } from './ballot.ts';
import { createCatchUp } from './catch-up.ts';
import { createConsensusLedger } from './consensus-ledger.ts';
import { createEvidencePool } from './evidence-pool.ts';
import { createGossip } from './gossip.ts';
import { heldTogether } from './held-together.ts';
import { createParticipantClock } from './local-clock.ts';
import { findOwnRecord } from './own-record.ts';
import type { SyncPeer } from './stretch.ts';

/** Pause between looks at who is ahead, ms. */
const LOOK_EVERY = 1_000;

/** A node that has just begun waits so long for others before it speaks, ms: what is said to nobody is lost, and costs everybody a period. */
const LONELY = 3_000;

/** What agreement asks of others, beside gossip. */
export interface ConsensusPeers {
  /** Those who may help, best first. */
  ranked(): readonly SyncPeer[];
  /** Whether somebody takes what is published. */
  isHeard(): boolean;
  /** A final block with its certificate from somebody who has it. */
  certified(round: bigint): Promise<CertifiedBlock | undefined>;
  /** A block of the present round from somebody who has it. */
  block(digest: Uint8Array): Promise<Uint8Array | undefined>;
  /** A checkpoint, encoded, from somebody who has it. */
  checkpoint(height: bigint): Promise<Uint8Array | undefined>;
}

/** What is told of agreement, for logs and metrics. */
export interface ConsensusEvents {
  /** A round is over. */
  final(round: FinishedRound): void;
  /** Somebody voted twice. */
  evidence(record: Uint8Array, round: bigint): void;
  /** The keys of this node belong to a record that takes part, or to none any more. */
  voting(record: Uint8Array | undefined): void;
  catchingUp(isRunning: boolean): void;
  peerFailed(peer: string, error: unknown): void;
  /** Something failed that says nothing of the chain. */
  failed(error: unknown): void;
}

export interface SeRandomOptions {
  readonly ledger: Ledger;
  readonly chain: AgreementChain;
  readonly certificates: CertificateStore;
  /** Makes what several blocks write durable together. */
  readonly writes: Pick<HeldWrites, 'hold' | 'flush' | 'held' | 'beforeWrite'>;
  readonly verifier: VoteVerifier & { isFull(what: 'vote' | 'bundle'): boolean };
  /** Verifies proofs of seeds ahead; the ledger verifies with its VRF. */
  readonly seeds: Pick<SeedProofs, 'ahead' | 'rest'>;
  readonly network: Pick<Network, 'publish'>;
  readonly peers: ConsensusPeers;
  /** Evidence against who signed false checkpoints, for the next own block. */
  readonly falseCheckpoints: () => readonly Uint8Array[];
  /** What own blocks say of versions and circuits. */
  readonly ballot: () => Ballot;
  /** Keys that vote; undefined for a node that only follows. */
  readonly keys: ValidatorKeys | undefined;
  readonly clock: Clock;
  /** ms from some moment on, never falling. */
  readonly monotonic: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly events: ConsensusEvents;
}

/** Agreement by SE-Random: a participant, what it hears and asks for, and catching up where it is far behind. */
export interface SeRandom extends Agreement {
  /** A message of a peer. */
  receive(topic: Topic, item: Uint8Array): Promise<Verdict>;
  /** A block of the present round that somebody asks for. */
  blockOf(digest: Uint8Array): Uint8Array | undefined;
  /** Peers have told of new heads. */
  onPeers(): void;
  /** True while it agrees with others and is not catching up. */
  isAtWork(): boolean;
  /** True while it applies final blocks of others, one after another. */
  isCatchingUp(): boolean;
}

/** The log of a node that never votes. */
const NO_LOG: VoteLog = {
  append: () => undefined,
  sync: (done) => done(),
  cut: () => undefined,
  replay: () => [],
};

export function createSeRandom(options: SeRandomOptions): SeRandom {
  const { ledger, chain, certificates, verifier, network, peers, keys, clock, events } = options;
  const evidence = createEvidencePool(ledger);
  const consensusLedger = createConsensusLedger({
    ledger,
    chain,
    certificates,
    evidence: () => [...evidence.select(), ...options.falseCheckpoints()].slice(0, MOST_EVIDENCE),
    ballot: options.ballot,
    now: clock.now,
    failed: events.failed,
  });
  const gossip = createGossip(network, verifier.isFull);
  const participantClock = createParticipantClock(clock, options.monotonic, options.random);
  const catchUp = createCatchUp({
    ledger,
    verifier,
    certificates,
    peers: peers.ranked,
    seeds: options.seeds,
    prepare: ledger.prepare,
    apply: chain.committed,
    writes: heldTogether(certificates, options.writes),
    pause,
    resume,
    failed: end,
    peerFailed: events.peerFailed,
  });
  let participant: Participant | undefined;
  let record: OwnRecord | undefined;
  let tentative: { height: bigint; hash: Uint8Array } | undefined;
  let last: FinishedRound | null = null;
  let began = 0;
  let timer: Timer | undefined;
  /** Runs until the participant begins for the first time. */
  let lonely: Timer | undefined;
  let state: 'new' | 'running' | 'stopped' = 'new';
  let stopListening = (): void => undefined;

  /** Makes a participant. Where the next block is of a version that this program lacks there is none. */
  function begin(): void {
    try {
      makeParticipant();
    } catch (error) {
      end(error);
    }
  }

  function makeParticipant(): void {
    record = keys === undefined ? undefined : findOwnRecord(ledger, keys);
    if (keys !== undefined) events.voting(record?.id);
    began = options.monotonic();
    const log = record === undefined ? NO_LOG : keys!.votes;
    const params = consensusParams(ledger.genesis);
    let made: Participant | undefined;
    // What a participant that was stopped still waits for means nothing to the next one.
    const isCurrent = (): boolean => participant === made && state === 'running';
    made = createParticipant(params, record === undefined ? [] : [record], {
      ledger: consensusLedger,
      verifier,
      log,
      clock: participantClock,
      network: {
        ...gossip.voice,
        requestBlock(digest) {
          ask(
            () => peers.block(digest),
            (bytes) => isCurrent() && made?.receive({ type: 'block', bytes }),
          );
        },
        requestRound(round) {
          ask(
            () => peers.certified(round),
            (certified) => {
              if (isCurrent() && !verifier.isFull('bundle')) made?.receiveCertified(round, certified);
            },
          );
        },
      },
      events: {
        evidence(pair) {
          evidence.add(pair);
          events.evidence(pair.first.vote.sender, pair.first.vote.round);
        },
        tentative(round, value) {
          tentative = value === undefined ? undefined : { height: round, hash: value.digest };
        },
        final(round, value) {
          tentative = undefined;
          gossip.nextRound();
          const now = options.monotonic();
          last = {
            height: round,
            ms: Math.round(now - began),
            period: value.period,
            voters: votersOf(round),
          };
          began = now;
          events.final(last);
          watchRecord();
        },
        halted: (halt) => end(errorOf(halt)),
      },
    });
    participant = made;
    gossip.use(made);
    made.start();
  }

  function isAtWork(): boolean {
    return state === 'running' && participant !== undefined;
  }

  /** How many voted for a block, by the certificate that is kept of it. */
  function votersOf(round: bigint): number {
    const bytes = certificates.get(round);
    if (bytes === undefined) return 0;
    const { votes, equivocations } = decodeBundle(bytes);
    return votes.length + equivocations.length;
  }

  /** Asks others for something; what they have not, and what goes wrong over it, ends nothing. */
  function ask<T>(request: () => Promise<T | undefined>, found: (answer: T) => unknown): void {
    request()
      .then((answer) => answer !== undefined && found(answer))
      .catch(events.failed);
  }

  /** Keys may be registered, or a record go, while the node runs: from the round on in which it is in the table it votes. */
  function watchRecord(): void {
    if (keys === undefined || (record !== undefined && ledger.head().height % 16n !== 0n)) return;
    const found = findOwnRecord(ledger, keys);
    const isSame =
      found === undefined || record === undefined ? found === record : equalBytes(found.id, record.id);
    if (isSame) return;
    void changeRecord();
  }

  /** Another participant, once the one that was is at no block any more. */
  async function changeRecord(): Promise<void> {
    // Not from inside the participant's own call.
    await Promise.resolve();
    if (state !== 'running' || catchUp.isRunning() || participant === undefined) return;
    halt();
    await consensusLedger.settled();
    if (state === 'running' && !catchUp.isRunning() && participant === undefined) begin();
  }

  function halt(): void {
    gossip.use(undefined);
    participant?.stop();
    participant = undefined;
    participantClock.clear();
    tentative = undefined;
  }

  /** Somebody is there, or nobody comes. */
  function meet(): void {
    if (lonely === undefined) return;
    clock.clearTimer(lonely);
    lonely = undefined;
    begin();
  }

  async function pause(): Promise<void> {
    events.catchingUp(true);
    halt();
    await consensusLedger.settled();
  }

  function resume(): void {
    events.catchingUp(false);
    if (state === 'running') begin();
  }

  function end(error: unknown): void {
    if (state === 'stopped') return;
    close();
    chain.failed(error);
  }

  function close(): void {
    state = 'stopped';
    stopListening();
    if (timer !== undefined) clock.clearTimer(timer);
    timer = undefined;
    if (lonely !== undefined) clock.clearTimer(lonely);
    lonely = undefined;
    halt();
  }

  function look(): void {
    timer = clock.setTimer(look, LOOK_EVERY);
    if (lonely === undefined) catchUp.look();
  }

  return {
    async start() {
      if (state !== 'new') return;
      state = 'running';
      stopListening = chain.onTransaction(() => participant?.onTransactions());
      lonely = clock.setTimer(meet, LONELY);
      if (peers.isHeard()) meet();
      look();
    },

    async stop() {
      if (state !== 'stopped') close();
      await catchUp.stop();
      await consensusLedger.settled();
    },

    status() {
      const { height } = chain.head();
      const table = ledger.stakeTable(height + 1n);
      return {
        mode: 'se-random',
        height,
        tentative: tentative ?? null,
        atWork: isAtWork(),
        record: record?.id ?? null,
        participants: table?.count ?? 0,
        units: table?.total ?? 0n,
        last,
      };
    },
    receive: gossip.receive,
    blockOf: (digest) => participant?.blockOf(digest),
    onPeers: () => {
      if (state !== 'running') return;
      if (peers.isHeard()) meet();
      if (lonely === undefined) catchUp.look();
    },
    isAtWork,
    isCatchingUp: catchUp.isRunning,
  };
}

/** Why agreement ended. */
function errorOf(halt: Halt): Error {
  return halt.reason === 'two-certificates' ? new TwoCertificatesError(halt.certificates) : halt.error;
}

/** Two blocks of one height were made final: more than a third of the stake is dishonest, or a program is wrong. It is nobody's to choose one. */
export class TwoCertificatesError extends Error {
  readonly round: bigint;
  /** Both, as bundles. */
  readonly certificates: readonly [Bundle, Bundle];

  constructor([one, other]: readonly [Quorum, Quorum]) {
    super(`round ${one.round} has certificates of two different blocks`);
    this.name = 'TwoCertificatesError';
    this.round = one.round;
    this.certificates = [wholeBundle(one), wholeBundle(other)];
  }
}
