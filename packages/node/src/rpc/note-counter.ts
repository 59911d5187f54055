import { CHECKPOINT_EVERY, decodeFrontier } from '@sero/protocol';
import { leafCount, transactionParts } from './block-parts.ts';
import type { RpcLedger } from './source.ts';

/** Counts the leaves of the note tree. */
export interface NoteCounter {
  atHead(): bigint;
}

/**
 * Counts from the last checkpoint on and remembers where it came to, so that each block is looked at once, and never more than
 * lie between two checkpoints, however long nobody asked. Heights only grow.
 */
export function noteCounter(ledger: Pick<RpcLedger, 'head' | 'treeState' | 'executedBlock'>): NoteCounter {
  let known: { height: bigint; notes: bigint } | undefined;
  return {
    atHead() {
      const { height } = ledger.head();
      if (known === undefined || height - known.height > CHECKPOINT_EVERY)
        known = atCheckpoint(ledger, height);
      while (known.height < height) {
        const next: bigint = known.height + 1n;
        const leaves = leafCount(transactionParts(ledger.executedBlock(next)));
        known = { height: next, notes: known.notes + BigInt(leaves) };
      }
      return known.notes;
    },
  };
}

function atCheckpoint(
  ledger: Pick<RpcLedger, 'treeState'>,
  height: bigint,
): { height: bigint; notes: bigint } {
  const state = ledger.treeState(height);
  if (state === undefined) throw new Error(`there is no checkpoint at or below the head ${height}`);
  return { height: state.height, notes: decodeFrontier(state.frontier).size };
}
