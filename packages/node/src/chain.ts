import type { ComingVersion, Ledger, LedgerErrorCode } from '@sero/ledger';
import type { ExecutedBlock, Header, ProtocolErrorCode } from '@sero/protocol';
import type { AgreementChain } from './agreement.ts';
import { createFill } from './fill.ts';
import type { Mempool } from './mempool/mempool.ts';

/** Refusals by a proposal that may pass: the transaction stays in the mempool for a later block. */
const TEMPORARY: readonly (LedgerErrorCode | ProtocolErrorCode)[] = [
  'block-gas-limit',
  'block-too-large',
  'block-registrations',
  'gas-price-below-base-fee',
];

/** Blocks from which a transaction is left out because the verifier failed over its proof, before it is dropped. */
const MOST_FAILURES = 3;

/** What happens to the chain. */
export interface ChainEvents {
  /** A block became final, and durable but where catching up holds what is written. @param ms that committing it took */
  committed(executed: ExecutedBlock, ms: number): void;
  /** A transaction of the mempool was refused when a block was made, and dropped. */
  dropped(code: string): void;
  /** A version was approved that this software lacks, which stops before it starts. Told once, at once where the chain had approved it already. */
  versionMissing(coming: ComingVersion): void;
  /** Somebody who listens for heads threw; the chain goes on. */
  listenerFailed(error: unknown): void;
  /** The agreement ended with an error. */
  failed(error: unknown): void;
}

/** Ledger and mempool as an agreement sees them, and the heads that come of it. */
export interface Chain extends AgreementChain {
  /** Calls back with each new head, when the mempool knows it and it is as durable as `committed` says. @returns how to stop that */
  onHead(listener: (head: Header) => void): () => void;
}

/** @param now ms, for durations */
export function createChain(ledger: Ledger, mempool: Mempool, events: ChainEvents, now: () => number): Chain {
  const listeners = new Set<(head: Header) => void>();
  /** How often the verifier failed over a transaction, by the mempool's own bytes of it. */
  const failures = new WeakMap<Uint8Array, number>();

  const fill = createFill();

  /** A verifier that fails says nothing of the transaction, but one over which it fails each time must not come up for ever. */
  function mayPass(transaction: Uint8Array, code: LedgerErrorCode | ProtocolErrorCode): boolean {
    if (code !== 'proof-unchecked') return TEMPORARY.includes(code);
    const count = (failures.get(transaction) ?? 0) + 1;
    failures.set(transaction, count);
    return count < MOST_FAILURES;
  }

  /** Another one can come only after the one that is missing, which stops this software. */
  let warned = false;

  function lookAtVersions(): void {
    if (warned) return;
    const { coming } = ledger.versionStatus();
    if (coming === undefined || coming.known) return;
    warned = true;
    events.versionMissing(coming);
  }

  function tell(): void {
    if (listeners.size === 0) return;
    const head = ledger.head();
    for (const listener of listeners) {
      try {
        listener(head);
      } catch (error) {
        events.listenerFailed(error);
      }
    }
  }

  lookAtVersions();

  return {
    head: () => ledger.head(),
    hasTransactions: () => mempool.hasNext(),
    buildTime: () => fill.takes(mempool.stats().transactions),
    onTransaction: (listener) => mempool.onTransaction(listener),

    async propose({ time, proposal, within = Number.POSITIVE_INFINITY, evidence = [] }) {
      const selected = mempool.select();
      const transactions = selected.slice(0, fill.most(within));
      const began = now();
      const { block, rejected } = await ledger.propose([...evidence, ...transactions], time, proposal);
      fill.took(transactions.length, now() - began);
      for (const { index, error } of rejected) {
        const transaction = transactions[index - evidence.length];
        if (transaction === undefined || mayPass(transaction, error.code)) continue;
        mempool.discard(transaction);
        events.dropped(error.code);
      }
      return block;
    },

    async committed(block) {
      const began = now();
      const executed = await ledger.apply(block);
      mempool.onBlock(executed);
      events.committed(executed, now() - began);
      lookAtVersions();
      tell();
      return executed;
    },

    failed: (error) => events.failed(error),

    onHead(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
