import { blake2b256, equalBytes, fieldFromBytes, pointToBytes, toHex, utf8 } from '@sero/crypto';
import {
  allocationNote,
  decodeExecutedBlock,
  decodeGenesis,
  type ExecutedBlock,
  type Genesis,
  genesisHash,
  type Header,
  hashNodesWith,
  headerHash,
  noteCommitment,
  receiptsRoot,
  transactionsRoot,
  type ViewingKey,
  type WitnessTree,
  witnessTransactionId,
} from '@sero/protocol';
import type { NoteHasher, Scanner } from '@sero/prover';
import { ensure } from './errors.ts';
import { type OwnAddress, ownAddresses } from './own-addresses.ts';
import type {
  HistoryEntry,
  KnownAsset,
  OwnedNote,
  PendingName,
  PendingSpend,
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
import { nodesBelow, shardsToDrop } from './shards.ts';
import { type AddressUse, type Anchor, loadState, type Tip, written } from './state.ts';
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
  /** True for an auditor: every output is tried, whatever its view tag says. */
  readonly audit?: boolean;
}

/** Money of one asset. */
export interface Balance {
  readonly asset: bigint;
  /** "SERO", a token's or category's name, or undefined where the asset is not known. */
  readonly name: string | undefined;
  /** Can be spent now. */
  readonly spendable: bigint;
  /** In notes that a submitted transaction spends; its change comes back with the block. */
  readonly pending: bigint;
  readonly total: bigint;
}

/** One account's view of the chain: fed with serialised blocks, it knows notes, balances and history. */
export interface Wallet {
  readonly key: ViewingKey;
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  readonly tree: Pick<WitnessTree, 'rootAt' | 'pathAt' | 'size'>;
  tip(): Tip | undefined;
  /**
   * Scans the next block, serialised with its receipts. Everything in it is checked against its header: `block-not-next`,
   * `block-roots`, `other-genesis`, or ProtocolError for bytes that do not decode; the wallet is then what it was.
   */
  addBlock(bytes: Uint8Array): Promise<ScanResult>;
  balances(): Balance[];
  /** All notes, spent ones too, by position. */
  notes(): OwnedNote[];
  /** Unspent notes that no submitted transaction spends. */
  spendableNotes(): OwnedNote[];
  history(): readonly HistoryEntry[];
  /** Spends whose notes this key cannot open: while there is one, the account is not audited. */
  undisclosed(): readonly UndisclosedNote[];
  /** A registered asset by number, or by the name of its token or category. */
  asset(nameOrNumber: string | bigint): KnownAsset | undefined;
  /** The newest anchor whose height is a multiple of the network's anchor step. */
  anchor(): Anchor | undefined;
  /** A fresh own one-time address; it is never handed out again. */
  freshAddress(use: AddressUse): Promise<OwnAddress>;
  /** An own address by its number. */
  ownAddress(use: AddressUse, index: bigint): OwnAddress;
  pendingName(name: string): PendingName | undefined;
  /** Keeps the notes of a submitted transaction from being spent again until it is in a block or expires. */
  reserve(spend: PendingSpend, name?: PendingName): Promise<void>;
  /** Frees the notes of a submitted transaction that was refused. */
  release(txid: Uint8Array): Promise<void>;
}

/** Anchors that are kept: the newest is used, the others are there to look at. */
const ANCHORS_KEPT = 16;

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
  const state = await loadState(store, networkHash, hashNodesWith(options.hasher));
  const own = ownAddresses(key, genesis.chainId, state);
  const account: ScanAccount = { key, scanner, audit, noteAt: (position) => state.notes.get(position) };
  let queue: Promise<unknown> = Promise.resolve();

  /** Runs jobs one after another, so that a block is scanned as a whole before the next begins. */
  function inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = queue.then(job);
    queue = result.catch(() => undefined);
    return result;
  }

  async function addBlock(bytes: Uint8Array): Promise<ScanResult> {
    const executed = decodeExecutedBlock(bytes);
    const { header } = executed.block;
    checkLink(header);
    checkRoots(executed);
    const before = state.tree.size();
    const counters = structuredClone(state.addresses);
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
      const root = state.tree.rootAt(state.tree.size());
      ensure(
        root === fieldFromBytes(header.notesRoot),
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
      await accept(header, result, registeredAssets(transactions, genesis.chainId), before, root);
      return result;
    } catch (error) {
      state.tree.truncate(before);
      for (const use of ADDRESS_USES) Object.assign(state.addresses[use], counters[use]);
      throw error;
    }
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
  }

  /** Writes a scanned block's findings as one batch, then changes what is in memory. */
  async function accept(
    header: Header,
    result: ScanResult,
    registered: readonly KnownAsset[],
    before: bigint,
    root: bigint,
  ): Promise<void> {
    const { tree, notes } = state;
    const tip: Tip = { header, hash: headerHash(header) };
    const spent = new Set(result.spentPositions);
    const received = result.received.map((note) =>
      spent.has(note.position) ? { ...note, spentAt: header.height } : note,
    );
    const touched = [...spent].flatMap((position) => {
      const note = notes.get(position);
      return note === undefined ? [] : [{ ...note, spentAt: header.height }];
    });
    const settled = [...state.pending].filter(
      ([, spend]) => spend.expiry <= header.height || spend.positions.some((position) => spent.has(position)),
    );
    const used = registered.filter(({ name }) => state.names.has(name));
    const anchor =
      header.height % genesis.anchor.step === 0n
        ? { height: header.height, size: tree.size(), root }
        : undefined;
    const left = [...notes.values(), ...received].filter(
      ({ position, spentAt }) => spentAt === undefined && !spent.has(position),
    );
    const dropped = anchor === undefined ? [] : shardsToDrop(state.anchors.at(-1), anchor, left);
    const oldAnchors = anchor === undefined ? [] : state.anchors.slice(0, -ANCHORS_KEPT);
    const moved = audit ? [] : result.ownAddresses.flatMap((vpkr) => own.seen(vpkr));
    const changes: WalletChange[] = [
      written.head(networkHash, tip, tree.size()),
      ...[...tree.nodes(before)].map(written.node),
      ...[...received, ...touched].map(written.note),
      ...registered.map(written.asset),
      ...result.history.map((entry, i) => written.history(entry, state.history.length + i)),
      ...result.undisclosed.map((note, i) => written.undisclosed(note, state.undisclosed.length + i)),
      ...settled.map(([txid]) => written.droppedPending(txid)),
      ...used.map(({ name }) => written.droppedName(name)),
      ...(anchor === undefined ? [] : [written.anchor(anchor)]),
      ...oldAnchors.map(written.droppedAnchor),
      ...moved.map((use) => written.addresses(use, state.addresses[use])),
      ...dropped.flatMap(nodesBelow).map(([level, index]) => written.droppedNode(level, index)),
    ];
    await store.write(changes);

    for (const note of [...received, ...touched]) notes.set(note.position, note);
    for (const asset of registered) state.assets.set(asset.asset, asset);
    state.history.push(...result.history);
    state.undisclosed.push(...result.undisclosed);
    for (const [txid] of settled) state.pending.delete(txid);
    for (const { name } of used) state.names.delete(name);
    if (anchor !== undefined) state.anchors.push(anchor);
    state.anchors.splice(0, oldAnchors.length);
    state.tip = tip;
    for (const shard of dropped) tree.dropShard(shard);
  }

  function unspent(): OwnedNote[] {
    return [...state.notes.values()].filter(({ spentAt }) => spentAt === undefined);
  }

  function reserved(): Set<bigint> {
    return new Set([...state.pending.values()].flatMap(({ positions }) => positions));
  }

  return {
    key,
    genesis,
    genesisHash: networkHash,
    tree: state.tree,
    tip: () => state.tip,
    addBlock: (bytes) => inTurn(() => addBlock(bytes)),

    balances() {
      const held = reserved();
      const sums = new Map<bigint, { spendable: bigint; pending: bigint }>();
      for (const { asset, value, position } of unspent()) {
        const sum = sums.get(asset) ?? { spendable: 0n, pending: 0n };
        sum[held.has(position) ? 'pending' : 'spendable'] += value;
        sums.set(asset, sum);
      }
      return [...sums]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([asset, { spendable, pending }]) => ({
          asset,
          name: state.assets.get(asset)?.name,
          spendable,
          pending,
          total: spendable + pending,
        }));
    },

    notes: () => [...state.notes.values()].toSorted((a, b) => (a.position < b.position ? -1 : 1)),

    spendableNotes() {
      const held = reserved();
      return unspent().filter(({ position }) => !held.has(position));
    },

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

    ownAddress: (use, index) => own.at(use, index),
    pendingName: (name) => state.names.get(name),

    reserve: (spend, name) =>
      inTurn(async () => {
        await store.write([written.pending(spend), ...(name === undefined ? [] : [written.name(name)])]);
        state.pending.set(toHex(spend.txid), spend);
        if (name !== undefined) state.names.set(name.name, name);
      }),

    release: (txid) =>
      inTurn(async () => {
        await store.write([written.droppedPending(toHex(txid))]);
        state.pending.delete(toHex(txid));
      }),
  };
}

/** A block's transactions and receipts are those that its header names. */
function checkRoots({ block, receipts }: ExecutedBlock): void {
  const { header, transactions } = block;
  ensure(
    receipts.length === transactions.length &&
      equalBytes(transactionsRoot(transactions.map(witnessTransactionId)), header.transactionsRoot) &&
      equalBytes(receiptsRoot(receipts), header.receiptsRoot),
    'block-roots',
    'the block’s transactions or receipts are not those of its header',
  );
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
