import { fieldToBytes } from '@sero/crypto';
import {
  addNullifiers,
  allocationNote,
  appendHeader,
  appendLeaves,
  type CheckedTransaction,
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
} from '@sero/protocol';
import { type Change, type Overlay, updateStateTree } from '@sero/store';
import { expireCommitments } from './assets.ts';
import { ensure } from './errors.ts';
import { frontierOf, historyOf, type State, stateOf, TREE } from './state.ts';
import { applyTransaction, type BlockContext, checkAgainstState, credit } from './transaction.ts';

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
}

/** Header fields that follow from a block's transactions; all others are known beforehand. */
export const EXECUTED: readonly (keyof Header)[] = [
  'transactionsRoot',
  'receiptsRoot',
  'logsBloom',
  'stateRoot',
  'notesRoot',
  'gasUsed',
];

/** Public outputs that settling one transaction makes at most: value, amount and returned gas of a failed call. */
const MAX_SETTLED = 3;

/** Last time that a header can carry. Who makes and votes for blocks keeps far below it, by its clock. */
const LAST_TIME = (1n << 64n) - 1n;

/** A block in the making: the state with it applied so far, nothing of it written. */
export interface BlockExecution {
  /** The header as far as it is known before any transaction: the fields of EXECUTED are still empty. */
  readonly expected: Header;
  /** Checks a transaction against the state so far; returns the root that its proof must use. Changes nothing. */
  check(checked: CheckedTransaction): bigint;
  /** Applies a transaction that `check` and its proof have passed. */
  apply(checked: CheckedTransaction): void;
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
}

/** Starts the block after `parent`. */
export function executeBlock(chain: ChainView, parent: Header, time: bigint, view: Overlay): BlockExecution {
  const { genesis } = chain;
  const state = stateOf(view, genesis.anchor.window);
  const block: BlockContext = {
    genesis,
    height: parent.height + 1n,
    baseFee: nextBaseFee(genesis.fees, parent),
  };
  ensure(time > parent.time && time <= LAST_TIME, 'block-time', 'a block is later than its parent');
  const included: CheckedTransaction[] = [];
  const receipts: Receipt[] = [];
  const leaves: bigint[] = [];
  const spent: Uint8Array[] = [];
  const notesBefore = frontierOf(state).size;
  let gasUsed = 0n;
  let size = BLOCK_OVERHEAD;

  const parentHash = headerHash(parent);
  state.setBlockHash(parent.height, parentHash);
  state.history.set(appendHeader(historyOf(state), parentHash));
  expireCommitments(state, block.height);
  const expected: Header = {
    ...emptyHeader(chain),
    height: block.height,
    parent: parentHash,
    time,
    baseFee: block.baseFee,
  };

  return {
    expected,

    check(checked) {
      ensure(
        gasUsed + checked.tx.gasLimit <= genesis.fees.gasLimit,
        'block-gas-limit',
        'the block is full: gas',
      );
      ensure(
        size + checked.size + TRANSACTION_OVERHEAD <= MAX_BLOCK_BYTES,
        'block-too-large',
        'the block is full: bytes',
      );
      ensure(
        notesBefore + BigInt(leaves.length + checked.commitments.length + MAX_SETTLED) <= TREE_CAPACITY,
        'tree-full',
        'the note tree has no room for what this transaction could make',
      );
      return checkAgainstState(state, checked, block);
    },

    apply(checked) {
      const nullifiers = checked.tx.shielded.nullifiers;
      state.addNullifiers(nullifiers);
      spent.push(...nullifiers);
      const applied = applyTransaction(state, checked, block, (action) => {
        const mark = view.mark();
        const outcome = action();
        if (outcome.failure !== undefined) view.revert(mark);
        return outcome;
      });
      included.push(checked);
      receipts.push(applied.receipt);
      leaves.push(...applied.leaves);
      gasUsed += applied.receipt.gasUsed;
      size += checked.size + TRANSACTION_OVERHEAD;
    },

    finish() {
      if (spent.length > 0) state.setNullifierSet(addNullifiers(state.nullifierSet(), spent, chain.shake256));
      const { frontier, notesRoot } = appendNotes(state, leaves, block.height, chain.hasher);
      const { changes, stateRoot } = seal(view);
      const header: Header = {
        ...expected,
        transactionsRoot: transactionsRoot(included.map(({ wtxid }) => wtxid)),
        receiptsRoot: receiptsRoot(receipts),
        stateRoot,
        notesRoot,
        gasUsed,
      };
      return { header, receipts, frontier, changes };
    },
  };
}

/** Block 0: the state that the genesis file describes. */
export function executeGenesis(chain: ChainView, view: Overlay): FinishedBlock {
  const { genesis, genesisHash } = chain;
  const state = stateOf(view, genesis.anchor.window);
  const leaves = genesis.allocations.map((allocation, n) => {
    credit(state, SERO_ASSET, allocation.value);
    return noteCommitment(allocationNote(allocation, genesisHash, n));
  });
  state.version.set(BigInt(genesis.version));
  state.rewardPool.set(0n);
  state.setNullifierSet(EMPTY_NULLIFIER_SET);
  const { frontier, notesRoot } = appendNotes(state, leaves, 0n, chain.hasher);
  const { changes, stateRoot } = seal(view);
  const header: Header = {
    ...emptyHeader(chain),
    time: genesis.time,
    stateRoot,
    notesRoot,
    baseFee: genesis.fees.baseFeeStart,
  };
  return { header, receipts: [], frontier, changes };
}

function appendNotes(
  state: State,
  leaves: readonly bigint[],
  height: bigint,
  hasher: HashNodes,
): { frontier: Frontier; notesRoot: Uint8Array } {
  const before = frontierOf(state);
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
