import { type Bls, equalBytes } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import type { Verdict } from '@sero/network';
import {
  CHECKPOINT_INTERVAL,
  type Checkpoint,
  type CheckpointSubject,
  checkpointMessage,
  headerHash,
  ProtocolError,
  placesOf,
  verifyCheckpoint,
  verifyCheckpointSignature,
  type WholeStakeTable,
} from '@sero/protocol';
import type { KeyValueStore } from '@sero/store';
import { checkpointStore } from './checkpoint-store.ts';
import { type Collection, createCollection, sameSubject } from './collection.ts';
import { createFalseCheckpoints, type FalseCheckpoints } from './false-checkpoints.ts';
import { decodeItem, encodeShare, type Share } from './message.ts';

/** Whoever signs checkpoints. */
export interface CheckpointSigner {
  /** BLS key: every row of the signing table that has it is signed for. */
  readonly blsKey: Uint8Array;
  /** Signs bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** What checkpoints are made of. */
export interface CheckpointOptions {
  readonly ledger: Pick<
    Ledger,
    'genesis' | 'genesisHash' | 'head' | 'header' | 'stakeTable' | 'proveHeader' | 'checkEvidence'
  >;
  readonly bls: Bls;
  /** For checkpoints alone; not closed here. */
  readonly store: KeyValueStore;
  /** ms that only grow. */
  readonly now: () => number;
  /** Default: none, for who holds no stake. */
  readonly signer?: CheckpointSigner | undefined;
  /**
   * Signatures that are verified a second, at most; what comes beyond is dropped, and a checkpoint may stay away, for which nothing waits.
   * Default: 100, a tenth of a core with native code.
   */
  readonly verifications?: number;
  /** A checkpoint is there: made here, or of a peer. Default: nobody is told. */
  readonly completed?: (height: bigint) => void;
}

/** Checkpoints of a chain: made of what signers say, kept, and handed out. */
export interface Checkpoints {
  /**
   * To be called after each final block, and once at the start.
   *
   * @returns items for the topic `checkpoint`: own shares, now and some blocks later again while too few have come
   * @throws what the store throws
   */
  onHead(): readonly Uint8Array[];
  /** An item of the topic, or an answer to a request for checkpoints. @throws what the store throws */
  receive(item: Uint8Array): Verdict;
  /** The encoded checkpoint of a height. */
  get(height: bigint): Uint8Array | undefined;
  /** Encoded checkpoints from a height on, ascending. */
  from(height: bigint, count: number): Iterable<Uint8Array>;
  /** Height of the newest one. */
  latest(): bigint | undefined;
  /** A height whose checkpoint is not here, and could still be judged if a peer had it. */
  wanted(): bigint | undefined;
  /** Evidence against who signed what is not the chain's, as a transaction for the next block. */
  evidence(): Uint8Array | undefined;
}

/** How far ahead of the own head a share may be: peers commit a block somewhat sooner. */
const AHEAD = 16n;

/** Blocks after which a share is said again while the checkpoint is not there. */
const AGAIN: readonly bigint[] = [16n, 64n, 192n];

/** Shares that a block's time is enough for: of more, each has its block, so that nobody gets more at once than he verifies. */
const SHARES_A_BLOCK = 256;

/** Most blocks over which shares are spread: all come while their table is known. */
const MOST_SPREAD = 192;

/** What verifying a whole checkpoint counts, in signatures: its keys are decoded, and added. */
const costOf = (signers: number): number => 8 + signers / 32;

/** Collects shares of the heights that can be signed now, and makes checkpoints of them. */
export function createCheckpoints(options: CheckpointOptions): Checkpoints {
  const { ledger, bls, signer, now } = options;
  const { genesisHash } = ledger;
  const { balanceLookback } = ledger.genesis.stake;
  const store = checkpointStore(options.store);
  const budget = createBudget(options.verifications ?? 100, now);
  const falseOnes: FalseCheckpoints = createFalseCheckpoints(ledger, bls);
  /** By height, two at most. */
  const collections = new Map<bigint, Collection>();
  /** By height: the own rows, and up to which head it was looked whether their shares are to be said. */
  const said = new Map<bigint, { readonly upTo: bigint; readonly places: readonly number[] }>();

  const head = (): bigint => ledger.head().height;

  /**
   * The table that signs a height. The ledger has it from 256 blocks before the height to 256 after it; then nothing more is to be
   * signed there, and nothing judged.
   */
  function tableOf(height: bigint): WholeStakeTable | undefined {
    const anchor = height - CHECKPOINT_INTERVAL;
    if (anchor > head() || height + CHECKPOINT_INTERVAL < head()) return undefined;
    return ledger.stakeTable(anchor + balanceLookback);
  }

  /** What there is to sign of a final block. */
  function subjectOf(height: bigint): CheckpointSubject | undefined {
    const header = height <= head() ? ledger.header(height) : undefined;
    if (header === undefined) return undefined;
    const { stateRoot, validatorsRoot } = header;
    return { height, blockHash: headerHash(header), stateRoot, validatorsRoot };
  }

  function collectionOf(height: bigint): Collection | undefined {
    const known = collections.get(height);
    if (known !== undefined) return known;
    const table = tableOf(height);
    if (table === undefined) return undefined;
    const collection = createCollection(genesisHash, table, bls);
    collections.set(height, collection);
    return collection;
  }

  /** The ledger says which table it is, whoever made the checkpoint. @throws ProtocolError as `verifyCheckpoint` */
  function keep(checkpoint: Checkpoint, table: WholeStakeTable): void {
    const before = { height: checkpoint.height - CHECKPOINT_INTERVAL, validatorsRoot: table.root() };
    verifyCheckpoint(genesisHash, before, table, checkpoint, bls);
    store.put(checkpoint);
    options.completed?.(checkpoint.height);
  }

  /** Makes the checkpoint of a final block where enough signed it; who signed something else is to be punished. */
  function settle(collection: Collection, subject: CheckpointSubject): void {
    for (const { subject: other, signatures } of collection.others(subject)) {
      for (const [place, signature] of signatures) {
        falseOnes.add({ subject: other, places: [place], signature }, collection.table);
      }
      collection.forget(other);
    }
    if (!store.has(subject.height)) {
      const checkpoint = collection.aggregate(subject);
      if (checkpoint === undefined) return;
      keep(checkpoint, collection.table);
    }
    collection.forget(subject);
  }

  /** Own shares of a final block that are to be said now, one for each row with the own key. */
  function due(subject: CheckpointSubject, { blsKey, sign }: CheckpointSigner): readonly Share[] {
    const { height } = subject;
    const collection = store.has(height) ? undefined : collectionOf(height);
    if (collection === undefined) return [];
    const { table } = collection;
    const own = said.get(height) ?? { upTo: height - 1n, places: placesOfKey(table, blsKey) };
    const places = own.places.filter((place) =>
      timesOf(table.count, height, place).some((time) => own.upTo < time && time <= head()),
    );
    said.set(height, { upTo: head(), places: own.places });
    if (places.length === 0) return [];
    const signature = sign(checkpointMessage(genesisHash, subject));
    const shares = places.map((place) => ({ ...subject, place, signature }));
    for (const share of shares) if (collection.isNew(share)) collection.add(share);
    return shares;
  }

  function receiveShare(share: Share): Verdict {
    const { height, place } = share;
    if (height > head() + AHEAD) return 'ignore';
    const collection = collectionOf(height);
    if (collection === undefined) return 'ignore';
    if (place >= collection.table.count) return 'reject';
    const subject = subjectOf(height);
    const isChains = subject !== undefined && sameSubject(share, subject);
    if (isChains && store.has(height)) return 'ignore';
    if (!collection.isNew(share) || !budget.take(1)) return 'ignore';
    if (!collection.verify(share)) return 'reject';
    collection.add(share);
    if (subject !== undefined) settle(collection, subject);
    return 'accept';
  }

  function receiveWhole(checkpoint: Checkpoint): Verdict {
    const { height } = checkpoint;
    const subject = subjectOf(height);
    const table = tableOf(height);
    if (subject === undefined || table === undefined) return 'ignore';
    const isChains = sameSubject(checkpoint, subject);
    if (isChains && store.has(height)) return 'ignore';
    try {
      const places = placesOf(table.count, checkpoint.signers);
      if (!isChains && !falseOnes.isNew(height, places)) return 'ignore';
      if (!budget.take(costOf(places.length))) return 'ignore';
      if (isChains) keep(checkpoint, table);
      else {
        const rows = places.map((place) => table.at(place));
        verifyCheckpointSignature(genesisHash, checkpoint, rows, bls);
        const { signature } = checkpoint;
        falseOnes.add({ subject: subjectIn(checkpoint), places, signature }, table);
      }
      return 'accept';
    } catch (error) {
      if (error instanceof ProtocolError) return 'reject';
      throw error;
    }
  }

  return {
    onHead() {
      const reached = head();
      for (const height of collections.keys()) {
        if (height + CHECKPOINT_INTERVAL < reached) collections.delete(height);
      }
      for (const height of said.keys()) if (height + CHECKPOINT_INTERVAL < reached) said.delete(height);
      falseOnes.prune(reached - CHECKPOINT_INTERVAL);
      const subject = subjectOf(reached - (reached % CHECKPOINT_INTERVAL));
      const isSigned = subject !== undefined && subject.height > 0n && signer !== undefined;
      const shares = isSigned ? due(subject, signer) : [];
      for (const [height, collection] of collections) {
        const final = subjectOf(height);
        if (final !== undefined) settle(collection, final);
      }
      return shares.map(encodeShare);
    },

    receive(item) {
      try {
        const decoded = decodeItem(item);
        return decoded.type === 'share' ? receiveShare(decoded.share) : receiveWhole(decoded.checkpoint);
      } catch (error) {
        if (error instanceof ProtocolError) return 'reject';
        throw error;
      }
    },

    get: store.get,
    from: store.from,
    latest: store.latest,

    wanted() {
      const reached = head();
      const height = reached - (reached % CHECKPOINT_INTERVAL);
      const isLate = height > 0n && reached >= height + AHEAD;
      return isLate && !store.has(height) && tableOf(height) !== undefined ? height : undefined;
    },

    evidence: falseOnes.select,
  };
}

function subjectIn({ height, blockHash, stateRoot, validatorsRoot }: CheckpointSubject): CheckpointSubject {
  return { height, blockHash, stateRoot, validatorsRoot };
}

function placesOfKey({ rows }: WholeStakeTable, key: Uint8Array): number[] {
  return rows.flatMap(({ blsKey }, place) => (equalBytes(blsKey, key) ? [place] : []));
}

/** Heads at which the share of a row is said: with the block where rows are few, else each some blocks later, and again where that leaves time. */
function timesOf(rows: number, height: bigint, place: number): bigint[] {
  const spread = Math.min(MOST_SPREAD, Math.ceil(rows / SHARES_A_BLOCK));
  // Rows stand by hashes of their names: who comes first is nobody's choice, and another one at each height.
  const slot = (BigInt(place) + height / CHECKPOINT_INTERVAL) % BigInt(spread);
  const again = AGAIN.filter((blocks) => blocks >= BigInt(spread));
  return [0n, ...again].map((blocks) => height + slot + blocks);
}

/** So much a second, and no more at once than in one; what costs more than that takes all of it. */
function createBudget(rate: number, now: () => number): { take(cost: number): boolean } {
  let [left, last] = [rate, now()];
  return {
    take(cost) {
      const at = now();
      left = Math.min(rate, left + ((at - last) * rate) / 1_000);
      last = at;
      const taken = Math.min(cost, rate);
      if (left < taken) return false;
      left -= taken;
      return true;
    },
  };
}
