import { toHex } from '@sero/crypto';
import { LedgerError, type LedgerErrorCode } from '@sero/ledger';
import type { Network, Verdict } from '@sero/network';
import { ProtocolError, type ProtocolErrorCode, witnessTransactionId } from '@sero/protocol';
import { MempoolError } from '../mempool/errors.ts';
import type { Mempool } from '../mempool/mempool.ts';
import { isFinal } from '../mempool/verdicts.ts';

/**
 * Transactions of one peer that the mempool is checking at a time; more wait, as many as the network judges. A source's budget pays for 64 at
 * once: with fewer, whoever passes on what is valid for everybody is never refused for its number.
 */
const MOST_CHECKING = 48;

/** Names of transactions that came before. Packs differ, so each neighbour brings each transaction: it is no fault of theirs, and costs a hash. */
const MOST_KNOWN = 16_384;

/** Refusals that nothing undoes: what spends a spent note never comes in. */
const OVER: readonly string[] = ['already-known', 'nullifier-spent', 'expired', 'anchor-stale'] satisfies (
  | MempoolError['code']
  | LedgerErrorCode
)[];

/** What this version does not know and a later one may: a peer that runs it is honest. */
const UNKNOWN_HERE: readonly string[] = [
  'unknown-version',
  'unknown-kind',
  'kind-not-active',
  'unknown-proof-system',
  'unknown-circuit',
  'circuit-without-key',
] satisfies (ProtocolErrorCode | LedgerErrorCode)[];

/** Transactions between mempools. */
export interface TransactionGossip {
  /** The mempool for those who submit here: what comes in is told to everybody. */
  readonly door: Pick<Mempool, 'submit' | 'has' | 'stats'>;
  /** A transaction of a peer. */
  receive(transaction: Uint8Array, from: string): Promise<Verdict>;
}

/**
 * A transaction is passed on by whoever let it into his mempool. One that no chain can take says that its sender is broken or hostile; one that
 * came late, or is known, or is of a later version, says nothing.
 */
export function createTransactionGossip(
  mempool: Pick<Mempool, 'submit' | 'has' | 'stats'>,
  network: Pick<Network, 'publish'>,
): TransactionGossip {
  const turns = createTurns(MOST_CHECKING);
  const known = new Set<string>();

  function remember(name: string): void {
    known.add(name);
    if (known.size > MOST_KNOWN) known.delete(known.values().next().value!);
  }

  return {
    door: {
      has: mempool.has,
      stats: mempool.stats,
      async submit(transaction, source, signal) {
        const submitted = await mempool.submit(transaction, source, signal);
        // The name of what was checked, whatever the bytes are by now.
        remember(toHex(submitted.wtxid));
        network.publish('tx', transaction);
        return submitted;
      },
    },

    async receive(transaction, from) {
      await turns.begin(from);
      // After the wait, so that the mempool gets the bytes in the turn in which they were named.
      const wtxid = witnessTransactionId(transaction);
      const name = toHex(wtxid);
      try {
        if (known.has(name)) return 'ignore';
        await mempool.submit(transaction, `peer ${from}`, undefined, wtxid);
        remember(name);
        return 'accept';
      } catch (error) {
        const code = codeOf(error);
        if (OVER.includes(code)) remember(name);
        return isFinal(error) && !UNKNOWN_HERE.includes(code) ? 'reject' : 'ignore';
      } finally {
        turns.end(from);
      }
    },
  };
}

function codeOf(error: unknown): string {
  const isRule =
    error instanceof MempoolError || error instanceof LedgerError || error instanceof ProtocolError;
  return isRule ? error.code : '';
}

/** Lets so many of each peer run at a time, the others in the order in which they came. */
function createTurns(most: number): { begin(peer: string): Promise<void>; end(peer: string): void } {
  const running = new Map<string, { count: number; readonly waiting: (() => void)[] }>();
  return {
    begin(peer) {
      const turns = running.get(peer) ?? { count: 0, waiting: [] };
      running.set(peer, turns);
      if (turns.count < most) {
        turns.count++;
        return Promise.resolve();
      }
      return new Promise((resolve) => turns.waiting.push(resolve));
    },
    end(peer) {
      const turns = running.get(peer)!;
      const next = turns.waiting.shift();
      if (next !== undefined) next();
      else if (--turns.count === 0) running.delete(peer);
    },
  };
}
