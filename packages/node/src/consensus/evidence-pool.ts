import type { EquivocationPair } from '@sero/consensus';
import { toHex } from '@sero/crypto';
import { type Ledger, LedgerError, MOST_EVIDENCE } from '@sero/ledger';
import {
  anchorHeight,
  encodeEvidenceTransaction,
  ProtocolError,
  pairOf,
  proveRows,
  twoVotesOf,
} from '@sero/protocol';

/** Pairs that wait; each is against another record and round. */
const MOST_WAITING = 1_024;

type EvidenceLedger = Pick<Ledger, 'genesis' | 'head' | 'stakeTable' | 'proveHeader' | 'checkEvidence'>;

/** What was seen of people who vote twice, until a block holds it. */
export interface EvidencePool {
  /** Two votes of one sender for two values; both verified. */
  add(pair: EquivocationPair): void;
  /** Evidence transactions for a block that is made now, few enough for one. */
  select(): Uint8Array[];
}

/** Evidence in the own proposals. Others saw the same pairs, which travel as votes do: nothing else is sent. */
export function createEvidencePool(ledger: EvidenceLedger): EvidencePool {
  const waiting = new Map<string, EquivocationPair>();

  /** The evidence as it has to look in the next block; undefined where it has no place any more, and is to be forgotten. */
  function transactionOf({ first, second }: EquivocationPair): Uint8Array | undefined {
    const { sender, round, period, step } = first.vote;
    const { chainId, stake } = ledger.genesis;
    const anchor = ledger.proveHeader(anchorHeight(round, stake.balanceLookback));
    const table = ledger.stakeTable(round);
    if (anchor === undefined || table === undefined) return undefined;
    const pair = pairOf(first.vote, second.vote);
    const evidence = twoVotesOf({ round, period, step }, pair, anchor, proveRows(table, [sender]));
    const transaction = encodeEvidenceTransaction(evidence, chainId);
    try {
      ledger.checkEvidence(transaction);
    } catch (error) {
      if (error instanceof LedgerError || error instanceof ProtocolError) return undefined;
      throw error;
    }
    return transaction;
  }

  return {
    add(pair) {
      const { sender, round } = pair.first.vote;
      const name = `${toHex(sender)}/${round}`;
      if (waiting.has(name) || waiting.size >= MOST_WAITING) return;
      waiting.set(name, pair);
    },

    select() {
      const chosen: Uint8Array[] = [];
      const next = ledger.head().height + 1n;
      for (const [name, pair] of waiting) {
        if (chosen.length === MOST_EVIDENCE) break;
        // Votes of a round that is not final yet are no evidence yet.
        if (pair.first.vote.round >= next) continue;
        const transaction = transactionOf(pair);
        if (transaction === undefined) waiting.delete(name);
        else chosen.push(transaction);
      }
      return chosen;
    },
  };
}
