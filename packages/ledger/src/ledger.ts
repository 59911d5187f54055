import { equalBytes, leInteger } from '@sero/crypto';
import {
  type Block,
  CHECKPOINT_EVERY,
  type CheckedTransaction,
  checkGenesis,
  decodeBlock,
  type ExecutedBlock,
  encodeBlock,
  type Genesis,
  genesisHash,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  ProtocolError,
  type Shake256,
} from '@sero/protocol';
import {
  createReferenceKeyPointChecker,
  createReferenceSignatureVerifier,
  type Groth16Verifier,
  type KeyPointChecker,
  loadVerifyingKeys,
  type NoteHasher,
  type SignatureVerifier,
} from '@sero/prover';
import { type AppendLog, type KeyValueStore, overlay, proveState, type StateProof } from '@sero/store';
import { beginBlock, inBlock, runBlock } from './apply-block.ts';
import { readBlockRecord } from './block-record.ts';
import { type AssetRecord, assetCodec } from './codecs.ts';
import { ensure, LedgerError } from './errors.ts';
import { type BlockExecution, executeBlock, type FinishedBlock } from './execute.ts';
import { knownTransactions } from './known-transactions.ts';
import { type ProofClaim, proofChecker } from './proofs.ts';
import { signatureChecker } from './signatures.ts';
import { type SnapshotSource, type StateSnapshot, snapshotSource } from './snapshot-source.ts';
import { ASSETS, assetKey, stateOf, type TransactionPlace } from './state.ts';
import { atOnce, type Cancellation, type Pace, paced, type Steps } from './steps.ts';
import { commitBlock, type OfferedSnapshot, type OpeningEvents, openChain } from './stored-chain.ts';

/** What a ledger needs of the world. */
export interface LedgerOptions {
  readonly genesis: Genesis;
  /** The state. What is lost of it is made anew from `blocks`; with `blocks` it belongs to this ledger alone. */
  readonly store: KeyValueStore;
  /** The blocks: record h is block h. */
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
  /** Snapshots to begin with where the state was lost, best first; of each nothing is trusted. Default: none, so block 0. */
  readonly snapshots?: Iterable<OfferedSnapshot>;
  /** Told of what opening does. Default: nobody is told. */
  readonly events?: OpeningEvents;
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
  /**
   * Builds the next block of the given transactions, leaving out those that are refused, and as `proof-unchecked` those over whose proof the
   * verifier failed. Changes nothing. What it worked out is kept until the next call: applying this very block only writes it.
   */
  propose(transactions: readonly Uint8Array[], time: bigint): Promise<{ block: Block; rejected: Rejected[] }>;
  /**
   * Applies a block as a whole, or throws and changes nothing.
   *
   * @throws LedgerError or ProtocolError with the rule's code; StoreError where the log did not take it; LedgerError
   *   `commit-interrupted` where the log took it and the state did not: this ledger then changes no more, opening
   *   it again finishes the block
   */
  apply(block: Uint8Array): Promise<ExecutedBlock>;
  /** A block with its receipts, serialised; height 0 is the genesis block. Throws `block-unknown`. */
  executedBlock(height: bigint): Uint8Array;
  /** The header of a block, undefined where there is none of that height. */
  header(height: bigint): Header | undefined;
  /** The hash of a block, undefined where there is none of that height. */
  blockHash(height: bigint): Uint8Array | undefined;
  /** Where a transaction is in the chain. @param txid 32 bytes */
  findTransaction(txid: Uint8Array): TransactionPlace | undefined;
  /** The note tree after the last checkpoint at or below a height: every 256 blocks, and 0. Undefined below 0. */
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

/**
 * Opens the chain that is stored, or begins it there, in one go: for a state that is not far behind its log.
 *
 * @throws what `openChain` throws; ProverError for keys, ProtocolError for genesis
 */
export function openLedger(options: LedgerOptions): Ledger {
  return atOnce(opening(options));
}

/**
 * Opens it block by block: a state that was lost is hours of work, in which other things have their turn and which may be broken off. What was
 * applied until then is kept; the next opening goes on from there.
 *
 * @throws as `openLedger`; the signal's reason
 */
export function openLedgerInSteps(options: LedgerOptions, pace: Pace): Promise<Ledger> {
  return paced(opening(options), pace);
}

function* opening(options: LedgerOptions): Steps<Ledger> {
  const { genesis, store, blocks } = options;
  checkGenesis(genesis);
  const hash = genesisHash(genesis);
  const keys = loadVerifyingKeys(genesis.verifyingKeys, options.verifyingKeys, {
    devnet: genesis.devnet === 1,
  });
  const proofs = proofChecker(options.verifier, keys);
  const signatures = signatureChecker(options.signatures ?? createReferenceSignatureVerifier());
  const known = knownTransactions(
    { genesis, genesisHash: hash },
    options.keyPoints ?? createReferenceKeyPointChecker(),
  );
  const rules = {
    genesis,
    genesisHash: hash,
    hasher: hashNodesWith(options.hasher),
    shake256: options.shake256,
    decode: known.decode,
    hasherOfNotes: options.hasher,
    events: options.events ?? {},
    snapshots: options.snapshots ?? [],
  };
  const snapshots: SnapshotSource = snapshotSource(store);
  let head = yield* openChain(rules, { store, blocks });
  let queue: Promise<unknown> = Promise.resolve();
  /** Checks of single transactions share the work of starting the next block. */
  let next: BlockExecution | undefined;
  let proposed: Proposed | undefined;
  let broken: LedgerError | undefined;

  function stateNow() {
    return stateOf(overlay(store), genesis.anchor.window);
  }

  function begin(time: bigint): BlockExecution {
    if (broken !== undefined) throw broken;
    return executeBlock(rules, head, time, overlay(store));
  }

  /** The error of each claim whose signature or proof does not hold. */
  async function refusals(
    claims: readonly ProofClaim[],
    checkSignatures = signatures.ofBlock,
  ): Promise<(LedgerError | ProtocolError | undefined)[]> {
    const errors: (LedgerError | ProtocolError | undefined)[] = claims.map(() => undefined);
    const places = claims.map((_, place) => place);
    const unsigned = places.filter((place) => !known.isSigned(claims[place]!.checked));
    const found = await checkSignatures(unsigned.map((place) => claims[place]!.checked));
    for (const [i, place] of unsigned.entries()) errors[place] = found[i];
    const signed = places.filter((place) => errors[place] === undefined);
    const verdicts = await proofs.check(signed.map((place) => claims[place]!));
    for (const [i, place] of signed.entries()) {
      errors[place] = verdicts[i];
      if (verdicts[i] === undefined) known.keep(claims[place]!.checked);
    }
    return errors;
  }

  /**
   * As `refusals`; where a verifier fails over a batch, each claim by itself, at once: so only those that it fails over are left without a
   * verdict. No failure of a verifier may keep a proposer from making blocks.
   */
  async function verdictsOf(
    claims: readonly ProofClaim[],
  ): Promise<(LedgerError | ProtocolError | undefined)[]> {
    try {
      return await refusals(claims);
    } catch {
      const alone = await Promise.allSettled(claims.map((claim) => refusals([claim])));
      return alone.map((one) => (one.status === 'fulfilled' ? one.value[0] : unchecked(one.reason)));
    }
  }

  /** As `decodeAll`, with what `verdictsOf` does where the checker of points fails. */
  async function candidatesOf(
    transactions: readonly Uint8Array[],
  ): Promise<(CheckedTransaction | LedgerError | ProtocolError)[]> {
    try {
      return await known.decodeAll(transactions);
    } catch {
      const alone = await Promise.allSettled(transactions.map((bytes) => known.decodeAll([bytes])));
      return alone.map((one) => (one.status === 'fulfilled' ? one.value[0]! : unchecked(one.reason)));
    }
  }

  function commit(executed: ExecutedBlock, finished: FinishedBlock, included: readonly CheckedTransaction[]) {
    if (broken !== undefined) throw broken;
    snapshots.beforeWrite(finished.changes);
    try {
      commitBlock({ store, blocks }, rules, executed, finished);
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'commit-interrupted') broken = error;
      throw error;
    }
    head = finished.header;
    next = undefined;
    proposed = undefined;
    for (const checked of included) known.forget(checked);
  }

  /** Runs jobs one after another, so that none sees the state between two halves of another. */
  function inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = queue.then(job);
    queue = result.catch(() => undefined);
    return result;
  }

  function headerAt(height: bigint): Header | undefined {
    if (height < 0n || height > head.height) return undefined;
    const bytes = stateNow().header(height).get();
    return bytes === undefined ? undefined : HeaderType.deserialize(bytes.slice());
  }

  return {
    genesis,
    genesisHash: hash,
    head: () => copyOf(head),
    stateRoot: () => head.stateRoot.slice(),

    async check(transaction, signal) {
      signal?.throwIfAborted();
      const checked = await known.decodeShared(transaction);
      signal?.throwIfAborted();
      next ??= begin(head.time + 1n);
      const claim = { checked, root: next.check(checked) };
      const [error] = await refusals([claim], signatures.shared);
      if (error !== undefined) throw error;
      return ownCopy(checked);
    },

    propose: (transactions, time) =>
      inTurn(async () => {
        const execution = begin(time);
        const candidates = await candidatesOf(transactions);
        // What has no verdict is verified in batches; what cannot enter yet, or at all, waits for its turn below.
        const ready = candidates.flatMap((candidate) => {
          if (candidate instanceof Error) return [];
          if (known.isSigned(candidate) && proofs.isKnown(candidate)) return [];
          const root = attempt(() => execution.check(candidate));
          return root instanceof Error ? [] : [{ checked: candidate, root }];
        });
        const verdicts = await verdictsOf(ready);
        const verified = new Map(ready.map(({ checked }, i) => [checked, verdicts[i]]));
        const included: CheckedTransaction[] = [];
        const bytes: Uint8Array[] = [];
        const rejected: Rejected[] = [];
        for (const [index, candidate] of candidates.entries()) {
          try {
            if (candidate instanceof Error) throw candidate;
            const root = execution.check(candidate);
            const error = verified.has(candidate)
              ? verified.get(candidate)
              : (await verdictsOf([{ checked: candidate, root }]))[0];
            if (error !== undefined) throw error;
            execution.apply(candidate);
            included.push(candidate);
            bytes.push(transactions[index]!);
          } catch (error) {
            if (!(error instanceof LedgerError || error instanceof ProtocolError)) throw error;
            rejected.push({ index, error });
          }
        }
        const finished = execution.finish();
        const block = { header: copyOf(finished.header), transactions: bytes };
        proposed = { bytes: encodeBlock(block), finished, included };
        return { block, rejected };
      }),

    apply: (bytes) =>
      inTurn(async () => {
        const block = decodeBlock(bytes);
        if (proposed !== undefined && equalBytes(bytes, proposed.bytes)) {
          const { finished, included } = proposed;
          const executed = { block, receipts: [...finished.receipts] };
          commit(executed, finished, included);
          return executed;
        }
        if (broken !== undefined) throw broken;
        const execution = beginBlock(rules, store, head, block.header);
        const candidates = await known.decodeAll(block.transactions);
        const run = runBlock(execution, block, (_, index) => {
          const candidate = candidates[index]!;
          if (candidate instanceof Error) throw candidate;
          return candidate;
        });
        for (const [index, error] of (await refusals(run.claims)).entries()) {
          if (error !== undefined) throw inBlock(error, index);
        }
        const finished = run.finish();
        const executed = { block, receipts: [...finished.receipts] };
        commit(
          executed,
          finished,
          run.claims.map(({ checked }) => checked),
        );
        return executed;
      }),

    executedBlock(height) {
      ensure(
        height >= 0n && height <= head.height,
        'block-unknown',
        `there is no block of height ${height}: the last one is ${head.height}`,
      );
      return readBlockRecord(blocks, height).executed;
    },

    header: headerAt,

    blockHash(height) {
      const header = headerAt(height);
      return header === undefined ? undefined : headerHash(header);
    },

    findTransaction: (txid) => stateNow().transaction(txid).get(),

    treeState(height) {
      const reached = height < head.height ? height : head.height;
      const checkpoint = reached - (reached % CHECKPOINT_EVERY);
      const header = headerAt(checkpoint);
      if (reached < 0n || header === undefined) return undefined;
      const { frontier } = readBlockRecord(blocks, checkpoint);
      return frontier === undefined ? undefined : { height: checkpoint, header, frontier };
    },

    shardRoot: (index) => stateNow().shardRoot(index).get(),
    asset: (id) => stateNow().asset(id).get(),

    *assets(from = 0n) {
      if (from >> 256n !== 0n) return;
      for (const [key, value] of store.entries(ASSETS, { from: assetKey(from) })) {
        const asset = leInteger(key.slice(ASSETS.length).reverse());
        yield { ...assetCodec.decode(value), asset, pooled: stateNow().turnstile(asset).get() ?? 0n };
      }
    },

    pooled: (asset) => stateNow().turnstile(asset).get() ?? 0n,
    rewardPool: () => stateNow().rewardPool.get() ?? 0n,
    prove: (key) => proveState(store, key),
    snapshot: () => snapshots.take(copyOf(head)),
  };
}

/** A block that was built here, with all that applying it comes to. */
interface Proposed {
  readonly bytes: Uint8Array;
  readonly finished: FinishedBlock;
  readonly included: readonly CheckedTransaction[];
}

/** A refusal as a value; anything else is thrown. */
function attempt<T>(job: () => T): T | LedgerError | ProtocolError {
  try {
    return job();
  } catch (error) {
    if (error instanceof LedgerError || error instanceof ProtocolError) return error;
    throw error;
  }
}

function copyOf(header: Header): Header {
  return HeaderType.deserialize(HeaderType.serialize(header));
}

function unchecked(reason: unknown): LedgerError {
  const message = reason instanceof Error ? reason.message : String(reason);
  return new LedgerError(
    'proof-unchecked',
    `the verifier failed, nothing is known of the proof: ${message}`,
    {
      cause: reason,
    },
  );
}

/**
 * What is given away is not what is remembered: changing any part of it changes no later verdict. What is no plain data (curve points, which
 * are frozen, and functions) is shared.
 */
function ownCopy<T>(value: T): T {
  if (value instanceof Uint8Array) return value.slice() as T;
  if (Array.isArray(value)) return value.map(ownCopy) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, ownCopy(part)])) as T;
}
