import type { Type } from '@chainsafe/ssz';
import { equalBytes, fieldToBytes } from '@sero/crypto';
import {
  type Block,
  type CheckedTransaction,
  checkGenesis,
  checkTransaction,
  decodeBlock,
  decodeEnvelope,
  type ExecutedBlock,
  encodeExecutedBlock,
  frontierRoot,
  type Genesis,
  genesisHash,
  type HashNodes,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  nullifierSetLeaf,
  ProtocolError,
} from '@sero/protocol';
import { type Groth16Verifier, loadVerifyingKeys, type NoteHasher } from '@sero/prover';
import { type Change, type KeyValueStore, overlay, type StateTree, stateRoot, updateTree } from '@sero/store';
import type { AssetRecord } from './codecs.ts';
import { ensure, LedgerError } from './errors.ts';
import { type BlockExecution, type ChainView, EXECUTED, executeBlock, executeGenesis } from './execute.ts';
import { proofChecker } from './proofs.ts';
import { findBadSignature } from './signatures.ts';
import { frontierOf, type State, stateOf, TREE } from './state.ts';

/** What a ledger needs of the world. */
export interface LedgerOptions {
  readonly genesis: Genesis;
  readonly store: KeyValueStore;
  /** Canonical bytes of the verifying keys that genesis names. */
  readonly verifyingKeys: readonly Uint8Array[];
  readonly verifier: Groth16Verifier;
  readonly hasher: NoteHasher;
  /** Unpredictable bytes, for the coefficients of batches of signatures. A guessable source lets false signatures through. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** A transaction that a proposer left out, and why. */
export interface Rejected {
  /** Its place among the transactions given. */
  readonly index: number;
  readonly error: LedgerError | ProtocolError;
}

/** The chain's state and the only way to change it. Methods that change it wait for one another. */
export interface Ledger {
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  /** The last block's header. */
  head(): Header;
  /** The root over the whole state, 32 bytes; equal to `head().stateRoot`. */
  stateRoot(): Uint8Array;
  /** Checks a transaction for the next block: encoding, rules, state, signature and proof. Changes nothing. Throws LedgerError or ProtocolError. */
  check(transaction: Uint8Array): Promise<CheckedTransaction>;
  /** Builds the next block of the given transactions, leaving out those that are refused. Changes nothing. */
  propose(transactions: readonly Uint8Array[], time: bigint): Promise<{ block: Block; rejected: Rejected[] }>;
  /** Applies a block as a whole, or throws LedgerError or ProtocolError with the rule's code and changes nothing. */
  apply(block: Uint8Array): Promise<ExecutedBlock>;
  /** A block with its receipts, serialised; height 0 is the genesis block. Throws `block-unknown`. */
  executedBlock(height: bigint): Uint8Array;
  /** The root of a complete shard of 65,536 notes, by number. */
  shardRoot(index: bigint): bigint | undefined;
  /** The registry's record of an asset. */
  asset(id: bigint): AssetRecord | undefined;
  /** What the pool holds of an asset. */
  pooled(asset: bigint): bigint;
  /** Fees and prices that wait for proposers. */
  rewardPool(): bigint;
}

/** Opens the chain in a store, or begins it there. Throws `store-of-another-genesis`, ProverError for keys, ProtocolError for genesis. */
export function openLedger(options: LedgerOptions): Ledger {
  const { genesis, store } = options;
  checkGenesis(genesis);
  const hash = genesisHash(genesis);
  const keys = loadVerifyingKeys(genesis.verifyingKeys, options.verifyingKeys, {
    devnet: genesis.devnet === 1,
  });
  const proofs = proofChecker(options.verifier, keys);
  const hasher = hashNodesWith(options.hasher);
  let tree = treeOf(store);
  let head = openHead();
  let queue: Promise<unknown> = Promise.resolve();

  function chain(): ChainView {
    return { genesis, genesisHash: hash, tree, hasher };
  }

  function stateNow() {
    return stateOf(overlay(store), genesis.anchor.window);
  }

  function openHead(): Header {
    const stored = stateNow().head.get();
    if (stored !== undefined) {
      const header = HeaderType.deserialize(stored.slice());
      ensure(
        equalBytes(header.genesisHash, hash),
        'store-of-another-genesis',
        'this store holds the chain of another genesis file',
      );
      checkStore(stateNow(), tree, header, hasher);
      return header;
    }
    const view = overlay(store);
    const made = executeGenesis({ genesis, genesisHash: hash, tree: undefined, hasher }, view);
    persist({ block: { header: made.header, transactions: [] }, receipts: [] }, made.changes);
    tree = made.tree;
    return made.header;
  }

  /** One atomic write: the block's changes, the block, the head. */
  function persist(executed: ExecutedBlock, changes: readonly Change[]): void {
    const view = overlay(store);
    const state = stateOf(view, genesis.anchor.window);
    state.block(executed.block.header.height).set(encodeExecutedBlock(executed));
    state.head.set(HeaderType.serialize(executed.block.header));
    store.write([...changes, ...view.changes()]);
  }

  function decode(bytes: Uint8Array, options = { signature: true }): CheckedTransaction {
    return checkTransaction(decodeEnvelope(bytes), bytes, { genesis, genesisHash: hash }, options);
  }

  function begin(time: bigint): BlockExecution {
    return executeBlock(chain(), head, time, overlay(store));
  }

  /** Runs jobs one after another, so that none sees the state between two halves of another. */
  function inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = queue.then(job);
    queue = result.catch(() => undefined);
    return result;
  }

  return {
    genesis,
    genesisHash: hash,
    head: () => HeaderType.deserialize(HeaderType.serialize(head)),
    stateRoot: () => head.stateRoot.slice(),

    async check(transaction) {
      const checked = decode(transaction, { signature: false });
      const root = begin(head.time + 1n).check(checked);
      const unsigned = findBadSignature([checked], options.randomBytes);
      if (unsigned !== undefined) throw unsigned.error;
      const [error] = await proofs.check([{ checked, root }]);
      if (error !== undefined) throw error;
      return checked;
    },

    propose: (transactions, time) =>
      inTurn(async () => {
        const execution = begin(time);
        const included: Uint8Array[] = [];
        const rejected: Rejected[] = [];
        for (const [index, bytes] of transactions.entries()) {
          try {
            const checked = decode(bytes);
            const root = execution.check(checked);
            const [error] = await proofs.check([{ checked, root }]);
            if (error !== undefined) throw error;
            execution.apply(checked);
            included.push(bytes);
          } catch (error) {
            if (!(error instanceof LedgerError || error instanceof ProtocolError)) throw error;
            rejected.push({ index, error });
          }
        }
        const { header } = execution.finish();
        return { block: { header, transactions: included }, rejected };
      }),

    apply: (bytes) =>
      inTurn(async () => {
        const block = decodeBlock(bytes);
        checkLink(block.header, head);
        const execution = begin(block.header.time);
        checkHeader(block.header, execution.expected, (name) => !EXECUTED.includes(name));
        const claims = block.transactions.map((transaction, index) => {
          try {
            const checked = decode(transaction, { signature: false });
            const root = execution.check(checked);
            execution.apply(checked);
            return { checked, root };
          } catch (error) {
            throw inBlock(error, index);
          }
        });
        const unsigned = findBadSignature(
          claims.map(({ checked }) => checked),
          options.randomBytes,
        );
        if (unsigned !== undefined) throw inBlock(unsigned.error, unsigned.index);
        for (const [index, error] of (await proofs.check(claims)).entries()) {
          if (error !== undefined) throw inBlock(error, index);
        }
        const { header, receipts, changes, tree: grown } = execution.finish();
        checkHeader(block.header, header, (name) => EXECUTED.includes(name));
        const executed = { block, receipts };
        persist(executed, changes);
        tree = grown;
        head = header;
        return executed;
      }),

    executedBlock(height) {
      const bytes = stateNow().block(height).get();
      ensure(bytes !== undefined, 'block-unknown', `there is no block of height ${height}`);
      return bytes.slice();
    },

    shardRoot: (index) => stateNow().shardRoot(index).get(),
    asset: (id) => stateNow().asset(id).get(),
    pooled: (asset) => stateNow().turnstile(asset).get() ?? 0n,
    rewardPool: () => stateNow().rewardPool.get() ?? 0n,
  };
}

/** A store must be what its head says: a state that was changed behind the ledger's back is refused, not served. */
function checkStore(state: State, tree: StateTree, head: Header, hasher: HashNodes): void {
  const nullifiers = nullifierSetLeaf(state.nullifierSet());
  ensure(
    equalBytes(stateRoot(tree), head.stateRoot) &&
      equalBytes(fieldToBytes(frontierRoot(frontierOf(state), hasher)), head.notesRoot) &&
      equalBytes(state.nullifierLeaf() ?? new Uint8Array(0), nullifiers),
    'store-damaged',
    'the stored state is not that of its last block: load the chain again',
  );
}

/** Height, parent and genesis first: they say that the block is not for this state at all. */
function checkLink(header: Header, parent: Header): void {
  ensure(
    equalBytes(header.genesisHash, parent.genesisHash),
    'header-genesisHash',
    'the block is of another chain',
  );
  ensure(
    header.height === parent.height + 1n,
    'header-height',
    `the next block has height ${parent.height + 1n}`,
  );
  ensure(
    equalBytes(header.parent, headerHash(parent)),
    'header-parent',
    'the block continues another chain than this one',
  );
}

/** The wanted fields of a header must be what they are computed to be; the error names the first that is not. */
function checkHeader(given: Header, computed: Header, wanted: (name: keyof Header) => boolean): void {
  for (const name of (Object.keys(HeaderType.fields) as (keyof Header)[]).filter(wanted)) {
    const type = HeaderType.fields[name] as Type<unknown>;
    if (!equalBytes(type.serialize(given[name]), type.serialize(computed[name]))) {
      throw new LedgerError(`header-${name}`, `the header's ${name} is not what this chain computes`);
    }
  }
}

function inBlock(error: unknown, index: number): unknown {
  if (error instanceof LedgerError) {
    return new LedgerError(error.code, `transaction ${index}: ${error.message}`, { cause: error });
  }
  if (error instanceof ProtocolError) {
    return new ProtocolError(error.code, `transaction ${index}: ${error.message}`);
  }
  return error;
}

function treeOf(store: KeyValueStore): StateTree {
  return updateTree(
    undefined,
    [...store.entries(TREE)].map(([key, value]) => ({ key, value })),
  );
}
