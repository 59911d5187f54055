import type { AssetKind } from '@sero/protocol';

/** A note that this account owns or owned. */
export interface OwnedNote {
  /** Leaf in the note tree. */
  readonly position: bigint;
  readonly height: bigint;
  /** 32 bytes; zeros for a genesis allocation. */
  readonly txid: Uint8Array;
  /** Among the transaction's outputs, or its public outputs. */
  readonly index: number;
  /** True where the protocol made it in the open. */
  readonly public: boolean;
  /** False where the view tag is wrong: no payment by the protocol, found by audits only, counted in no balance. */
  readonly tagged: boolean;
  readonly asset: bigint;
  readonly value: bigint;
  /** The u of VPKr: what the commitment holds of it. */
  readonly vpkrU: bigint;
  readonly zpkr: bigint;
  readonly rcm: bigint;
  /** Opens ZPKr. */
  readonly r: bigint;
  /** Height at which it was spent. */
  readonly spentAt?: bigint;
}

/** A spend that the viewing key cannot match with a note: the auditor must ask for its opening. */
export interface UndisclosedNote {
  readonly position: bigint;
  /** Height and transaction of the spend. */
  readonly height: bigint;
  readonly txid: Uint8Array;
}

/** Something paid out to another, as the sender's own copy says. */
export interface Payment {
  /** PK, 64 bytes. */
  readonly to: Uint8Array;
  readonly index: number;
  readonly asset: bigint;
  readonly value: bigint;
  readonly rseed: Uint8Array;
}

/** One line of an account's history: what a transaction did to it. */
export interface HistoryEntry {
  readonly height: bigint;
  /** ms since 1970. */
  readonly time: bigint;
  readonly txid: Uint8Array;
  readonly kind: 'genesis' | 'pay' | 'call' | 'asset' | 'stake' | 'other';
  /** True where this account made the transaction. */
  readonly own: boolean;
  /** False where the transaction was included but its action failed. */
  readonly succeeded: boolean;
  /** By asset: what came in less what went out, fee included. */
  readonly change: readonly { readonly asset: bigint; readonly amount: bigint }[];
  /** Paid to others; empty unless own. */
  readonly payments: readonly Payment[];
  /** SERO that the network kept: gas and name price; 0 unless own. */
  readonly fee: bigint;
  readonly memo?: string;
  /** What it commanded of stake; own transactions of these kinds alone. */
  readonly stake?: StakeEntry;
}

/** A command of stake as the chain shows it to everybody. */
export interface StakeEntry {
  readonly action: 'stake' | 'register' | 'renew' | 'online' | 'offline' | 'leave' | 'unlock' | 'claim';
  /** The stake record, 32 bytes. */
  readonly record: Uint8Array;
  /** Own PKr that commanded: owner of the record, or of a position in it. */
  readonly from: Uint8Array;
  /** Of `stake` and `unlock`. */
  readonly units?: bigint;
  /** VRF key and vote root of `register` and `renew`, 32 bytes each. */
  readonly keys?: { readonly vrfKey: Uint8Array; readonly voteRoot: Uint8Array };
  /** Which condition failed, where it did: the word of the receipt. */
  readonly failure?: string;
}

/** A registered asset, as the chain's own transactions show it. */
export interface KnownAsset {
  readonly asset: bigint;
  readonly kind: AssetKind;
  /** Token or category name; a ticket's is its category's, or "?" where the ticket is older than the wallet's start. */
  readonly name: string;
  readonly supply: bigint;
  /** PKr that issued it; none for SERO. */
  readonly issuer?: Uint8Array;
}

/** Spends of a transaction that was submitted and is not in a block yet. */
export interface PendingSpend {
  readonly txid: Uint8Array;
  readonly positions: readonly bigint[];
  readonly expiry: bigint;
  /** Its dummies. */
  readonly dummies: readonly Dummy[];
  /** What the transaction does, for the history: the chain says it only once it holds the transaction. */
  readonly sent?: SentRecord;
  /**
   * The node says that it did not take it. A node may lie and pass it on all the same, so until the expiry whatever is planned spends
   * one of its notes: only one of the two can enter.
   */
  readonly refused?: true;
  /**
   * Set where a repair began above the block read last before it: what became of it in between is not known, so its end says nothing.
   */
  readonly unseen?: true;
}

/** A transaction of which a node had said that it did not take it, and which a block holds all the same. */
export interface EnteredSpend {
  readonly txid: Uint8Array;
  /** The block. */
  readonly height: bigint;
  /** Paid to others. */
  readonly payments: readonly Pick<Payment, 'to' | 'asset' | 'value'>[];
  /** Somebody was told: see `Wallet.acknowledge`. */
  readonly acknowledged?: true;
}

/** What a submitted transaction does, as its plan says. */
export interface SentRecord {
  /** When it was submitted, ms since 1970 by this device's clock. */
  readonly time: bigint;
  /** Paid to others. */
  readonly payments: readonly Pick<Payment, 'to' | 'asset' | 'value'>[];
  /** SERO that the network takes at most. */
  readonly fee: bigint;
  readonly memo?: string;
}

/** A submitted transaction that no block holds and none will. */
export interface LostSpend {
  readonly txid: Uint8Array;
  /** `replaced` where another transaction spent one of its notes. */
  readonly outcome: 'expired' | 'replaced';
  /** Height at which that was certain. */
  readonly height: bigint;
  readonly sent?: SentRecord;
}

/** A commitment to a name that this account made, as the chain shows it: the name itself is not in it. */
export interface NameCommitment {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** Own PKr that committed and must issue. */
  readonly from: Uint8Array;
  readonly height: bigint;
}

/** What a submitted transaction spent beside a note: other notes, and dummies. A replacement uses them again. */
export interface Companion {
  readonly positions: readonly bigint[];
  readonly dummies: readonly Dummy[];
}

/** A dummy input without its path, which no rule looks at. */
export interface Dummy {
  readonly asset: bigint;
  readonly vpkrU: bigint;
  readonly r: bigint;
  readonly rcm: bigint;
  readonly position: bigint;
}
