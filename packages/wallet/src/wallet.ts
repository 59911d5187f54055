import { blake2b256, equalBytes, pointToBytes, toHex, utf8 } from '@sero/crypto';
import {
  alias,
  allocationNote,
  COMMITMENT_MAX_AGE,
  decodeExecutedBlock,
  decodeField,
  decodeGenesis,
  type Genesis,
  genesisHash,
  type Header,
  hashNodesWith,
  headerHash,
  nameCommitment,
  nextBaseFee,
  noteCommitment,
  type ViewingKey,
  type WitnessTree,
} from '@sero/protocol';
import type { NoteHasher, Scanner } from '@sero/prover';
import { rootsHold } from './block-roots.ts';
import { ensure } from './errors.ts';
import { type OwnAddress, ownAddresses } from './own-addresses.ts';
import type {
  Companion,
  HistoryEntry,
  KnownAsset,
  NameCommitment,
  OwnedNote,
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
  /** In notes that no anchor covers yet: can be spent in a block or a few. */
  readonly waiting: bigint;
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
    ensure(
      rootsHold(executed),
      'block-roots',
      'the block’s transactions or receipts are not those of its header',
    );
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
    const forgotten = [...state.commitments].filter(
      ([, made]) => made.height + COMMITMENT_MAX_AGE < header.height,
    );
    const companions = [...spent].filter((position) => state.companions.has(position));
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
      ...result.commitments.map(written.commitment),
      ...forgotten.map(([hash]) => written.droppedCommitment(hash)),
      ...companions.map(written.droppedCompanion),
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
    for (const [hash] of forgotten) state.commitments.delete(hash);
    for (const made of result.commitments) state.commitments.set(toHex(made.hash), made);
    for (const position of companions) state.companions.delete(position);
    if (anchor !== undefined) state.anchors.push(anchor);
    state.anchors.splice(0, oldAnchors.length);
    state.tip = tip;
    for (const shard of dropped) tree.dropShard(shard);
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
    tree: state.tree,
    tip: () => state.tip,
    addBlock: (bytes) => inTurn(() => addBlock(bytes)),

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
        const companions = companionsOf(spend);
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
  };
}

/** Each note of a submitted transaction with what stood beside it. */
function companionsOf({ positions, dummy }: PendingSpend): [bigint, Companion][] {
  const [first, second] = positions;
  if (first === undefined) return [];
  if (second !== undefined) {
    return [
      [first, { position: second }],
      [second, { position: first }],
    ];
  }
  return dummy === undefined ? [] : [[first, { dummy }]];
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
