import type { Network, Verdict } from '@sero/network';
import type { Mempool } from '../mempool/mempool.ts';
import { isFinal } from '../mempool/verdicts.ts';

/** Transactions between mempools. */
export interface TransactionGossip {
  /** The mempool for those who submit here: what comes in is told to everybody. */
  readonly door: Pick<Mempool, 'submit' | 'has' | 'stats'>;
  /** A transaction of a peer. */
  receive(transaction: Uint8Array, from: string): Promise<Verdict>;
}

/**
 * A transaction is passed on by whoever let it into his mempool. One that no chain can take says that its sender is broken or hostile; one that
 * came late, or is known, says nothing.
 */
export function createTransactionGossip(
  mempool: Pick<Mempool, 'submit' | 'has' | 'stats'>,
  network: Pick<Network, 'publish'>,
): TransactionGossip {
  return {
    door: {
      has: mempool.has,
      stats: mempool.stats,
      async submit(transaction, source, signal) {
        const submitted = await mempool.submit(transaction, source, signal);
        network.publish('tx', transaction);
        return submitted;
      },
    },

    async receive(transaction, from) {
      try {
        await mempool.submit(transaction, `peer ${from}`);
        return 'accept';
      } catch (error) {
        return isFinal(error) ? 'reject' : 'ignore';
      }
    },
  };
}
