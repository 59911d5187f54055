import { pathRoot } from '@sero/circuits';
import { blake2b256, equalBytes, pointToBytes, toHex, utf8 } from '@sero/crypto';
import {
  alias,
  decodeField,
  decodeGenesis,
  type FinalBlock,
  genesisHash,
  type Header,
  hashNodesWith,
  nameCommitment,
  type ViewingKey,
} from '@sero/protocol';
import { acceptBlock } from './accept-block.ts';
import { batchesOf } from './batches.ts';
import { ensure } from './errors.ts';
import { portableVotes, walletFinality } from './finality.ts';
import { ownAddresses } from './own-addresses.ts';
import { type ReadBlock, readBlocks } from './read-blocks.ts';
import type { HistoryEntry, OwnedNote } from './records.ts';
import {
  acknowledge,
  amend,
  balancesOf,
  expectSettled,
  refuse,
  reserve,
  reservedNotes,
} from './reservations.ts';
import {
  registeredAssets,
  type ScanAccount,
  type ScanResult,
  scanAllocations,
  scanTransactions,
} from './scan.ts';
import { expectFinalStart, startRecords } from './start.ts';
import { type AddressUse, commitmentOf, DAMAGED, loadState, written } from './state.ts';
import type { WalletChange } from './store.ts';
import { type Findings, tryBlocks } from './try-blocks.ts';
import { turns } from './turns.ts';
import type { Wallet, WalletOptions } from './wallet-interface.ts';

export type * from './wallet-interface.ts';

const ADDRESS_USES: readonly AddressUse[] = ['once', 'owner'];

/** The salt of a name, derived so that a wallet restored between commit and issue still has it. */
export function nameSalt(key: ViewingKey, name: string): Uint8Array {
  return blake2b256('SERO_namesalt', key.vskSeed, utf8(name));
}

/** Opens a wallet: what its store holds, or an empty one that waits for block 0. Throws `store-damaged`, `other-genesis`, `block-not-final`. */
export async function openWallet(options: WalletOptions): Promise<Wallet> {
  const { key, store, scanner, traces, audit = false } = options;
  const genesis = decodeGenesis(options.genesis);
  const networkHash = genesisHash(genesis);
  const hashNodes = hashNodesWith(options.hasher);
  const finality = walletFinality(genesis, options.votes ?? portableVotes());
  if (options.start !== undefined && (await store.get('head')) === undefined) {
    if (finality !== undefined) expectFinalStart(options.start);
    await store.write(startRecords(options.start, networkHash, genesis.anchor.step, hashNodes));
  }
  let state = await loadState(store, networkHash, hashNodes);
  let own = ownAddresses(key, genesis.chainId, state);
  /** True where memory may be ahead of the store, because a write failed. */
  let stale = false;
  let target: bigint | undefined;
  const account: ScanAccount = {
    key,
    audit,
    noteAt: (position) => state.notes.get(position),
  };
  let queue: Promise<unknown> = Promise.resolve();

  /** Runs jobs one after another, so that a block is scanned as a whole before the next begins. */
  function inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = queue.then(async () => {
      if (stale) await reload();
      return job();
    });
    queue = result.catch(() => undefined);
    return result;
  }

  /** Forgets what the store does not hold. */
  async function reload(): Promise<void> {
    state = await loadState(store, networkHash, hashNodes);
    own = ownAddresses(key, genesis.chainId, state);
    stale = false;
  }

  async function addBlocks(blocks: readonly Uint8Array[], signal?: AbortSignal): Promise<ScanResult[]> {
    const results: ScanResult[] = [];
    const changes: WalletChange[] = [];
    try {
      for (const batch of batchesOf(blocks)) await scanBatch(batch, results, changes, signal);
    } finally {
      await keep(changes);
    }
    return results;
  }

  /**
   * Reads some blocks, tries their outputs and traces at once, and takes one block after the other: what one of them spends may have come
   * with one before it.
   */
  async function scanBatch(
    blocks: readonly Uint8Array[],
    results: ScanResult[],
    changes: WalletChange[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    const rest = turns();
    const reading = {
      genesis,
      genesisHash: networkHash,
      tip: state.tip,
      size: state.tree.size(),
      isFinal: (block: FinalBlock) => finality?.holds(block) ?? true,
    };
    const { read, refusal } = await readBlocks(reading, blocks, rest, signal);
    const tried = read.map(({ transactions, allocations, traces: entries }) => ({
      transactions: transactions.map(({ tx }) => tx),
      publicNotes: [...allocations, ...transactions.flatMap(({ publicNotes }) => publicNotes)].map(
        ({ note }) => note,
      ),
      traces: entries,
    }));
    const findings = await tryBlocks({ key, scanner, traces, audit }, tried, signal);
    for (const [i, block] of read.entries()) {
      await rest();
      signal?.throwIfAborted();
      results.push(takeBlock(block, findings[i]!, changes));
    }
    if (refusal !== undefined) throw refusal.error;
  }

  /** Writes what scanned blocks changed as one batch; of several changes of a key the last one. */
  async function keep(changes: readonly WalletChange[]): Promise<void> {
    if (changes.length === 0) return;
    const { added, dropped } = state.tree.takeChanges();
    const last = new Map(changes.map((change) => [change.key, change]));
    try {
      await store.write([...last.values(), ...dropped.map(written.droppedNode), ...added.map(written.node)]);
    } catch (error) {
      stale = true;
      // Where the store cannot be read either, the next job tries again before it does anything.
      await reload().catch(() => undefined);
      throw error;
    }
  }

  /** Takes the next block over into the state; what is to be written goes to the end of `changes`. */
  function takeBlock(block: ReadBlock, findings: Findings, changes: WalletChange[]): ScanResult {
    const { tip, executed, allocations, transactions, leaves } = block;
    const { header } = tip;
    const before = state.tree.size();
    const counters = { once: { ...state.addresses.once }, owner: { ...state.addresses.owner } };
    state.tree.append(leaves);
    try {
      const root = rootAfter(before);
      ensure(
        root === decodeField(header.notesRoot, 'notes root'),
        'block-roots',
        'the block’s notes do not give its notes root',
      );
      const scanned = scanTransactions(account, header, transactions, findings, allocations.length);
      const allocated = scanAllocations(account, allocations, findings);
      const result: ScanResult = {
        ...scanned,
        received: [...allocated, ...scanned.received],
        history: [...allocationHistory(allocated, header), ...scanned.history],
        ownAddresses: [
          ...allocated.map(({ index }) => pointToBytes(allocations[index]!.note.owner.vpkr)),
          ...scanned.ownAddresses,
        ],
      };
      const moved = audit ? [] : result.ownAddresses.flatMap((vpkr) => own.seen(vpkr));
      changes.push(
        ...moved.map((use) => written.addresses(use, state.addresses[use])),
        ...acceptBlock(state, {
          tip,
          root,
          result,
          txids: new Set(executed.receipts.map(({ txid }) => toHex(txid))),
          registered: registeredAssets(transactions, genesis.chainId),
          anchorStep: genesis.anchor.step,
        }),
      );
      return result;
    } catch (error) {
      state.tree.truncate(before);
      for (const use of ADDRESS_USES) Object.assign(state.addresses[use], counters[use]);
      throw error;
    }
  }

  /** The root now; a block without notes has its parent's, and 18 hashes are saved. */
  function rootAfter(before: bigint): bigint {
    const { tip, tree } = state;
    return tip !== undefined && tree.size() === before
      ? decodeField(tip.header.notesRoot, 'notes root')
      : tree.rootAt(tree.size());
  }

  function unspent(): OwnedNote[] {
    return [...state.notes.values()].filter(({ spentAt, tagged }) => spentAt === undefined && tagged);
  }

  return {
    key,
    genesis,
    genesisHash: networkHash,
    tree: {
      size: () => state.tree.size(),
      rootAt: (size) => state.tree.rootAt(size),
      pathAt(position, size) {
        const path = state.tree.pathAt(position, size);
        const note = state.notes.get(position);
        const root = state.anchors.find((anchor) => anchor.size === size)?.root ?? state.tree.rootAt(size);
        const leads = note === undefined || pathRoot(commitmentOf(note), position, path) === root;
        ensure(leads, 'store-damaged', DAMAGED);
        return path;
      },
    },
    finality,
    tip: () => state.tip,
    addBlock: async (bytes) => (await inTurn(() => addBlocks([bytes])))[0]!,
    addBlocks: (blocks, signal) => inTurn(() => addBlocks(blocks, signal)),

    syncState() {
      const header = state.tip?.header;
      return {
        height: header?.height,
        time: header?.time,
        target,
        current: header !== undefined && target !== undefined && header.height >= target,
      };
    },

    expectHead(height) {
      target = height;
    },

    balances: () => balancesOf(state, unspent()),

    notes: () => [...state.notes.values()].toSorted((a, b) => (a.position < b.position ? -1 : 1)),

    spendableNotes() {
      const held = reservedNotes(state);
      return unspent().filter(({ position }) => !held.has(position));
    },

    untagged: () => [...state.notes.values()].filter(({ tagged }) => !tagged),
    history: () => state.history,
    undisclosed: () => state.undisclosed,

    asset(nameOrNumber) {
      if (typeof nameOrNumber === 'bigint') return state.assets.get(nameOrNumber);
      // A ticket carries its category's name; the name alone means the token or the category.
      return [...state.assets.values()].find(
        ({ name, kind, supply }) => name === nameOrNumber && (kind === 1 || supply === 0n),
      );
    },

    anchor: () => state.anchors.at(-1),

    freshAddress: (use) =>
      inTurn(async () => {
        const address = own.fresh(use);
        await store.write([written.addresses(use, state.addresses[use])]);
        return address;
      }),

    commitment: (name) =>
      [...state.commitments.values()].findLast(({ hash, from }) =>
        equalBytes(hash, nameCommitment(name, nameSalt(key, name), alias(from))),
      ),

    companion: (position) => state.companions.get(position),

    reserve: (spend) => inTurn(() => reserve(state, store, spend)),
    refuse: (txid) => inTurn(() => refuse(state, store, txid)),
    expectSettled: () => expectSettled(state),
    entered: () => [...state.entered.values()],
    acknowledge: (txid) => inTurn(() => acknowledge(state, store, txid)),
    describe: (txid, sent) => inTurn(() => amend(state, store, txid, { sent })),

    pending: () => [...state.pending.values()].toSorted((a, b) => (a.expiry < b.expiry ? -1 : 1)),
    lost: () => [...state.lost.values()],
  };
}

function allocationHistory(allocated: readonly OwnedNote[], header: Header): HistoryEntry[] {
  return allocated.map(({ txid, asset, value }) => ({
    height: 0n,
    time: header.time,
    txid,
    kind: 'genesis',
    own: false,
    succeeded: true,
    change: [{ asset, amount: value }],
    payments: [],
    fee: 0n,
  }));
}
