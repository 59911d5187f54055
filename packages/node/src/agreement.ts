import type { Proposal } from '@sero/ledger';
import type { Block, ExecutedBlock, Header } from '@sero/protocol';

/** Where an agreement stands. */
export interface AgreementStatus {
  /** How blocks come about: `solo` is one node that seals what it likes, `se-random` the agreement of the holders of stake. */
  readonly mode: 'solo' | 'se-random';
  /** Height of the last final block. */
  readonly height: bigint;
  /** A block that is agreed on but not final yet, by its hash: a node that seals alone has none. */
  readonly tentative: { readonly height: bigint; readonly hash: Uint8Array } | null;
  /** False while the node catches up with others. */
  readonly atWork: boolean;
  /** The stake record that it votes for, null for none. */
  readonly record: Uint8Array | null;
  /** Records that vote in the next round, and their units; 0 where one node seals alone. */
  readonly participants: number;
  readonly units: bigint;
  /** The last block that became final in a round here. */
  readonly last: FinishedRound | null;
}

/** Where a node stands that seals alone. */
export function soloStatus(height: bigint, atWork = true): AgreementStatus {
  return {
    mode: 'solo',
    height,
    tentative: null,
    atWork,
    record: null,
    participants: 0,
    units: 0n,
    last: null,
  };
}

/** How a round ended. */
export interface FinishedRound {
  readonly height: bigint;
  /** Since the block before it was final here. */
  readonly ms: number;
  /** In which the block was first proposed. */
  readonly period: number;
  /** Records in the certificate. */
  readonly voters: number;
}

/** Decides which block comes next. It starts and stops at any point; what it handed over is final. */
export interface Agreement {
  start(): Promise<void>;
  /** Resolves when the step that ran has ended: a block is then committed whole or not at all. */
  stop(): Promise<void>;
  status(): AgreementStatus;
}

/** A block to be made for the present head. */
export interface BlockOrder {
  /** The header's, ms since 1970. */
  readonly time: bigint;
  /** Whose block it is; undefined on a chain of one. */
  readonly proposal?: Proposal;
  /** ms that making it may take. Default: as long as it takes. */
  readonly within?: number;
  /** Evidence, which comes before all transactions. Default: none. */
  readonly evidence?: readonly Uint8Array[];
}

/**
 * What an agreement needs of the node (after go-algorand's agreement/abstractions.go): it asks for proposals and hands over final
 * blocks, and knows nothing of ledger, mempool or disk.
 */
export interface AgreementChain {
  /** The last final block's header. */
  head(): Header;
  /** True where a block made now would hold a transaction. */
  hasTransactions(): boolean;
  /** What making a block of all that waits may take, by what the last ones took, ms. */
  buildTime(): number;
  /** Calls back when transactions have come in. @returns how to stop that */
  onTransaction(listener: () => void): () => void;
  /** Makes a block for the present head. Changes nothing. */
  propose(order: BlockOrder): Promise<Block>;
  /** Applies a final block; it is durable when this resolves. Throws where it cannot be: nothing of it was kept. @param block its encoding */
  committed(block: Uint8Array): Promise<ExecutedBlock>;
  /** The agreement cannot go on. Called once, last. */
  failed(error: unknown): void;
}
