import type { Block, ExecutedBlock, Header } from '@sero/protocol';

/** Where an agreement stands. */
export interface AgreementStatus {
  /** How blocks come about: `solo` is one node that seals what it likes. */
  readonly mode: 'solo';
  /** Height of the last final block. */
  readonly height: bigint;
  /** A block that is agreed on but not final yet: a node that seals alone has none. */
  readonly tentative: null;
}

/** Decides which block comes next. It starts and stops at any point; what it handed over is final. */
export interface Agreement {
  start(): Promise<void>;
  /** Resolves when the step that ran has ended: a block is then committed whole or not at all. */
  stop(): Promise<void>;
  status(): AgreementStatus;
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
  /** Calls back when transactions have come in. @returns how to stop that */
  onTransaction(listener: () => void): () => void;
  /** Makes a block for the present head. Changes nothing. @param time the header's, ms */
  propose(time: bigint): Promise<Block>;
  /** Applies a final block; it is durable when this resolves. Throws where it cannot be: nothing of it was kept. */
  committed(block: Block): Promise<ExecutedBlock>;
  /** The agreement cannot go on. Called once, last. */
  failed(error: unknown): void;
}
