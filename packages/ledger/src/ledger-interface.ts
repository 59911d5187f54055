import type { Bls, Ed25519, Vrf } from '@sero/crypto';
import type {
  Block,
  CheckedEvidence,
  CheckedTransaction,
  ExecutedBlock,
  Genesis,
  Header,
  ProtocolError,
  ProvedHeader,
  RoundContext,
  Shake256,
  Version,
  VersionVote,
  WholeStakeTable,
} from '@sero/protocol';
import type { Groth16Verifier, KeyPointChecker, NoteHasher, SignatureVerifier } from '@sero/prover';
import type { AppendLog, KeyValueStore, StateProof } from '@sero/store';
import type { AssetRecord } from './codecs.ts';
import type { LedgerError } from './errors.ts';
import type { KeysEnd } from './keys-end.ts';
import type { StateSnapshot } from './snapshot-source.ts';
import type { ListedPosition, ListedStakeRecord, StakeTotals } from './stake-listing.ts';
import type { TransactionPlace } from './state.ts';
import type { Cancellation } from './steps.ts';
import type { OfferedSnapshot, OpeningEvents } from './stored-chain.ts';
import type { VersionStatus } from './versions.ts';

/** What a ledger needs of the world. */
export interface LedgerOptions {
  readonly genesis: Genesis;
  /** The state. What is lost of it is made anew from `blocks`; with `blocks` it belongs to this ledger alone. */
  readonly store: KeyValueStore;
  /** The blocks: record h is block h, from 0 on, or from where a chain without its earlier blocks begins (`beginAtSnapshot`). */
  readonly blocks: AppendLog;
  /** Canonical bytes of the verifying keys that genesis names. */
  readonly verifyingKeys: readonly Uint8Array[];
  readonly verifier: Groth16Verifier;
  /** Checks signatures. Default: the reference, some milliseconds a transaction on the calling thread. */
  readonly signatures?: SignatureVerifier;
  /** Checks the keys that transactions show. Default: the reference, some 3 ms a point on the calling thread. */
  readonly keyPoints?: KeyPointChecker;
  readonly hasher: NoteHasher;
  /** Hashes nullifiers into their set. Default: the portable SHAKE256; Node's own makes a block a quarter faster. */
  readonly shake256?: Shake256;
  /** Checks the proofs of seeds. Default: the portable one, some milliseconds a block. */
  readonly vrf?: Vrf;
  /** Checks that who registers a BLS key has its secret. Default: the portable one, some 60 ms a registration on the calling thread. */
  readonly bls?: Bls;
  /** Checks evidence. Default: the portable one, some milliseconds a signature. */
  readonly ed25519?: Ed25519;
  /** The versions of the protocol that this software has beside the first. Default: none. */
  readonly versions?: readonly Version[];
  /** Snapshots to begin with where the state was lost, best first; of each nothing is trusted. Default: none, so block 0. */
  readonly snapshots?: Iterable<OfferedSnapshot>;
  /** Told of what opening does. Default: nobody is told. */
  readonly events?: OpeningEvents;
}

/** What the proposer of a block says beside its transactions and time; a chain of one has no proposers. */
export interface Proposal {
  /** Stake record, one of the block's round. */
  readonly proposer: Uint8Array;
  readonly period: number;
  /** Of `seedInput(round)` under the record's VRF key; exactly in period 0. */
  readonly vrfProof?: Uint8Array;
  /** The coming version that he approves. */
  readonly versionVote?: VersionVote;
  /** The circuit that he wants disabled. */
  readonly disableVote?: number;
}

/** A transaction that a proposer left out, and why. */
export interface Rejected {
  /** Its place among the transactions given. */
  readonly index: number;
  readonly error: LedgerError | ProtocolError;
}

/** The note tree after a block, for wallets that begin there. */
export interface TreeState {
  readonly height: bigint;
  readonly header: Header;
  /** `decodeFrontier` of @sero/protocol reads it; its root is the header's `notesRoot`. */
  readonly frontier: Uint8Array;
}

/** An asset of the registry. */
export interface ListedAsset extends AssetRecord {
  readonly asset: bigint;
  /** What the pool holds of it. */
  readonly pooled: bigint;
}

/** The chain's state and the only way to change it. Methods that change it wait for one another. */
export interface Ledger {
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  /** The last block's header. */
  head(): Header;
  /** The root over the whole state, 32 bytes; equal to `head().stateRoot`. */
  stateRoot(): Uint8Array;
  /**
   * Checks a transaction for the next block: encoding, rules, state, signature and proof. Changes nothing.
   *
   * @throws LedgerError or ProtocolError with the rule's code, the signal's reason where it was aborted before the proof
   */
  check(transaction: Uint8Array, signal?: Cancellation): Promise<CheckedTransaction>;
  /** As `check`, for whoever wants to know no more than whether it passes: handing out a copy of what was decoded takes as long as a block's part of it. */
  verify(transaction: Uint8Array, signal?: Cancellation): Promise<void>;
  /**
   * Checks evidence (kind 9) for the next block: encoding, whether it is in time and new, and what it shows. Changes nothing.
   *
   * @throws LedgerError or ProtocolError with the rule's code
   */
  checkEvidence(transaction: Uint8Array): CheckedEvidence;
  /**
   * Builds the next block of the given transactions, leaving out those that are refused, and as `proof-unchecked` those over whose proof the
   * verifier failed. Changes nothing. What it worked out is remembered while the
   * head stays: applying this very block only writes it.
   */
  propose(
    transactions: readonly Uint8Array[],
    time: bigint,
    proposal?: Proposal,
  ): Promise<{ block: Block; rejected: Rejected[] }>;
  /**
   * Checks a block as `apply` does, and changes nothing. What it worked out is remembered: applying this very block only writes it.
   *
   * @throws LedgerError or ProtocolError with the rule's code
   */
  validate(block: Uint8Array): Promise<void>;
  /**
   * Checks signatures and proofs of a block that will be applied some blocks from now, as far as that can be done already; applying it does not
   * repeat what holds. Changes nothing, and says nothing of the block: what does not hold, or cannot be looked at yet, is left to `apply`.
   *
   * @throws what the verifier throws
   */
  prepare(block: Uint8Array): Promise<void>;
  /** E(r), the block that follows where nobody's did; the same for everybody who has the head. @throws LedgerError `version-unknown` */
  emptyBlock(): Block;
  /**
   * Applies a block as a whole, or throws and changes nothing.
   *
   * @throws LedgerError or ProtocolError with the rule's code; StoreError where the log did not take it; LedgerError
   *   `commit-interrupted` where the log took it and the state did not: this ledger then changes no more, opening
   *   it again finishes the block
   */
  apply(block: Uint8Array): Promise<ExecutedBlock>;
  /**
   * The stake that votes in a round: of rounds from the head's height, or some hundreds before it, to balanceLookback after it. Undefined for
   * others, and on a chain of one.
   */
  stakeTable(round: bigint): WholeStakeTable | undefined;
  /** Stake records from an id on, ascending. @param from 32 bytes. Default: all */
  stakeRecords(from?: Uint8Array): Iterable<ListedStakeRecord>;
  /** Positions from one on, ascending by record and owner. @param from id and PKr, 96 bytes. Default: all */
  stakePositions(from?: Uint8Array): Iterable<ListedPosition>;
  stakeTotals(): StakeTotals;
  /** What judges the votes of the next round, or of the one after it; undefined for others, and on a chain of one. */
  roundContext(round: bigint): RoundContext | undefined;
  /** What the proposer of a block of the next round, or of the one after it, proves for its seed: 32 bytes. */
  seedInput(round: bigint): Uint8Array;
  /** Which version of the protocol runs, which one comes, which circuits are disabled: as the next block finds it. */
  versionStatus(): VersionStatus;
  /**
   * From which rounds on a third of today's weight will have left, and all of it, since keys end, unless owners renew theirs before: what an operator
   * has to be warned of in time. Undefined on a chain of one, and where nobody is left already. Looks at every participant.
   */
  keysEnd(): KeysEnd | undefined;
  /**
   * The first height whose block is there: 0, or that of the snapshot which the chain began with here. Of the blocks before it there are no headers,
   * receipts, transactions or tree states either.
   */
  earliest(): bigint;
  /** A block with its receipts, serialised; height 0 is the genesis block. Throws `block-unknown`, also for those before `earliest()`. */
  executedBlock(height: bigint): Uint8Array;
  /** The header of a block, undefined where there is none of that height. */
  header(height: bigint): Header | undefined;
  /** The hash of a block, undefined where there is none of that height. */
  blockHash(height: bigint): Uint8Array | undefined;
  /**
   * A header with its path in the range over all header hashes, as evidence in the next block shows it; undefined where there is none of that height,
   * or none here any more.
   * Reads a node for each level under its peak: 20 in a chain of a million blocks.
   */
  proveHeader(height: bigint): ProvedHeader | undefined;
  /** Where a transaction is in the chain. @param txid 32 bytes */
  findTransaction(txid: Uint8Array): TransactionPlace | undefined;
  /** The note tree after the last checkpoint at or below a height: every 256 blocks, and 0. Undefined below `earliest()`. */
  treeState(height: bigint): TreeState | undefined;
  /** The root of a complete shard of 65,536 notes, by number. */
  shardRoot(index: bigint): bigint | undefined;
  /** The registry's record of an asset. */
  asset(id: bigint): AssetRecord | undefined;
  /** The registry's assets from a number on, ascending. Default: all. */
  assets(from?: bigint): Iterable<ListedAsset>;
  /** What the pool holds of an asset. */
  pooled(asset: bigint): bigint;
  /** Fees and prices that wait for proposers. */
  rewardPool(): bigint;
  /** Proves what the state tree holds under a key, or that it holds nothing; against `stateRoot()`. */
  prove(key: Uint8Array): StateProof;
  /** The state as it is now, to be read while later blocks change it. */
  snapshot(): StateSnapshot;
}
