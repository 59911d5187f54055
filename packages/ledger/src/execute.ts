import { fieldToBytes, type Vrf } from '@sero/crypto';
import {
  addNullifiers,
  allocationNote,
  appendHeader,
  appendLeaves,
  decodeAddresses,
  EMPTY_NULLIFIER_SET,
  type Frontier,
  frontierRoot,
  type Genesis,
  type HashNodes,
  type Header,
  headerHash,
  MAX_BLOCK_BYTES,
  nextBaseFee,
  noteCommitment,
  type Receipt,
  receiptsRoot,
  SERO_ASSET,
  SHARD_LEVEL,
  type Shake256,
  TREE_CAPACITY,
  transactionsRoot,
  type Version,
} from '@sero/protocol';
import { type Change, type Overlay, updateStateTree } from '@sero/store';
import { expireCommitments } from './assets.ts';
import { rewardProposer } from './block-reward.ts';
import { type BlockTerms, termFields } from './empty-block.ts';
import { ensure } from './errors.ts';
import {
  applyEvidence,
  type BlockItem,
  checkEvidence,
  type EvidenceCrypto,
  isEvidenceItem,
  isFalseCheckpoint,
  MOST_EVIDENCE,
  MOST_FALSE_CHECKPOINTS,
} from './evidence.ts';
import { type OthersStand, othersStanding } from './last-participant.ts';
import { seenBefore } from './patience.ts';
import { beginRound, endRound, genesisTableRoot } from './round-rules.ts';
import { genesisRecords } from './stake.ts';
import { frontierOf, historyOf, type State, stateOf, TREE } from './state.ts';
import type { Tables, TablesAfter } from './tables.ts';
import { applyTransaction, type BlockContext, checkAgainstState, credit } from './transaction.ts';
import { countVotes, isDisabled, startVersion } from './versions.ts';

/** Leaves of a shard, as a power of two. */
const SHARD_BITS = BigInt(2 * SHARD_LEVEL);

/** Bytes that a block's own encoding takes beside its transactions, and each transaction's offset. */
const BLOCK_OVERHEAD = 2_048;
const TRANSACTION_OVERHEAD = 4;

/** The chain as a block finds it. */
export interface ChainView {
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  readonly hasher: HashNodes;
  /** Undefined: the portable one. */
  readonly shake256: Shake256 | undefined;
  readonly vrf: Vrf;
  readonly evidenceCrypto: EvidenceCrypto;
  /** The versions of the protocol that this software has, but for the first. */
  readonly versions: readonly Version[];
}

/** The end of a chain, on which the next block is built. */
export interface ChainHead {
  readonly header: Header;
  /** As of that block. */
  readonly tables: Tables;
}

const hashes = new WeakMap<Header, Uint8Array>();

/** The hash of a header that this package made or keeps as its head, worked out once. Nobody but the ledger has the header itself. */
export function hashOfOwn(header: Header): Uint8Array {
  let hash = hashes.get(header);
  if (hash === undefined) {
    hash = headerHash(header);
    hashes.set(header, hash);
  }
  return hash;
}

/** Header fields that follow from a block's transactions; all others are known beforehand. */
export const EXECUTED: readonly (keyof Header)[] = [
  'transactionsRoot',
  'receiptsRoot',
  'logsBloom',
  'stateRoot',
  'notesRoot',
  'validatorsRoot',
  'gasUsed',
];

/** Public outputs that settling one transaction makes at most: value, amount and returned gas of a failed call. */
const MAX_SETTLED = 3;

/** Registrations that one block holds at most: checking possession of a BLS key takes up to 150 ms where it runs in JavaScript. */
export const MOST_REGISTRATIONS = 8;

/** Last time that a header can carry. Who makes and votes for blocks keeps far below it, by its clock. */
const LAST_TIME = (1n << 64n) - 1n;

/** A block in the making: the state with it applied so far, nothing of it written. */
export interface BlockExecution {
  /** The header as far as it is known before any transaction: the fields of EXECUTED are still empty. */
  readonly expected: Header;
  /** Checks a transaction against the state so far; returns the root that its proof must use; none: evidence. Changes nothing. */
  check(checked: BlockItem): bigint | undefined;
  /** Applies a transaction that `check` and its proof have passed. */
  apply(checked: BlockItem): void;
  /** What follows; called once, at the end. */
  finish(): FinishedBlock;
}

/** What a block comes to. */
export interface FinishedBlock {
  readonly header: Header;
  readonly receipts: readonly Receipt[];
  /** The note tree's frontier after the block. */
  readonly frontier: Frontier;
  /** What is to be written, records of the state tree included. */
  readonly changes: readonly Change[];
  /** What it does to the tables of stake. */
  readonly tables: TablesAfter;
}

/**
 * Starts the block after the head.
 *
 * @throws LedgerError `block-time`, `version-unknown`, `header-proposer`, `header-vrfProof`, `header-versionVote`, `header-disableVote`,
 *   `header-absent`
 */
export function executeBlock(
  chain: ChainView,
  head: ChainHead,
  terms: BlockTerms,
  view: Overlay,
): BlockExecution {
  const { genesis } = chain;
  const { header: parent, tables } = head;
  const state = stateOf(view, genesis.anchor.window);
  const fields = termFields(terms, parent);
  const { time } = fields;
  let othersStand: OthersStand | undefined;
  const block: BlockContext = {
    genesis,
    height: parent.height + 1n,
    baseFee: nextBaseFee(genesis.fees, parent),
    time,
    othersStand: (record) => {
      othersStand ??= othersStanding(state, tables, block);
      return othersStand([record]);
    },
    seenBefore: (record) => seenBefore(state, tables, block, record),
  };
  ensure(time > parent.time && time <= LAST_TIME, 'block-time', 'a block is later than its parent');
  const included: BlockItem[] = [];
  const receipts: Receipt[] = [];
  const leaves: bigint[] = [];
  const spent: Uint8Array[] = [];
  const frontierBefore = frontierOf(state);
  let evidence = 0;
  let falseCheckpoints = 0;
  let registrations = 0;
  let gasUsed = 0n;
  let priorityFees = 0n;
  let size = BLOCK_OVERHEAD;

  const parentHash = hashOfOwn(parent);
  state.setBlockHash(parent.height, parentHash);
  state.history.set(appendHeader(historyOf(state), parentHash));
  expireCommitments(state, block.height);
  const version = startVersion(state, genesis, block.height, chain.versions);
  const seed = beginRound(chain, state, tables, block.height, terms);
  const expected: Header = {
    ...emptyHeader(chain),
    ...fields,
    version,
    height: block.height,
    parent: parentHash,
    seed,
    baseFee: block.baseFee,
  };

  return {
    expected,

    check(checked) {
      ensure(terms.type !== 'empty', 'empty-block', 'a block without a proposer has no transactions');
      ensure(
        size + checked.size + TRANSACTION_OVERHEAD <= MAX_BLOCK_BYTES,
        'block-too-large',
        'the block is full: bytes',
      );
      if (isEvidenceItem(checked)) {
        const isFull =
          evidence >= MOST_EVIDENCE ||
          (isFalseCheckpoint(checked) && falseCheckpoints >= MOST_FALSE_CHECKPOINTS);
        ensure(!isFull, 'block-evidence', 'the block is full: evidence');
        checkEvidence(state, chain, checked, block.height);
        return undefined;
      }
      ensure(
        !isDisabled(state, checked.tx.circuit, block.height),
        'circuit-disabled',
        `proofs of circuit ${checked.tx.circuit} are disabled`,
      );
      ensure(
        checked.action.type !== 'register' || registrations < MOST_REGISTRATIONS,
        'block-registrations',
        'the block is full: registrations',
      );
      ensure(
        gasUsed + checked.tx.gasLimit <= genesis.fees.gasLimit,
        'block-gas-limit',
        'the block is full: gas',
      );
      ensure(
        frontierBefore.size + BigInt(leaves.length + checked.commitments.length + MAX_SETTLED) <=
          TREE_CAPACITY,
        'tree-full',
        'the note tree has no room for what this transaction could make',
      );
      return checkAgainstState(state, checked, block);
    },

    apply(checked) {
      included.push(checked);
      size += checked.size + TRANSACTION_OVERHEAD;
      if (isEvidenceItem(checked)) {
        evidence++;
        if (isFalseCheckpoint(checked)) falseCheckpoints++;
        receipts.push(applyEvidence(state, genesis, checked));
        return;
      }
      if (checked.action.type === 'register') registrations++;
      const nullifiers = checked.tx.shielded.nullifiers;
      state.addNullifiers(nullifiers);
      spent.push(...nullifiers);
      const applied = applyTransaction(state, checked, block, (action) => {
        const mark = view.mark();
        const outcome = action();
        if (outcome.failure !== undefined) view.revert(mark);
        return outcome;
      });
      receipts.push(applied.receipt);
      leaves.push(...applied.leaves);
      gasUsed += applied.receipt.gasUsed;
      priorityFees += applied.priorityFee;
    },

    finish() {
      if (terms.type === 'proposed') {
        ensure(
          included.length > 0 || time - parent.time >= BigInt(genesis.pace.minBlockGap),
          'block-gap',
          'a block without transactions comes too soon after its parent',
        );
        const { proposer } = terms;
        rewardProposer(state, { genesis, time, parentTime: parent.time, proposer, priorityFees });
      }
      if (genesis.validators.length > 0) countVotes(state, genesis, block.height, fields);
      if (spent.length > 0) state.setNullifierSet(addNullifiers(state.nullifierSet(), spent, chain.shake256));
      const { frontier, notesRoot } = appendNotes(
        state,
        frontierBefore,
        leaves,
        block.height,
        chain.hasher,
        parent.notesRoot,
      );
      const after = endRound(genesis, state, tables, view, expected);
      const { changes, stateRoot } = seal(view);
      const header: Header = {
        ...expected,
        transactionsRoot: transactionsRoot(included.map(({ wtxid }) => wtxid)),
        receiptsRoot: receiptsRoot(receipts),
        stateRoot,
        notesRoot,
        validatorsRoot: after.root,
        gasUsed,
      };
      return { header, receipts, frontier, changes, tables: after };
    },
  };
}

/** Block 0: the state that the genesis file describes. */
export function executeGenesis(chain: ChainView, view: Overlay): FinishedBlock {
  const { genesis, genesisHash } = chain;
  const state = stateOf(view, genesis.anchor.window);
  const owners = decodeAddresses(genesis.allocations);
  const leaves = genesis.allocations.map((allocation, n) => {
    credit(state, SERO_ASSET, allocation.value);
    state.issued.set((state.issued.get() ?? 0n) + allocation.value);
    return noteCommitment(allocationNote(allocation, genesisHash, n, owners[n]));
  });
  genesisRecords(state, genesis);
  state.version.set(BigInt(genesis.version));
  state.rewardPool.set(0n);
  state.setNullifierSet(EMPTY_NULLIFIER_SET);
  const { frontier, notesRoot } = appendNotes(state, frontierOf(state), leaves, 0n, chain.hasher);
  const validatorsRoot = genesisTableRoot(genesis, state, view);
  const { changes, stateRoot } = seal(view);
  const header: Header = {
    ...emptyHeader(chain),
    time: genesis.time,
    seed: genesis.seed,
    validatorsRoot,
    stateRoot,
    notesRoot,
    baseFee: genesis.fees.baseFeeStart,
  };
  return {
    header,
    receipts: [],
    frontier,
    changes,
    tables: { root: validatorsRoot, commit: () => undefined },
  };
}

/** @param rootBefore of the note tree as it is, where that is known */
function appendNotes(
  state: State,
  before: Frontier,
  leaves: readonly bigint[],
  height: bigint,
  hasher: HashNodes,
  rootBefore?: Uint8Array,
): { frontier: Frontier; notesRoot: Uint8Array } {
  if (leaves.length === 0 && rootBefore !== undefined) {
    state.setAnchorRoot(height, rootBefore);
    return { frontier: before, notesRoot: rootBefore };
  }
  const { frontier, shardRoots } = appendLeaves(before, leaves, hasher);
  const firstShard = before.size >> SHARD_BITS;
  for (const [offset, root] of shardRoots.entries()) state.shardRoot(firstShard + BigInt(offset)).set(root);
  state.frontier.set(frontier);
  const notesRoot = fieldToBytes(frontierRoot(frontier, hasher));
  state.setAnchorRoot(height, notesRoot);
  return { frontier, notesRoot };
}

/** Brings the state tree up to date with what the block did. */
function seal(view: Overlay): { changes: readonly Change[]; stateRoot: Uint8Array } {
  const stateRoot = updateStateTree(
    view,
    view.changes().filter(({ key }) => key[0] === TREE[0]),
  );
  return { changes: view.changes(), stateRoot };
}

function emptyHeader({ genesis, genesisHash }: ChainView): Header {
  const zeros = new Uint8Array(32);
  return {
    version: 1,
    genesisHash,
    height: 0n,
    period: 0,
    parent: zeros,
    time: 0n,
    proposer: [],
    vrfProof: [],
    seed: zeros,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    logsBloom: new Uint8Array(256),
    stateRoot: zeros,
    notesRoot: zeros,
    validatorsRoot: zeros,
    gasUsed: 0n,
    gasLimit: genesis.fees.gasLimit,
    baseFee: 0n,
    versionVote: [],
    disableVote: [],
    absent: [],
  };
}
