import type { Genesis, ViewingKey, VoteCrypto, WitnessTree } from '@sero/protocol';
import type { NoteHasher, Scanner, TraceOpener } from '@sero/prover';
import type { WalletFinality } from './finality.ts';
import type { OwnAddress } from './own-addresses.ts';
import type {
  Companion,
  EnteredSpend,
  HistoryEntry,
  KnownAsset,
  LostSpend,
  NameCommitment,
  OwnedNote,
  PendingSpend,
  SentRecord,
  UndisclosedNote,
} from './records.ts';
import type { ScanResult } from './scan.ts';
import type { WalletStart } from './start.ts';
import type { AddressUse, Anchor, Tip } from './state.ts';
import type { WalletStore } from './store.ts';

/** What a wallet is opened with. */
export interface WalletOptions {
  /** TK of the account: enough to see everything. Spending keys stay outside and are handed to `sign` and `prove`. */
  readonly key: ViewingKey;
  /** The genesis file, serialised. */
  readonly genesis: Uint8Array;
  readonly store: WalletStore;
  readonly scanner: Scanner;
  /** Tells own spends among a block's. */
  readonly traces: TraceOpener;
  readonly hasher: NoteHasher;
  /** True for an auditor: every output is tried, whatever its view tag says. Default: false. */
  readonly audit?: boolean;
  /**
   * A checkpoint before the account's first transaction, for a wallet whose store is empty: it begins there and sees nothing older.
   * Default: block 0. A store that holds a wallet already goes on where it was.
   */
  readonly start?: WalletStart;
  /** What verifies the votes that make blocks final. Default: `portableVotes()`; native signatures are some times faster. */
  readonly votes?: VoteCrypto;
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
  /**
   * What was shown to be final, on a network with validators: no other block is read there (`block-not-final`), so that no anchor is ever
   * one of an unverified header. Undefined on a chain of one, whose node is believed.
   */
  readonly finality: WalletFinality | undefined;
  tip(): Tip | undefined;
  /**
   * Scans the next block, serialised with its receipts. Everything in it is checked against its header: `block-not-next`,
   * `block-not-final`, `block-roots`, `other-genesis`, or ProtocolError for bytes that do not decode; the wallet is then what it was.
   */
  addBlock(bytes: Uint8Array): Promise<ScanResult>;
  /**
   * Scans the next blocks and writes what it found as one batch. Where one is refused, those before it stay; where the signal comes,
   * those that were taken by then. Where the store fails, none does: the wallet is what the store holds.
   */
  addBlocks(blocks: readonly Uint8Array[], signal?: AbortSignal): Promise<ScanResult[]>;
  syncState(): SyncState;
  /** Tells the wallet how high the chain is; `syncState` compares. */
  expectHead(height: bigint): void;
  balances(): Balance[];
  /** All notes, spent ones too, by position. */
  notes(): OwnedNote[];
  /**
   * Unspent notes that no submitted transaction spends, or one alone that was refused; the newest may still wait for an anchor.
   */
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
   * `already-spending` where one of them is spent, or reserved by another transaction, `refused-may-enter` where it spends no note
   * of a refused transaction that may still enter, and what `expectSettled` throws.
   *
   * @returns false where this very transaction holds them already
   */
  reserve(spend: PendingSpend): Promise<boolean>;
  /**
   * Says of a submitted transaction that the node refused it. Its notes can be spent again, and until it expires nothing else can be
   * submitted that does not spend one of them: were it passed on nevertheless, only one of the two would enter. If it enters before
   * another one is submitted, it stands in `entered`.
   */
  refuse(txid: Uint8Array): Promise<void>;
  /**
   * Throws where nothing may be planned or submitted because something could be paid twice: `refused-entered` while a transaction
   * that a node had called refused is in a block and nobody acknowledged that; `repair-unfinished` where a repaired wallet has not read
   * far enough to tell whether what was on its way before belongs to this chain.
   */
  expectSettled(): void;
  /** Transactions that a node had called refused and that are in a block all the same, acknowledged ones too. */
  entered(): readonly EnteredSpend[];
  /** Says that whoever pays knows of such a transaction and what it paid; from then on something can be sent again. */
  acknowledge(txid: Uint8Array): Promise<void>;
  /** Keeps what a reserved transaction does, for the history; nothing where it is not reserved. */
  describe(txid: Uint8Array, sent: SentRecord): Promise<void>;
  /** Submitted transactions that no block holds yet, refused ones too, oldest expiry first. */
  pending(): readonly PendingSpend[];
  /** Submitted transactions that no block will hold: expired, or replaced by another one. This device alone knows them. */
  lost(): readonly LostSpend[];
}
