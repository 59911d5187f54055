import type { Bundle, RoundContext, UnverifiedVote, Value, Vote, WeighedVote } from '@sero/protocol';
import type { EphemeralKeys } from './ephemeral-keys.ts';
import type { EquivocationPair, Quorum } from './machine/vote-tracker.ts';
import type { VoteLog } from './vote-log.ts';

/**
 * What a participant needs of the world (after go-algorand's agreement/abstractions.go). The node gives clock, disk, network and ledger; the
 * simulator gives others. Whatever takes time answers through `done`, once, in a later turn or in this one; nothing here throws but for bugs.
 */
export interface World {
  readonly ledger: ConsensusLedger;
  readonly verifier: VoteVerifier;
  readonly log: VoteLog;
  readonly network: ConsensusNetwork;
  readonly clock: LocalClock;
  /** Told of what concerns people or other parts of the node. */
  readonly events: ConsensusEvents;
}

/** A block on its way to agreement: its bytes, and the hash of its header, which names it everywhere. */
export interface NamedBlock {
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Final blocks and what is built on them. */
export interface ConsensusLedger {
  /** Height of the last final block. */
  height(): bigint;
  /** E(height + 1), which follows from the last final block alone. Throws where this software has not the version that the next block is of: the participant halts. */
  emptyBlock(): NamedBlock;
  /** What votes of a round are judged by: of height + 1 and height + 2. */
  context(round: bigint): RoundContext;
  /** Whether a block made now would hold a transaction. */
  hasTransactions(): boolean;
  /** What building a block of all that waits may take, by what the last ones took, ms, an integer. */
  buildTime(): number;
  /** Header time of the last final block, and the time that a block made now would have, ms since 1970. */
  times(): { readonly parent: bigint; readonly now: bigint };
  /** Builds a block on the last final one, within half of the filter time. */
  propose(proposal: BlockProposal, done: (block: NamedBlock | undefined) => void): void;
  /**
   * What a block says of itself; undefined where the bytes are no block, or their transactions are not those that the header names
   * (`isWholeBlock` of @sero/protocol): so there is one spelling of the block of a hash, and nobody can put others in its place. Nothing is executed.
   */
  read(bytes: Uint8Array): BlockClaim | undefined;
  /** Executes a block on the last final one: whether it holds, whatever its time. Asked again, it may answer from memory. */
  validate(block: NamedBlock, done: (isValid: boolean) => void): void;
  /**
   * Makes a certified block final: when `done` is called block and certificate are durable, and `height` is the block's.
   * `failure` where it does not hold, or could not be kept: the node stops.
   */
  commit(block: NamedBlock, certificate: Bundle, done: (failure?: Error) => void): void;
  /** A final block with its certificate, for those who lag behind; undefined where it is not kept. */
  certified(round: bigint): CertifiedBlock | undefined;
}

/** What a block says of itself. */
export interface BlockClaim {
  /** The one value that it is the block of: its hash, and the proposer and period in its header. */
  readonly value: Value;
  readonly height: bigint;
  /** ms since 1970. */
  readonly time: bigint;
}

/** Whose block it is. */
export interface BlockProposal {
  readonly proposer: Uint8Array;
  readonly period: number;
  /** Proof of the seed, in period 0. */
  readonly seedProof: Uint8Array | undefined;
  /** ms that building it may take, by the local clock. */
  readonly within: number;
}

/** A block and the bundle that made it final. */
export interface CertifiedBlock {
  readonly block: Uint8Array;
  readonly certificate: Bundle;
}

/** A stake record that votes here: its hot keys. They command nothing but votes. Whoever runs the participant prepares the keys' batches in time. */
export interface OwnRecord {
  readonly id: Uint8Array;
  /** The VRF proof of an input, 80 bytes. */
  readonly prove: (alpha: Uint8Array) => Uint8Array;
  readonly keys: EphemeralKeys;
}

/** Checks of messages, which may run elsewhere. */
export interface VoteVerifier {
  vote(context: RoundContext, vote: UnverifiedVote, done: (weighed: WeighedVote | undefined) => void): void;
  bundle(context: RoundContext, bundle: Bundle, done: (votes: VerifiedBundle | undefined) => void): void;
  /** Output of an own VRF proof, 64 bytes. */
  output(proof: Uint8Array): Uint8Array;
}

/** The votes of a bundle that is a quorum. */
export interface VerifiedBundle {
  readonly votes: readonly WeighedVote[];
  readonly pairs: readonly EquivocationPair[];
}

/** What participants tell each other. Blocks travel beside their proposals. */
export type ConsensusMessage =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'bundle'; readonly bundle: Bundle }
  | { readonly type: 'block'; readonly bytes: Uint8Array };

/** A network that may lose, delay, double and reorder, and in which anybody may say anything. */
export interface ConsensusNetwork {
  /** Says something to everybody. */
  broadcast(message: ConsensusMessage): void;
  /** Passes a message of somebody else on: it was verified and new. */
  relay(message: ConsensusMessage): void;
  /** Asks others for a block of the present round; answers come as messages. */
  requestBlock(digest: Uint8Array): void;
  /** Asks others for a final block; answers come through `Participant.receiveCertified`. */
  requestRound(round: bigint): void;
}

/** A local clock, ms, whole numbers, not falling while the process runs. It may be wrong in every other way. */
export interface LocalClock {
  now(): number;
  /** Calls back at a time, or at once where that is past. Setting a timer of a name replaces the one before. @param spread up to this many ms later, drawn by the clock */
  setTimer(name: string, at: number, spread: number, run: () => void): void;
  clearTimer(name: string): void;
}

/** What a participant tells of itself. */
export interface ConsensusEvents {
  /** Two votes that nobody honest casts, for the evidence pool. */
  evidence(pair: EquivocationPair): void;
  /** A value has a soft or next quorum (the paper's tentative consensus). */
  tentative(round: bigint, value: Value | undefined): void;
  /** A block is final and durable. */
  final(round: bigint, value: Value): void;
  /** The participant has stopped: two certificates, a certified block that does not hold, a disk that failed, a version that this software lacks. */
  halted(reason: Halt): void;
}

export type Halt =
  | { readonly reason: 'two-certificates'; readonly certificates: readonly [Quorum, Quorum] }
  /**
   * `no-next-round`: what the ledger threw when it was asked for the facts of the next round; the round before it is final and durable.
   * `failed`: a bug, or an interface that did not keep its word.
   */
  | {
      readonly reason: 'commit-failed' | 'disk-failed' | 'no-next-round' | 'failed';
      readonly error: Error;
    };

/**
 * What became of a message: `accepted` and new, `ignored` because it does not matter here, or `invalid`, which no honest participant says
 * or passes on.
 */
export type Judgement = 'accepted' | 'ignored' | 'invalid';

/** A participant at work. */
export interface Participant {
  /** Reads the log and goes on where it ended. */
  start(): void;
  /** @param judged told once what became of the message; a block is judged by its bytes alone */
  receive(message: ConsensusMessage, judged?: (judgement: Judgement) => void): void;
  /** A final block that was asked for. */
  receiveCertified(round: bigint, certified: CertifiedBlock): void;
  /** The mempool holds something new. */
  onTransactions(): void;
  /** A block of the present round that somebody asks for. */
  blockOf(digest: Uint8Array): Uint8Array | undefined;
  /** Nothing is done any more; what was under way is dropped. */
  stop(): void;
}
