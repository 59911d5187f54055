import { pathRoot } from '@sero/circuits';
import { blake2b256, equalBytes, pointToBytes, toHex, utf8 } from '@sero/crypto';
import {
  alias,
  allocationNote,
  decodeExecutedBlock,
  decodeField,
  decodeGenesis,
  type Genesis,
  genesisHash,
  type Header,
  hashNodesWith,
  nameCommitment,
  nextBaseFee,
  noteCommitment,
  type ViewingKey,
  type WitnessTree,
} from '@sero/protocol';
import type { NoteHasher, Scanner } from '@sero/prover';
import { acceptBlock } from './accept-block.ts';
import { rootsHold } from './block-roots.ts';
import { ensure } from './errors.ts';
import { type OwnAddress, ownAddresses } from './own-addresses.ts';
import type {
  Companion,
  HistoryEntry,
  KnownAsset,
  LostSpend,
  NameCommitment,
  OwnedNote,
  PendingSpend,
  SentRecord,
  UndisclosedNote,
} from './records.ts';
import {
  placeTransactions,
  registeredAssets,
  type ScanAccount,
  type ScanResult,
  scanAllocations,
  scanTransactions,
} from './scan.ts';
import { startRecords, type WalletStart } from './start.ts';
import {
  type AddressUse,
  type Anchor,
  commitmentOf,
  DAMAGED,
  loadState,
  type Tip,
  written,
} from './state.ts';
import type { WalletChange, WalletStore } from './store.ts';

/** What a wallet is opened with. */
export interface WalletOptions {
  /** TK of the account: enough to see everything. Spending keys stay outside and are handed to `sign` and `prove`. */
  readonly key: ViewingKey;
  /** The genesis file, serialised. */
  readonly genesis: Uint8Array;
  readonly store: WalletStore;
  readonly scanner: Scanner;
  readonly hasher: NoteHasher;
  /** True for an auditor: every output is tried, whatever its view tag says. Default: false. */
  readonly audit?: boolean;
  /**
   * A checkpoint before the account's first transaction, for a wallet whose store is empty: it begins there and sees nothing older.
   * Default: block 0. A store that holds a wallet already goes on where it was.
   */
  readonly start?: WalletStart;
}

/** Money of one asset. */
export interface Balance {
  readonly asset: bigint;
  /** "SERO", a token's or category's name, or undefined where the asset is not known. */
  readonly name: string | undefined;
  /** Can be spent now. */
  readonly spendable: bigint;
  /** In notes that no anchor covers yet: can be spent in a block or a few. */
  readonly waiting: bigint;
  /** In notes that a submitted transaction spends; its change comes back with the block. */
  readonly pending: bigint;
  readonly total: bigint;
}

/** How far a wallet has read, so that nobody takes what it knows for what there is. */
export interface SyncState {
  /** Height that balances and history are of; undefined before the first block. */
  readonly height: bigint | undefined;
  /** Time of that block, ms since 1970. */
  readonly time: bigint | undefined;
  /** Height of the chain's head as `expectHead` last said; undefined where nothing said it since the wallet was opened. */
  readonly target: bigint | undefined;
  /** True where the wallet has read as far as `target`; false while it reads, and where it does not know of a head. */
  readonly current: boolean;
}

/** One account's view of the chain: fed with serialised blocks, it knows notes, balances and history. */
export interface Wallet {
  readonly key: ViewingKey;
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  /**
   * The note tree. A path of an own note is compared with the root that a header confirmed before it is handed out: a damaged store
   * gives `store-damaged`, not a proof that nobody takes.
   */
  readonly tree: Pick<WitnessTree, 'rootAt' | 'pathAt' | 'size'>;
  tip(): Tip | undefined;
  /**
   * Scans the next block, serialised with its receipts. Everything in it is checked against its header: `block-not-next`,
   * `block-roots`, `other-genesis`, or ProtocolError for bytes that do not decode; the wallet is then what it was.
   */
  addBlock(bytes: Uint8Array): Promise<ScanResult>;
  /**
   * Scans the next blocks and writes what it found as one batch. Where one is refused, or the signal comes, those before it
   * stay. Where the store fails, none does: the wallet is what the store holds.
   */
  addBlocks(blocks: readonly Uint8Array[], signal?: AbortSignal): Promise<ScanResult[]>;
  syncState(): SyncState;
  /** Tells the wallet how high the chain is; `syncState` compares. */
  expectHead(height: bigint): void;
  balances(): Balance[];
  /** All notes, spent ones too, by position. */
  notes(): OwnedNote[];
  /** Unspent notes that no submitted transaction spends; the newest may still wait for an anchor. */
  spendableNotes(): OwnedNote[];
  /** Receipts under a wrong view tag, which only an audit finds: no payments by the protocol, though their owner could spend them. */
  untagged(): OwnedNote[];
  history(): readonly HistoryEntry[];
  /** Spends whose notes this key cannot open: while there is one, the account is not audited. */
  undisclosed(): readonly UndisclosedNote[];
  /** A registered asset by number, or by the name of its token or category. */
  asset(nameOrNumber: string | bigint): KnownAsset | undefined;
  /** The newest anchor whose height is a multiple of the network's anchor step. */
  anchor(): Anchor | undefined;
  /** A fresh own one-time address; it is never handed out again. */
  freshAddress(use: AddressUse): Promise<OwnAddress>;
  /** The newest own commitment to a name, from the chain: a restored wallet has it too. */
  commitment(name: string): NameCommitment | undefined;
  /** What was submitted beside a note before: whoever spends the note again uses it again (design 2, Notes). */
  companion(position: bigint): Companion | undefined;
  /**
   * Keeps the notes of a submitted transaction from being spent again until it is in a block or expires. Throws
   * `already-spending` where one of them is spent, or reserved by another transaction.
   *
   * @returns false where this very transaction had reserved them before
   */
  reserve(spend: PendingSpend): Promise<boolean>;
  /** Frees the notes of a submitted transaction that was refused. */
  release(txid: Uint8Array): Promise<void>;
  /** Keeps what a reserved transaction does, for the history; nothing where it is not reserved. */
  describe(txid: Uint8Array, sent: SentRecord): Promise<void>;
  /** Submitted transactions that no block holds yet, oldest expiry first. */
  pending(): readonly PendingSpend[];
  /** Submitted transactions that no block will hold: expired, or replaced by another one. This device alone knows them. */
  lost(): readonly LostSpend[];
}

const ADDRESS_USES: readonly AddressUse[] = ['once', 'owner'];

/** The salt of a name, derived so that a wallet restored between commit and issue still has it. */
export function nameSalt(key: ViewingKey, name: string): Uint8Array {
  return blake2b256('SERO_namesalt', key.vskSeed, utf8(name));
}

/** Opens a wallet: what its store holds, or an empty one that waits for block 0. Throws `store-damaged`, `other-genesis`. */
export async function openWallet(options: WalletOptions): Promise<Wallet> {
  const { key, store, scanner, audit = false } = options;
  const genesis = decodeGenesis(options.genesis);
  const networkHash = genesisHash(genesis);
  const hashNodes = hashNodesWith(options.hasher);
  if (options.start !== undefined && (await store.get('head')) === undefined) {
    await store.write(startRecords(options.start, networkHash, genesis.anchor.step, hashNodes));
  }
  let state = await loadState(store, networkHash, hashNodes);
  let own = ownAddresses(key, genesis.chainId, state);
  /** True where memory may be ahead of the store, because a write failed. */
  let stale = false;
  let target: bigint | undefined;
  const account: ScanAccount = { key, scanner, audit, noteAt: (position) => state.notes.get(position) };
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
      for (const bytes of blocks) {
        signal?.throwIfAborted();
        results.push(await scanBlock(bytes, changes));
      }
    } finally {
      await keep(changes);
    }
    return results;
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

  /** Scans one block; what is to be written goes to the end of `changes`. */
  async function scanBlock(bytes: Uint8Array, changes: WalletChange[]): Promise<ScanResult> {
    const executed = decodeExecutedBlock(bytes);
    const { header } = executed.block;
    checkLink(header);
    ensure(
      rootsHold(executed),
      'block-roots',
      'the block’s transactions or receipts are not those of its header',
    );
    const before = state.tree.size();
    const counters = { once: { ...state.addresses.once }, owner: { ...state.addresses.owner } };
    const allocations =
      header.height === 0n
        ? genesis.allocations.map((allocation, n) => ({
            note: allocationNote(allocation, networkHash, n),
            index: n,
          }))
        : [];
    const { transactions, leaves } = placeTransactions(executed, before + BigInt(allocations.length));
    state.tree.append([...allocations.map(({ note }) => noteCommitment(note)), ...leaves]);
    try {
      const root = rootAfter(before);
      ensure(
        root === decodeField(header.notesRoot, 'notes root'),
        'block-roots',
        'the block’s notes do not give its notes root',
      );
      const scanned = await scanTransactions(account, executed, transactions);
      const allocated = await scanAllocations(account, allocations);
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
          header,
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

  function checkLink(header: Header): void {
    ensure(equalBytes(header.genesisHash, networkHash), 'other-genesis', 'this block is of another network');
    const { tip } = state;
    const expected = tip === undefined ? 0n : tip.header.height + 1n;
    ensure(
      header.height === expected && (tip === undefined || equalBytes(header.parent, tip.hash)),
      'block-not-next',
      `the wallet waits for block ${expected} on top of the last one it saw`,
    );
    const { fees } = genesis;
    ensure(
      header.version === 1 &&
        header.gasLimit === fees.gasLimit &&
        header.gasUsed <= header.gasLimit &&
        (tip === undefined
          ? header.time === genesis.time && header.baseFee === fees.baseFeeStart
          : header.time > tip.header.time && header.baseFee === nextBaseFee(fees, tip.header)),
      'block-rules',
      'the block follows rules that this wallet does not know: look for a newer wallet',
    );
  }

  function unspent(): OwnedNote[] {
    return [...state.notes.values()].filter(({ spentAt, tagged }) => spentAt === undefined && tagged);
  }

  function reserved(): Set<bigint> {
    return new Set([...state.pending.values()].flatMap(({ positions }) => positions));
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

    balances() {
      const held = reserved();
      const covered = state.anchors.at(-1)?.size ?? 0n;
      const sums = new Map<bigint, { spendable: bigint; waiting: bigint; pending: bigint }>();
      for (const { asset, value, position } of unspent()) {
        const sum = sums.get(asset) ?? { spendable: 0n, waiting: 0n, pending: 0n };
        sum[held.has(position) ? 'pending' : position < covered ? 'spendable' : 'waiting'] += value;
        sums.set(asset, sum);
      }
      return [...sums]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([asset, { spendable, waiting, pending }]) => ({
          asset,
          name: state.assets.get(asset)?.name,
          spendable,
          waiting,
          pending,
          total: spendable + waiting + pending,
        }));
    },

    notes: () => [...state.notes.values()].toSorted((a, b) => (a.position < b.position ? -1 : 1)),

    spendableNotes() {
      const held = reserved();
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

    reserve: (spend) =>
      inTurn(async () => {
        if (state.pending.has(toHex(spend.txid))) return false;
        const held = reserved();
        ensure(
          spend.positions.every(
            (position) => !held.has(position) && state.notes.get(position)?.spentAt === undefined,
          ),
          'already-spending',
          'a note of this plan is spent, or another submitted transaction spends it: plan again',
        );
        const companions = companionsOf(spend, state.companions);
        await store.write([
          written.pending(spend),
          ...companions.map(([position, companion]) => written.companion(position, companion)),
        ]);
        state.pending.set(toHex(spend.txid), spend);
        for (const [position, companion] of companions) state.companions.set(position, companion);
        return true;
      }),

    release: (txid) =>
      inTurn(async () => {
        await store.write([written.droppedPending(toHex(txid))]);
        state.pending.delete(toHex(txid));
      }),

    describe: (txid, sent) =>
      inTurn(async () => {
        const spend = state.pending.get(toHex(txid));
        if (spend === undefined) return;
        const described = { ...spend, sent };
        await store.write([written.pending(described)]);
        state.pending.set(toHex(txid), described);
      }),

    pending: () => [...state.pending.values()].toSorted((a, b) => (a.expiry < b.expiry ? -1 : 1)),
    lost: () => [...state.lost.values()],
  };
}

/** Each note of a submitted transaction with what stood beside it, now and in earlier ones. */
function companionsOf(
  { positions, dummies }: PendingSpend,
  earlier: ReadonlyMap<bigint, Companion>,
): [bigint, Companion][] {
  return positions.map((position) => {
    const before = earlier.get(position);
    const beside = new Set([...(before?.positions ?? []), ...positions]);
    beside.delete(position);
    const all = new Map([...(before?.dummies ?? []), ...dummies].map((dummy) => [dummy.rcm, dummy]));
    return [position, { positions: [...beside], dummies: [...all.values()] }];
  });
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
