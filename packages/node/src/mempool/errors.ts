/** Why the mempool did not take a transaction. Refusals by a rule are LedgerError and ProtocolError, passed through. */
export type MempoolErrorCode =
  /** This transaction waits already, perhaps with another proof of the same statement. */
  | 'already-known'
  /** It spends a note of waiting transactions and does not pay a tenth more than each of them. */
  | 'replacement-underpriced'
  /** The transactions that spend one of its notes were replaced as often as is allowed. */
  | 'replacement-limit'
  /** The pool is full of transactions that pay as much or more. */
  | 'mempool-full'
  /** As many registrations as may wait do, and all of them pay as much or more. */
  | 'registrations-full'
  /** The source sent too much that was refused. */
  | 'budget-exhausted'
  /** Too many transactions wait for their check, of all or of this source. */
  | 'busy'
  /** The node is stopping. */
  | 'closed';

/** A typed refusal by the mempool. Nothing of the transaction was kept. */
export class MempoolError extends Error {
  readonly code: MempoolErrorCode;
  /** Where waiting helps: after how many ms. */
  readonly retryAfterMs: number | undefined;

  constructor(code: MempoolErrorCode, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.name = 'MempoolError';
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
