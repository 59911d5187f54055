import { toHex } from '@sero/crypto';
import { LedgerError, MOST_REGISTRATIONS } from '@sero/ledger';
import {
  type ExecutedBlock,
  type Genesis,
  MAX_BLOCK_BYTES,
  nextBaseFee,
  ProtocolError,
  witnessTransactionId,
} from '@sero/protocol';
import { VerificationError } from '../verification/errors.ts';
import { type BudgetOptions, createBudgets, FAILURE, REFUSAL } from './budgets.ts';
import type { CheckTurns } from './check-turns.ts';
import { type Entry, nullifiersOf, readEntry, wtxidOf } from './entry.ts';
import { MempoolError } from './errors.ts';
import { createPool, type Departed, type PoolOptions, type SelectionLimits } from './pool.ts';
import { createVerdicts, isFinal } from './verdicts.ts';

/** What a mempool needs of the chain. */
export interface MempoolChain {
  readonly genesis: Genesis;
  /** 32 bytes. */
  readonly genesisHash: Uint8Array;
  head(): { readonly height: bigint; readonly baseFee: bigint; readonly gasUsed: bigint };
  /** Every check of a transaction for the next block, the proof last. Throws LedgerError or ProtocolError. */
  check(transaction: Uint8Array, signal?: AbortSignal): Promise<unknown>;
  /** When a check may begin. Default: at once. Each transaction waits for it once, however often blocks make it checked again. */
  readonly turns?: CheckTurns;
}

/** Options of the mempool. */
export interface MempoolOptions extends PoolOptions {
  readonly budget?: BudgetOptions;
  /** Transactions that may wait for their check at once; beyond it the answer is `busy`. Default 1,024. */
  readonly maxChecking?: number;
  /** Bytes of those. Default 16,777,216 (16 MiB). */
  readonly maxCheckingBytes?: number;
  /**
   * Names of refused bytes that are remembered, so that none is verified twice: so many whose proof or signature was bad, and as
   * many others. As many transactions are remembered that came in, so that none earns twice. Default 16,384.
   */
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
   * @param wtxid of these bytes, from who worked it out in this very turn, so that nobody can have changed them since; default: worked out here. Everything
   *   that is remembered of them stands under it
   * @throws MempoolError, LedgerError or ProtocolError with the rule's code; the signal's reason
   */
  submit(
    transaction: Uint8Array,
    source: string,
    signal?: AbortSignal,
    wtxid?: Uint8Array,
  ): Promise<Submitted>;
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
  /** Gas limits of all that waits for a block. */
  gas(): bigint;
  /** Refuses what comes from now on, and what is being checked, with `closed`. */
  close(): void;
}

/** Bytes of a transaction that nobody else holds, so that they stay what their name says, and that name. */
interface Named {
  readonly bytes: Uint8Array;
  readonly wtxid: Uint8Array;
  /** wtxid in hex. */
  readonly name: string;
}

/** One check of some bytes, shared by all who submitted them. */
interface Check {
  /** wtxid in hex. */
  readonly name: string;
  readonly result: Promise<Submitted>;
  readonly abort: AbortController;
  waiters: number;
}

/** What was done for a submission so far. */
interface Progress {
  /** Its proof was verified. */
  proved: boolean;
}

/** True for a refusal by a rule, of the pool or of the chain; anything else is a fault, or the sender's leaving. */
function isByRule(error: unknown): error is MempoolError | LedgerError | ProtocolError {
  return error instanceof MempoolError || error instanceof LedgerError || error instanceof ProtocolError;
}

/** The code of a refusal by a rule; what else ends a submission has two names only, so that counters stay few. */
function refusalCode(error: unknown, signal: AbortSignal | undefined): string {
  if (isByRule(error)) return error.code;
  return signal?.aborted ? 'aborted' : 'failed';
}

/**
 * A mempool over a chain.
 *
 * What a submission costs is bounded before it is done: by its source's budget, by the number of running checks, and by the pool's own
 * rules, which need no proof. Whoever had a proof verified pays for that in full unless the transaction came in, whatever it was
 * refused for then. A failure is remembered under the wtxid, which names the very bytes: it says nothing about the txid, its
 * nullifiers, or the same transaction with another proof.
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
  /** Checks by txid and source. A valid proof is turned into others of the same statement for nothing: one at a time. */
  const byStatement = new Map<string, AbortController>();
  let refusals = createVerdicts(maxVerdicts);
  /** Version of the chain's last block; another one may take what this one refuses. */
  let version: number | undefined;
  /** txids in hex of what came in, the last one last. */
  const admitted = new Set<string>();
  /** Units that checks under way may still give back, by source. */
  const underWay = new Map<string, number>();
  const listeners = new Set<() => void>();
  let checking = 0;
  let checkingBytes = 0;
  let blocks = 0;
  let closed = false;

  function charge(source: string, units: number): void {
    if (budgets.take(source, units)) return;
    // What was refused is not to blame where the checks under way, answered, may leave enough.
    if (budgets.left(source) + (underWay.get(source) ?? 0) >= units) {
      throw new MempoolError('busy', 'too much of what you sent is being checked: wait for an answer to it');
    }
    throw new MempoolError('budget-exhausted', 'too much of what you sent was refused: try again later', {
      retryAfterMs: budgets.waitFor(source, units),
    });
  }

  /** Counts the charge of a check as one that may come back. @returns how to end that; idempotent */
  function pending(source: string): () => void {
    underWay.set(source, (underWay.get(source) ?? 0) + FAILURE);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = underWay.get(source)! - FAILURE;
      if (left === 0) underWay.delete(source);
      else underWay.set(source, left);
    };
  }

  /** True where this transaction came in for the first time. */
  function isNew(txid: Uint8Array): boolean {
    const name = toHex(txid);
    const before = admitted.delete(name);
    admitted.add(name);
    if (admitted.size > maxVerdicts) admitted.delete(admitted.keys().next().value!);
    return !before;
  }

  /** The rules that need no proof, then the chain's; a block in between may have changed the answer, so then again. */
  async function checkAndAdmit(
    bytes: Uint8Array,
    entry: Entry | undefined,
    signal: AbortSignal,
    done: Progress,
  ) {
    if (entry !== undefined) pool.examine(entry);
    const turn = chain.turns?.(signal);
    if (turn !== undefined) {
      await turn;
      signal.throwIfAborted();
      // Others came in meanwhile.
      if (entry !== undefined) pool.examine(entry);
    }
    let seen: number;
    do {
      seen = blocks;
      await chain.check(bytes, signal);
      done.proved = true;
      signal.throwIfAborted();
    } while (seen !== blocks);
    if (entry === undefined)
      throw new ProtocolError('kind-not-active', 'this kind has no place in the mempool');
    const departed = pool.admit(entry);
    if (departed.length > 0) events.departed?.(departed);
    events.admitted?.();
    for (const listener of listeners) listener();
    return entry;
  }

  /** Runs a check that no other one of this source for the same transaction runs beside. */
  async function oneAtATime({ bytes, wtxid }: Named, source: string, abort: AbortController, done: Progress) {
    const entry = readEntry(bytes, chain.genesisHash, wtxid);
    if (entry === undefined) return checkAndAdmit(bytes, entry, abort.signal, done);
    const statement = `${toHex(entry.txid)}/${source}`;
    // One that was given up paid in full, and whoever comes again after a lost connection has to be let in.
    if (byStatement.get(statement)?.signal.aborted === false) {
      throw new MempoolError(
        'busy',
        'another proof of this transaction is being checked: wait for its answer',
      );
    }
    byStatement.set(statement, abort);
    try {
      return await checkAndAdmit(bytes, entry, abort.signal, done);
    } finally {
      if (byStatement.get(statement) === abort) byStatement.delete(statement);
    }
  }

  /** Runs a check that was charged in full, and settles what it really cost. */
  async function settled(own: Named, source: string, abort: AbortController): Promise<Submitted> {
    const done: Progress = { proved: false };
    try {
      const { txid, wtxid } = await oneAtATime(own, source, abort, done);
      // What had to leave and comes again has its proof verified again: that is paid for, and earns nothing.
      if (isNew(txid)) {
        budgets.giveBack(source, FAILURE);
        budgets.reward(source);
      }
      return { txid, wtxid };
    } catch (error) {
      if (isFinal(error)) {
        refusals.remember(own.name, error);
      } else if (error instanceof VerificationError) {
        // No verdict, and nothing was done for it; but a proof that ends threads costs more than a bad one.
        if (error.code !== 'worker-lost') budgets.giveBack(source, FAILURE);
        throw new MempoolError('busy', 'the node cannot check this transaction now: try again shortly', {
          cause: error,
        });
      } else if (isByRule(error) && !done.proved && !abort.signal.aborted) {
        // A check that was aborted or failed keeps its charge: its work may be done all the same.
        budgets.giveBack(source, FAILURE - REFUSAL);
      }
      throw error;
    }
  }

  function startCheck(bytes: Uint8Array, wtxid: Uint8Array, name: string, source: string): Check {
    if (checking >= maxChecking || checkingBytes + bytes.length > maxCheckingBytes) {
      throw new MempoolError('busy', 'too many transactions wait for their check: try again shortly');
    }
    charge(source, FAILURE);
    const abort = new AbortController();
    const own: Named = { bytes: bytes.slice(), wtxid, name };
    const decided = pending(source);
    // What was given up has paid, though it may still run.
    abort.signal.addEventListener('abort', decided, { once: true });
    checking++;
    checkingBytes += own.bytes.length;
    const result = settled(own, source, abort).finally(() => {
      forget(check);
      decided();
      checking--;
      checkingBytes -= own.bytes.length;
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

  async function submit(
    bytes: Uint8Array,
    source: string,
    signal?: AbortSignal,
    given?: Uint8Array,
  ): Promise<Submitted> {
    signal?.throwIfAborted();
    if (closed) throw new MempoolError('closed', 'the node is stopping: submit again when it runs');
    // From here to the copy that `startCheck` makes nothing is waited for.
    const wtxid = given ?? witnessTransactionId(bytes);
    const name = toHex(wtxid);
    const running = checks.get(name);
    if (running !== undefined) return joined(running, signal);
    const refusal = refusals.get(name);
    if (refusal !== undefined) {
      charge(source, REFUSAL);
      throw refusal;
    }
    return joined(startCheck(bytes, wtxid, name, source), signal);
  }

  /** Those of a transaction that waits here are known: its txid covers all of it but proof and signature. Only others are decoded, which takes the longest. */
  function nullifiersIn(transaction: Uint8Array, txid: Uint8Array | undefined): readonly string[] {
    const waiting = txid === undefined ? undefined : pool.get(toHex(txid));
    return waiting?.nullifiers ?? nullifiersOf(transaction);
  }

  const nextBlock = (): SelectionLimits => ({
    gas: genesis.fees.gasLimit,
    bytes: MAX_BLOCK_BYTES,
    registrations: MOST_REGISTRATIONS,
    baseFee: nextBaseFee(genesis.fees, chain.head()),
  });

  return {
    async submit(transaction, source, signal, wtxid) {
      try {
        return await submit(transaction, source, signal, wtxid);
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
      if (version !== undefined && version !== block.header.version) refusals = createVerdicts(maxVerdicts);
      version = block.header.version;
      const departed = pool.advance({
        height: block.header.height,
        nextBaseFee: nextBaseFee(genesis.fees, block.header),
        anchorWindow: genesis.anchor.window,
        txids: new Set(receipts.map(({ txid }) => toHex(txid))),
        nullifiers: block.transactions.flatMap((transaction, i) =>
          nullifiersIn(transaction, receipts[i]?.txid),
        ),
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
    gas: pool.gas,

    close() {
      closed = true;
      const reason = new MempoolError('closed', 'the node is stopping: submit again when it runs');
      for (const { abort } of checks.values()) abort.abort(reason);
    },
  };
}
