import { equalBytes, fieldFromBytes, hashCm, toHex } from '@sero/crypto';
import { type HashNodes, type Header, SERO_ASSET } from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import { fromJson, toJson } from './json.ts';
import { type NoteTree, noteTree, type TreeNode } from './note-tree.ts';
import type {
  Companion,
  EnteredSpend,
  HistoryEntry,
  KnownAsset,
  LostSpend,
  NameCommitment,
  OwnedNote,
  PendingSpend,
  UndisclosedNote,
} from './records.ts';
import type { WalletChange, WalletStore } from './store.ts';

/** Where a wallet stands: it has seen every block up to this one. */
export interface Tip {
  readonly header: Header;
  readonly hash: Uint8Array;
}

/** An anchor that a transaction may use: a height, the tree's size after it, its notes root. */
export interface Anchor {
  readonly height: bigint;
  readonly size: bigint;
  readonly root: bigint;
}

/** Classes of own addresses that a wallet hands out by number. */
export type AddressUse = 'once' | 'owner';

/** Numbers of own addresses: [first, next) were handed out by this store; older ones may be known from the chain. */
export interface AddressCounter {
  first: bigint;
  next: bigint;
}

/** A block by which a chain is known again. */
export type KnownBlock = Pick<Tip, 'hash'> & { readonly height: bigint };

/** What a repaired wallet knew of transactions on their way, until a block that it had read comes by again. */
interface FormerState {
  /**
   * The first block that it had read and the last one. On a chain begun anew they are others, and what was on its way belongs to no note
   * of the new chain.
   */
  readonly blocks: readonly KnownBlock[];
  readonly pending: readonly PendingSpend[];
  readonly companions: Map<bigint, Companion>;
  readonly lost: readonly LostSpend[];
}

/** Everything that a wallet knows. */
export interface WalletState {
  tip: Tip | undefined;
  /** The first block after the genesis block that was read, which tells two chains of one genesis file apart. */
  origin: KnownBlock | undefined;
  readonly tree: NoteTree;
  readonly notes: Map<bigint, OwnedNote>;
  readonly assets: Map<bigint, KnownAsset>;
  readonly history: HistoryEntry[];
  readonly undisclosed: UndisclosedNote[];
  /** Newest last. */
  readonly anchors: Anchor[];
  /** By txid in hexadecimal. */
  readonly pending: Map<string, PendingSpend>;
  /** Own name commitments by hash in hexadecimal. */
  readonly commitments: Map<string, NameCommitment>;
  /** What was once submitted beside an unspent note, by the note's position. */
  readonly companions: Map<bigint, Companion>;
  /** Submitted transactions that no block will hold any more, by txid in hexadecimal. */
  readonly lost: Map<string, LostSpend>;
  /** What blocks hold though a node had said that it refused it, by txid in hexadecimal. */
  readonly entered: Map<string, EnteredSpend>;
  readonly addresses: Readonly<Record<AddressUse, AddressCounter>>;
  former: FormerState | undefined;
}

/** The one record that says what the others belong to. */
export interface StoredHead {
  readonly genesis: Uint8Array;
  readonly tip: Tip;
  readonly size: bigint;
}

const SERO: KnownAsset = { asset: SERO_ASSET, kind: 1, name: 'SERO', supply: 0n };

/** What every refusal of a store says. */
export const DAMAGED = 'the wallet’s store is damaged: repair the wallet, which reads the chain again';

/** Reads a wallet's store; an empty one gives a wallet that waits for block 0. Throws `store-damaged`, `other-genesis`. */
export async function loadState(
  store: WalletStore,
  networkHash: Uint8Array,
  hasher: HashNodes,
): Promise<WalletState> {
  try {
    return await readState(store, networkHash, hasher);
  } catch (error) {
    if (error instanceof WalletError) throw error;
    throw new WalletError('store-damaged', DAMAGED);
  }
}

async function readState(
  store: WalletStore,
  networkHash: Uint8Array,
  hasher: HashNodes,
): Promise<WalletState> {
  const list = async <T>(prefix: string): Promise<T[]> =>
    (await store.entries(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, value]) => fromJson(value) as T);
  const single = async <T>(key: string): Promise<T | undefined> => {
    const value = await store.get(key);
    return value === undefined ? undefined : (fromJson(value) as T);
  };
  const head = await single<StoredHead>('head');
  if (head !== undefined) {
    ensure(equalBytes(head.genesis, networkHash), 'other-genesis', 'this wallet belongs to another network');
  }
  const tree = noteTree(hasher, head?.size ?? 0n, await list<TreeNode>('node/'));
  if (head !== undefined) {
    const root = tree.rootAt(head.size);
    ensure(root === fieldFromBytes(head.tip.header.notesRoot), 'store-damaged', DAMAGED);
  }
  const notes = await list<OwnedNote>('note/');
  for (const note of notes) {
    const stands = note.spentAt !== undefined || tree.leafAt(note.position) === commitmentOf(note);
    ensure(stands, 'store-damaged', DAMAGED);
  }
  const anchors = await list<Anchor>('anchor/');
  const anchor = anchors.at(-1);
  const anchored = anchor === undefined || tree.rootAt(anchor.size) === anchor.root;
  ensure(anchored, 'store-damaged', DAMAGED);
  const assets = [SERO, ...(await list<KnownAsset>('asset/'))];
  const pending = await list<PendingSpend>('pending/');
  const commitments = await list<NameCommitment>('commitment/');
  const companions = await list<StoredCompanion>('companion/');
  const lost = await list<LostSpend>('lost/');
  const entered = await list<EnteredSpend>('entered/');
  const formerBlocks = await single<readonly KnownBlock[]>(FORMER_BLOCKS);
  const former = formerBlocks && {
    blocks: [...formerBlocks],
    pending: await list<PendingSpend>(formerKey('pending/')),
    companions: companionMap(await list<StoredCompanion>(formerKey('companion/'))),
    lost: await list<LostSpend>(formerKey('lost/')),
  };
  const counter = { first: 0n, next: 0n };
  return {
    tip: head?.tip,
    origin: await single<KnownBlock>(ORIGIN),
    tree,
    notes: new Map(notes.map((note) => [note.position, note])),
    assets: new Map(assets.map((asset) => [asset.asset, asset])),
    history: await list<HistoryEntry>('history/'),
    undisclosed: await list<UndisclosedNote>('undisclosed/'),
    anchors,
    pending: new Map(pending.map((spend) => [toHex(spend.txid), spend])),
    commitments: new Map(commitments.map((commitment) => [toHex(commitment.hash), commitment])),
    companions: companionMap(companions),
    lost: new Map(lost.map((spend) => [toHex(spend.txid), spend])),
    entered: new Map(entered.map((spend) => [toHex(spend.txid), spend])),
    addresses: {
      once: (await single<AddressCounter>('addresses/once')) ?? { ...counter },
      owner: (await single<AddressCounter>('addresses/owner')) ?? { ...counter },
    },
    former,
  };
}

interface StoredCompanion {
  readonly position: bigint;
  readonly companion: Companion;
}

function companionMap(stored: readonly StoredCompanion[]): Map<bigint, Companion> {
  return new Map(stored.map(({ position, companion }) => [position, companion]));
}

/** Where a repair puts a record of what was on its way. */
export function formerKey(key: string): string {
  return `former/${key}`;
}

/** Where a repair puts the blocks by which the chain is known again. */
export const FORMER_BLOCKS = formerKey('blocks');

/** Where the first block that was read stands. */
export const ORIGIN = 'origin';

/** The commitment of an own note. */
export function commitmentOf({ asset, value, vpkrU, zpkr, rcm }: OwnedNote): bigint {
  return hashCm(asset, value, vpkrU, zpkr, rcm, 0n);
}

/** Numbers as keys that sort as text. */
function ordered(value: bigint | number): string {
  return value.toString().padStart(20, '0');
}

/** How each kind of record is written. */
export const written = {
  head: (networkHash: Uint8Array, tip: Tip, size: bigint): WalletChange => ({
    key: 'head',
    value: toJson({ genesis: networkHash, tip, size } satisfies StoredHead),
  }),
  node: (node: TreeNode): WalletChange => ({ key: `node/${node[0]}/${node[1]}`, value: toJson(node) }),
  droppedNode: ([level, index]: TreeNode): WalletChange => ({
    key: `node/${level}/${index}`,
    value: undefined,
  }),
  note: (note: OwnedNote): WalletChange => ({ key: `note/${ordered(note.position)}`, value: toJson(note) }),
  asset: (asset: KnownAsset): WalletChange => ({ key: `asset/${asset.asset}`, value: toJson(asset) }),
  history: (entry: HistoryEntry, index: number): WalletChange => ({
    key: `history/${ordered(index)}`,
    value: toJson(entry),
  }),
  undisclosed: (note: UndisclosedNote, index: number): WalletChange => ({
    key: `undisclosed/${ordered(index)}`,
    value: toJson(note),
  }),
  anchor: (anchor: Anchor): WalletChange => ({
    key: `anchor/${ordered(anchor.height)}`,
    value: toJson(anchor),
  }),
  droppedAnchor: (anchor: Anchor): WalletChange => ({
    key: `anchor/${ordered(anchor.height)}`,
    value: undefined,
  }),
  pending: (spend: PendingSpend): WalletChange => ({
    key: `pending/${toHex(spend.txid)}`,
    value: toJson(spend),
  }),
  droppedPending: (txid: string): WalletChange => ({ key: `pending/${txid}`, value: undefined }),
  commitment: (made: NameCommitment): WalletChange => ({
    key: `commitment/${toHex(made.hash)}`,
    value: toJson(made),
  }),
  droppedCommitment: (hash: string): WalletChange => ({ key: `commitment/${hash}`, value: undefined }),
  companion: (position: bigint, companion: Companion): WalletChange => ({
    key: `companion/${ordered(position)}`,
    value: toJson({ position, companion }),
  }),
  droppedCompanion: (position: bigint): WalletChange => ({
    key: `companion/${ordered(position)}`,
    value: undefined,
  }),
  lost: (spend: LostSpend): WalletChange => ({ key: `lost/${toHex(spend.txid)}`, value: toJson(spend) }),
  entered: (spend: EnteredSpend): WalletChange => ({
    key: `entered/${toHex(spend.txid)}`,
    value: toJson(spend),
  }),
  origin: ({ height, hash }: KnownBlock): WalletChange => ({ key: ORIGIN, value: toJson({ height, hash }) }),
  /** The change of a record that a repair put away. */
  former: ({ key, value }: WalletChange): WalletChange => ({ key: formerKey(key), value }),
  addresses: (use: AddressUse, counter: AddressCounter): WalletChange => ({
    key: `addresses/${use}`,
    value: toJson(counter),
  }),
} as const;
