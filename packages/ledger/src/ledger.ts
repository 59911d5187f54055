import { fieldFromBytes, leInteger, portableBls, portableEd25519, portableVrf } from '@sero/crypto';
import {
  CHECKPOINT_EVERY,
  type CheckedEvidence,
  type CheckedTransaction,
  checkGenesis,
  decodeBlock,
  type ExecutedBlock,
  encodeBlock,
  ephemeralCache,
  genesisHash,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  ProtocolError,
  portableShake256,
} from '@sero/protocol';
import {
  createReferenceKeyPointChecker,
  createReferenceSignatureVerifier,
  loadVerifyingKeys,
} from '@sero/prover';
import { overlay, proveState } from '@sero/store';
import { findAbsent } from './absence.ts';
import { beginBlock, inBlock, runBlock } from './apply-block.ts';
import { readBlockRecord } from './block-record.ts';
import { assetCodec } from './codecs.ts';
import type { BlockTerms } from './empty-block.ts';
import { ensure, LedgerError } from './errors.ts';
import { type BlockItem, isEvidenceHere, isEvidenceItem, readEvidence } from './evidence.ts';
import { type BlockExecution, executeBlock, type FinishedBlock } from './execute.ts';
import { pathOfHeader } from './history-nodes.ts';
import { keysEnd } from './keys-end.ts';
import { knownTransactions } from './known-transactions.ts';
import type { Ledger, LedgerOptions, Proposal, Rejected } from './ledger-interface.ts';
import { ownCopy } from './own-copy.ts';
import { possessionChecker } from './possession.ts';
import { type ProofClaim, proofChecker } from './proofs.ts';
import { rememberingShake256 } from './remembering-shake.ts';
import { roundContextOf, seedInputOf } from './rounds.ts';
import { signatureChecker } from './signatures.ts';
import { type SnapshotSource, snapshotSource } from './snapshot-source.ts';
import { listStakePositions, listStakeRecords, stakeTotals } from './stake-listing.ts';
import { ASSETS, assetKey, stateOf } from './state.ts';
import { atOnce, type Cancellation, type Pace, paced, type Steps } from './steps.ts';
import { commitBlock, openChain } from './stored-chain.ts';
import { checkVersionAt, versionStatus } from './versions.ts';
import { type WorkedBlock, workedBlocks } from './worked-blocks.ts';

export type * from './ledger-interface.ts';

/** Links of ephemeral keys that evidence needed and that are remembered. */
const KNOWN_LINKS = 4_096;

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
  const bls = options.bls ?? portableBls;
  const possession = possessionChecker(bls);
  const known = knownTransactions(
    { genesis, genesisHash: hash },
    options.keyPoints ?? createReferenceKeyPointChecker(),
  );
  const rules = {
    genesis,
    genesisHash: hash,
    hasher: hashNodesWith(options.hasher),
    shake256: rememberingShake256(options.shake256 ?? portableShake256),
    vrf: options.vrf ?? portableVrf,
    versions: options.versions ?? [],
    evidenceCrypto: {
      ed25519: options.ed25519 ?? portableEd25519,
      bls,
      links: ephemeralCache(KNOWN_LINKS),
    },
    decode: decodeItem,
    hasherOfNotes: options.hasher,
    events: options.events ?? {},
    snapshots: options.snapshots ?? [],
  };
  const snapshots: SnapshotSource = snapshotSource(store);
  let head = yield* openChain(rules, { store, blocks });
  let queue: Promise<unknown> = Promise.resolve();
  /** Checks of single transactions share the work of starting the next block. */
  let next: BlockExecution | undefined;
  const worked = workedBlocks();
  let broken: LedgerError | undefined;

  function decodeItem(bytes: Uint8Array): BlockItem {
    if (!isEvidenceHere(genesis, bytes)) return known.decode(bytes);
    const evidence = readEvidence({ genesis, genesisHash: hash }, bytes);
    if (evidence instanceof Error) throw evidence;
    return evidence;
  }

  /** What a block's transactions are, those of their senders checked in batches. */
  async function decodeItems(transactions: readonly Uint8Array[]): Promise<(BlockItem | ProtocolError)[]> {
    const isSent = transactions.map((bytes) => !isEvidenceHere(genesis, bytes));
    const sent = await known.decodeAll(transactions.filter((_, i) => isSent[i]));
    let at = 0;
    return transactions.map((bytes, i) => (isSent[i] ? sent[at++]! : readEvidence(rules, bytes)));
  }

  function stateNow() {
    return stateOf(overlay(store), genesis.anchor.window);
  }

  function begin(terms: BlockTerms): BlockExecution {
    if (broken !== undefined) throw broken;
    return executeBlock(rules, head, terms, overlay(store));
  }

  /** The terms of a block that is built here. */
  function ownTerms(time: bigint, proposal: Proposal | undefined): BlockTerms {
    ensure(
      (proposal === undefined) === (genesis.validators.length === 0),
      'header-proposer',
      'a block has a proposer exactly where there are participants',
    );
    if (proposal === undefined) return { type: 'plain', time };
    const { proposer, period, vrfProof, versionVote, disableVote } = proposal;
    const height = head.header.height + 1n;
    const table = head.tables.at(stateNow(), height)!;
    return {
      type: 'proposed',
      time,
      proposer,
      period,
      vrfProof: vrfProof === undefined ? [] : [vrfProof],
      versionVote: versionVote === undefined ? [] : [versionVote],
      disableVote: disableVote === undefined ? [] : [disableVote],
      absent: findAbsent(stateNow(), head.tables, { genesis, height, table, proposer }),
    };
  }

  /** The error of each claim whose signature, proof or possession of a key does not hold, in this order. */
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
      errors[place] = verdicts[i] ?? possession.check(claims[place]!.checked);
      if (errors[place] === undefined) known.keep(claims[place]!.checked);
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

  /** As `decodeItems`, with what `verdictsOf` does where the checker of points fails. */
  async function candidatesOf(
    transactions: readonly Uint8Array[],
  ): Promise<(BlockItem | LedgerError | ProtocolError)[]> {
    try {
      return await decodeItems(transactions);
    } catch {
      const alone = await Promise.allSettled(transactions.map((bytes) => decodeItems([bytes])));
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
    head = { header: finished.header, tables: head.tables };
    next = undefined;
    worked.forget();
    for (const checked of included) known.forget(checked);
  }

  /** Checks a block that came from elsewhere, unless that was done. */
  async function workOut(bytes: Uint8Array): Promise<WorkedBlock> {
    if (broken !== undefined) throw broken;
    const found = worked.find(bytes);
    if (found !== undefined) return found;
    // First, so that a later version's spelling is nobody's fault.
    checkVersionAt(stateNow(), head.header.height + 1n, rules.versions);
    const block = decodeBlock(bytes);
    const execution = beginBlock(rules, store, head, block.header);
    const candidates = await decodeItems(block.transactions);
    const run = runBlock(execution, block, (_, index) => {
      const candidate = candidates[index]!;
      if (candidate instanceof Error) throw candidate;
      return candidate;
    });
    for (const [i, error] of (await refusals(run.claims)).entries()) {
      if (error !== undefined) throw inBlock(error, run.claims[i]!.index);
    }
    const finished = run.finish();
    return { bytes, block, finished, included: run.claims.map(({ checked }) => checked) };
  }

  /** Runs jobs one after another, so that none sees the state between two halves of another. */
  function inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = queue.then(job);
    queue = result.catch(() => undefined);
    return result;
  }

  async function checkedOf(transaction: Uint8Array, signal?: Cancellation): Promise<CheckedTransaction> {
    signal?.throwIfAborted();
    const checked = await known.decodeShared(transaction);
    signal?.throwIfAborted();
    next ??= begin({ type: 'plain', time: head.header.time + 1n });
    const claim = { checked, root: next.check(checked)! };
    const [error] = await refusals([claim], signatures.shared);
    if (error !== undefined) throw error;
    return checked;
  }

  function headerAt(height: bigint): Header | undefined {
    if (height < 0n || height > head.header.height) return undefined;
    const bytes = stateNow().header(height).get();
    return bytes === undefined ? undefined : HeaderType.deserialize(bytes.slice());
  }

  return {
    genesis,
    genesisHash: hash,
    head: () => copyOf(head.header),
    stateRoot: () => head.header.stateRoot.slice(),

    check: async (transaction, signal) => ownCopy(await checkedOf(transaction, signal)),

    async verify(transaction, signal) {
      await checkedOf(transaction, signal);
    },

    checkEvidence(transaction) {
      const item = decodeItem(transaction);
      ensureEvidence(item);
      next ??= begin({ type: 'plain', time: head.header.time + 1n });
      next.check(item);
      return ownCopy(item);
    },

    propose: (transactions, time, proposal) =>
      inTurn(async () => {
        const execution = begin(ownTerms(time, proposal));
        const candidates = await candidatesOf(transactions);
        // What has no verdict is verified in batches; what cannot enter yet, or at all, waits for its turn below.
        const ready = candidates.flatMap((candidate) => {
          if (candidate instanceof Error || isEvidenceItem(candidate)) return [];
          if (known.isSigned(candidate) && proofs.isKnown(candidate)) return [];
          const root = attempt(() => execution.check(candidate));
          return root instanceof Error || root === undefined ? [] : [{ checked: candidate, root }];
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
            if (root !== undefined && !isEvidenceItem(candidate)) {
              const error = verified.has(candidate)
                ? verified.get(candidate)
                : (await verdictsOf([{ checked: candidate, root }]))[0];
              if (error !== undefined) throw error;
              included.push(candidate);
            }
            execution.apply(candidate);
            bytes.push(transactions[index]!);
          } catch (error) {
            if (!(error instanceof LedgerError || error instanceof ProtocolError)) throw error;
            rejected.push({ index, error });
          }
        }
        const finished = execution.finish();
        const block = { header: copyOf(finished.header), transactions: bytes };
        worked.keep({ bytes: encodeBlock(block), block: ownCopy(block), finished, included });
        return { block, rejected };
      }),

    apply: (bytes) =>
      inTurn(async () => {
        const { block, finished, included } = await workOut(bytes);
        const executed = { block, receipts: [...finished.receipts] };
        commit(executed, finished, included);
        return executed;
      }),

    validate: (bytes) =>
      inTurn(async () => {
        worked.keep(await workOut(bytes.slice()));
      }),

    async prepare(bytes) {
      try {
        const { transactions } = decodeBlock(bytes);
        const sent = transactions.filter((transaction) => !isEvidenceHere(genesis, transaction));
        const found = await known.decodeAll(sent);
        const state = stateNow();
        const { height } = head.header;
        await refusals(
          found.flatMap((checked) => {
            if (checked instanceof Error || (known.isSigned(checked) && proofs.isKnown(checked))) return [];
            // The root of an anchor is for ever: what else the state says may be another thing by then.
            const { anchor } = checked.tx.shielded;
            const isInWindow = anchor <= height && anchor + genesis.anchor.window > height;
            const root = isInWindow ? state.anchorRoot(anchor) : undefined;
            return root === undefined ? [] : [{ checked, root: fieldFromBytes(root) }];
          }),
        );
      } catch (error) {
        // Whatever is wrong is found again, and said, when the block is applied.
        if (!(error instanceof LedgerError || error instanceof ProtocolError)) throw error;
      }
    },

    emptyBlock() {
      ensure(genesis.validators.length > 0, 'empty-block', 'a chain of one has no empty block');
      const finished = begin({ type: 'empty' }).finish();
      const block = { header: finished.header, transactions: [] };
      worked.keep({ bytes: encodeBlock(block), block: ownCopy(block), finished, included: [] });
      return { header: copyOf(finished.header), transactions: [] };
    },

    stakeTable: (round) => head.tables.at(stateNow(), round),
    stakeRecords: (from) => listStakeRecords(store, from),
    stakePositions: (from) => listStakePositions(store, from, genesis),
    stakeTotals: () => stakeTotals(stateNow()),
    roundContext: (round) => roundContextOf(rules, head, stateNow(), round),
    seedInput: (round) => seedInputOf(rules, stateNow(), round),
    versionStatus: () => versionStatus(stateNow(), genesis, head.header.height + 1n, rules.versions),

    keysEnd() {
      const newest = head.tables.at(stateNow(), head.header.height + genesis.stake.balanceLookback);
      return newest === undefined || newest.count === 0 ? undefined : keysEnd(head.tables, newest);
    },

    earliest: () => BigInt(blocks.first),

    executedBlock(height) {
      ensure(
        height >= BigInt(blocks.first) && height <= head.header.height,
        'block-unknown',
        `there is no block of height ${height}: the first one here is ${blocks.first}, the last one ${head.header.height}`,
      );
      return readBlockRecord(blocks, height).executed;
    },

    header: headerAt,

    blockHash(height) {
      const header = headerAt(height);
      return header === undefined ? undefined : headerHash(header);
    },

    proveHeader(height) {
      const header = headerAt(height);
      if (header === undefined) return undefined;
      return { header, path: pathOfHeader(stateNow(), head.header.height + 1n, height) };
    },

    findTransaction: (txid) => stateNow().transaction(txid).get(),

    treeState(height) {
      const reached = height < head.header.height ? height : head.header.height;
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
    snapshot: () => snapshots.take(copyOf(head.header)),
  };
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

function ensureEvidence(item: BlockItem): asserts item is CheckedEvidence {
  if (!isEvidenceItem(item)) throw new ProtocolError('kind-not-active', 'the transaction is no evidence');
}

function copyOf(header: Header): Header {
  return ownCopy(header);
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
