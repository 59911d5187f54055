import { toHex } from '@sero/crypto';
import { LedgerError } from '@sero/ledger';
import {
  type ExecutedBlock,
  type Genesis,
  MAX_BLOCK_BYTES,
  nextBaseFee,
  ProtocolError,
} from '@sero/protocol';
import { VerificationError } from '../verification/errors.ts';
import { type BudgetOptions, createBudgets, FAILURE, REFUSAL } from './budgets.ts';
import { type Entry, nullifiersOf, readEntry, wtxidOf } from './entry.ts';
import { MempoolError } from './errors.ts';
import { createPool, type Departed, type PoolOptions, type SelectionLimits } from './pool.ts';

/** What a mempool needs of the chain. */
export interface MempoolChain {
  readonly genesis: Genesis;
  /** 32 bytes. */
  readonly genesisHash: Uint8Array;
  head(): { readonly height: bigint; readonly baseFee: bigint; readonly gasUsed: bigint };
  /** Every check of a transaction for the next block, the proof last. Throws LedgerError or ProtocolError. */
  check(transaction: Uint8Array, signal?: AbortSignal): Promise<unknown>;
}

/** Options of the mempool. */
export interface MempoolOptions extends PoolOptions {
  readonly budget?: BudgetOptions;
  /** Transactions that may wait for their check at once; beyond it the answer is `busy`. Default 1,024. */
  readonly maxChecking?: number;
  /** Bytes of those. Default 16,777,216 (16 MiB). */
  readonly maxCheckingBytes?: number;
  /** Names of refused bytes that are remembered, so that none is verified twice. Default 16,384. */
  readonly maxVerdicts?: number;
}

/** What the mempool tells of itself, for metrics and logs. */
export interface MempoolEvents {
  /** A transaction came in. */
  admitted?(): void;
  /** Transactions left. */
  departed?(departed: readonly Departed[]): void;
  /** A submission was refused under this code. */
  refused?(code: string): void;
}

/** Names of a transaction, 32 bytes each. */
export interface Submitted {
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
}

/** Transactions that wait for a block, and the door through which they come. Nothing in it survives the process. */
export interface Mempool {
  /**
   * Checks a transaction whole and keeps it for a block. The same bytes submitted again while they are checked share one check.
   *
   * @param source who answers for it: refusals are charged to its budget
   * @throws MempoolError, LedgerError or ProtocolError with the rule's code; the signal's reason
   */
  submit(transaction: Uint8Array, source: string, signal?: AbortSignal): Promise<Submitted>;
  /** A waiting transaction by txid. */
  get(txid: Uint8Array): Entry | undefined;
  has(txid: Uint8Array): boolean;
  /** Transactions that together fit the limits, best gas price first; by default those of the next block. */
  select(limits?: SelectionLimits): Uint8Array[];
  /** True where a block made now would get a transaction. */
  hasNext(): boolean;
  /** Takes out what a block included or made invalid. */
  onBlock(executed: ExecutedBlock): void;
  /** Takes out a transaction that a proposer could not use. */
  discard(transaction: Uint8Array): void;
  /** Calls back after each transaction that came in. @returns how to stop that */
  onTransaction(listener: () => void): () => void;
  stats(): { readonly transactions: number; readonly bytes: number; readonly checking: number };
  /** Refuses what comes from now on, and what is being checked, with `closed`. */
  close(): void;
}

/** One check of some bytes, shared by all who submitted them. */
interface Check {
  /** wtxid in hex. */
  readonly name: string;
  readonly result: Promise<Submitted>;
  readonly abort: AbortController;
  waiters: number;
}

/** Refusals that depend on nothing but the bytes: the same bytes get the same answer for ever. */
function isFinal(error: unknown): error is ProtocolError | LedgerError {
  if (error instanceof ProtocolError) return true;
  return (
    error instanceof LedgerError && (error.code === 'proof-invalid' || error.code === 'circuit-without-key')
  );
}

/** The code of a refusal by a rule; what else ends a submission has two names only, so that counters stay few. */
function refusalCode(error: unknown, signal: AbortSignal | undefined): string {
  const byRule =
    error instanceof MempoolError || error instanceof LedgerError || error instanceof ProtocolError;
  if (byRule) return error.code;
  return signal?.aborted ? 'aborted' : 'failed';
}

/**
 * A mempool over a chain.
 *
 * What a submission costs is bounded before it is done: by its source's budget, by the number of running checks, and by the pool's own
 * rules, which need no proof. A failure is charged to the source and remembered under the wtxid, which names the very bytes: it says
 * nothing about the txid, its nullifiers, or the same transaction with another proof.
 *
 * @param now ms, for the budgets
 */
export function createMempool(
  chain: MempoolChain,
  now: () => number,
  options: MempoolOptions = {},
  events: MempoolEvents = {},
): Mempool {
  const { maxChecking = 1_024, maxCheckingBytes = 16_777_216, maxVerdicts = 16_384 } = options;
  const { genesis } = chain;
  const pool = createPool(options, chain.head().height);
  const budgets = createBudgets(options.budget ?? {}, now);
  /** Checks that others may join, by wtxid in hex. */
  const checks = new Map<string, Check>();
  const refusals = new Map<string, ProtocolError | LedgerError>();
  const listeners = new Set<() => void>();
  let checking = 0;
  let checkingBytes = 0;
  let blocks = 0;
  let closed = false;

  function charge(source: string, units: number): void {
    if (budgets.take(source, units)) return;
    throw new MempoolError('budget-exhausted', 'too much of what you sent was refused: try again later', {
      retryAfterMs: budgets.waitFor(source, units),
    });
  }

  function remember(name: string, refusal: ProtocolError | LedgerError): void {
    refusals.set(name, refusal);
    if (refusals.size > maxVerdicts) refusals.delete(refusals.keys().next().value!);
  }

  /** The rules that need no proof, then the chain's; a block in between may have changed the answer, so then again. */
  async function checkAndAdmit(bytes: Uint8Array, signal: AbortSignal): Promise<Submitted> {
    const entry = readEntry(bytes, chain.genesisHash);
    if (entry !== undefined) pool.examine(entry);
    let seen: number;
    do {
      seen = blocks;
      await chain.check(bytes, signal);
      signal.throwIfAborted();
    } while (seen !== blocks);
    if (entry === undefined)
      throw new ProtocolError('kind-not-active', 'this kind has no place in the mempool');
    const departed = pool.admit(entry);
    if (departed.length > 0) events.departed?.(departed);
    events.admitted?.();
    for (const listener of listeners) listener();
    return { txid: entry.txid, wtxid: entry.wtxid };
  }

  /** Runs a check that was charged in full, and settles what it really cost. */
  async function settled(bytes: Uint8Array, name: string, source: string, abort: AbortController) {
    try {
      const submitted = await checkAndAdmit(bytes, abort.signal);
      budgets.giveBack(source, FAILURE);
      budgets.reward(source);
      return submitted;
    } catch (error) {
      if (isFinal(error)) {
        remember(name, error);
      } else if (error instanceof VerificationError) {
        budgets.giveBack(source, FAILURE);
        throw new MempoolError('busy', 'the node cannot check this transaction now: try again shortly', {
          cause: error,
        });
      } else if (!abort.signal.aborted) {
        // An aborted check keeps its charge: its work may be done all the same.
        budgets.giveBack(source, FAILURE - REFUSAL);
      }
      throw error;
    }
  }

  function startCheck(bytes: Uint8Array, name: string, source: string): Check {
    if (checking >= maxChecking || checkingBytes + bytes.length > maxCheckingBytes) {
      throw new MempoolError('busy', 'too many transactions wait for their check: try again shortly');
    }
    charge(source, FAILURE);
    const abort = new AbortController();
    const own = bytes.slice();
    checking++;
    checkingBytes += own.length;
    const result = settled(own, name, source, abort).finally(() => {
      forget(check);
      checking--;
      checkingBytes -= own.length;
    });
    const check: Check = { name, result, abort, waiters: 0 };
    // Whoever waits is told by `joined`; with nobody left the refusal has no reader.
    result.catch(() => undefined);
    checks.set(name, check);
    return check;
  }

  /** Nobody joins this check from now on. Its work may still run and count. */
  function forget(check: Check): void {
    if (checks.get(check.name) === check) checks.delete(check.name);
  }

  /** Waits for a check until the signal says otherwise; the last to leave ends it. */
  function joined(check: Check, signal?: AbortSignal): Promise<Submitted> {
    check.waiters++;
    return new Promise<Submitted>((resolve, reject) => {
      const leave = (): void => {
        check.waiters--;
        if (check.waiters === 0) {
          forget(check);
          check.abort.abort(signal?.reason);
        }
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      const ended = check.abort.signal;
      ended.addEventListener('abort', () => reject(ended.reason), { once: true });
      check.result.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave));
    });
  }

  async function submit(bytes: Uint8Array, source: string, signal?: AbortSignal): Promise<Submitted> {
    signal?.throwIfAborted();
    if (closed) throw new MempoolError('closed', 'the node is stopping: submit again when it runs');
    const name = wtxidOf(bytes);
    const running = checks.get(name);
    if (running !== undefined) return joined(running, signal);
    const refusal = refusals.get(name);
    if (refusal !== undefined) {
      charge(source, REFUSAL);
      throw refusal;
    }
    return joined(startCheck(bytes, name, source), signal);
  }

  const nextBlock = (): SelectionLimits => ({
    gas: genesis.fees.gasLimit,
    bytes: MAX_BLOCK_BYTES,
    baseFee: nextBaseFee(genesis.fees, chain.head()),
  });

  return {
    async submit(transaction, source, signal) {
      try {
        return await submit(transaction, source, signal);
      } catch (error) {
        events.refused?.(refusalCode(error, signal));
        throw error;
      }
    },
    get: (txid) => pool.get(toHex(txid)),
    has: (txid) => pool.get(toHex(txid)) !== undefined,
    select: (limits = nextBlock()) => pool.select(limits).map(({ bytes }) => bytes),

    hasNext: () => (pool.best()?.gasPrice ?? -1n) >= nextBlock().baseFee,

    onBlock({ block, receipts }) {
      blocks++;
      const departed = pool.advance({
        height: block.header.height,
        nextBaseFee: nextBaseFee(genesis.fees, block.header),
        anchorWindow: genesis.anchor.window,
        txids: new Set(receipts.map(({ txid }) => toHex(txid))),
        nullifiers: block.transactions.flatMap(nullifiersOf),
      });
      if (departed.length > 0) events.departed?.(departed);
    },

    discard(transaction) {
      const entry = pool.remove(wtxidOf(transaction));
      if (entry !== undefined) events.departed?.([{ entry, reason: 'refused' }]);
    },

    onTransaction(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    stats: () => ({ ...pool.stats(), checking }),

    close() {
      closed = true;
      const reason = new MempoolError('closed', 'the node is stopping: submit again when it runs');
      for (const { abort } of checks.values()) abort.abort(reason);
    },
  };
}
