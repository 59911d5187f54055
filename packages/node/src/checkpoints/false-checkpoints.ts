import { type Bls, CryptoError } from '@sero/crypto';
import { type Ledger, LedgerError } from '@sero/ledger';
import {
  CHECKPOINT_INTERVAL,
  type CheckpointSubject,
  encodeEvidenceTransaction,
  ProtocolError,
  proveRows,
  signersOf,
  type WholeStakeTable,
} from '@sero/protocol';
import { sameSubject } from './collection.ts';

/** Signers of one piece of evidence: so many always fit a transaction, wherever in whichever table they stand. */
const MOST_CULPRITS = 200;

/** Signatures on what is not the chain's, verified. */
export interface FalseUnit {
  readonly subject: CheckpointSubject;
  /** Of the rows that signed together, ascending. */
  readonly places: readonly number[];
  /** One signature, or several aggregated. */
  readonly signature: Uint8Array;
}

/** Who signed checkpoints that are not the chain's, until blocks hold it. */
export interface FalseCheckpoints {
  /** Whether it shows anything of somebody who is not known for it. */
  isNew(height: bigint, places: readonly number[]): boolean;
  /** Forgotten where it brings nothing new, or no transaction could hold it. */
  add(unit: FalseUnit, table: WholeStakeTable): void;
  /** Evidence as a transaction for the next block, against as many as fit; undefined where there is none. */
  select(): Uint8Array | undefined;
  /** Forgets those of heights below. */
  prune(below: bigint): void;
}

interface Culprits {
  readonly table: WholeStakeTable;
  readonly known: Set<number>;
  units: FalseUnit[];
}

type Offer =
  | { readonly type: 'ready'; readonly transaction: Uint8Array }
  | { readonly type: 'refused' }
  | { readonly type: 'impossible' };

type EvidenceLedger = Pick<Ledger, 'genesis' | 'proveHeader' | 'checkEvidence'>;

export function createFalseCheckpoints(ledger: EvidenceLedger, bls: Bls): FalseCheckpoints {
  const heights = new Map<bigint, Culprits>();

  /** Units of one false checkpoint that name nobody twice, few enough for a transaction. */
  function together(units: readonly FalseUnit[]): readonly FalseUnit[] {
    const taken: FalseUnit[] = [];
    const places = new Set<number>();
    for (const unit of units) {
      if (!sameSubject(unit.subject, units[0]!.subject)) continue;
      if (unit.places.some((place) => places.has(place))) continue;
      if (places.size + unit.places.length > MOST_CULPRITS) continue;
      taken.push(unit);
      for (const place of unit.places) places.add(place);
    }
    return taken;
  }

  function transactionOf(units: readonly FalseUnit[], table: WholeStakeTable): Uint8Array | undefined {
    const { subject } = units[0]!;
    const header = ledger.proveHeader(subject.height);
    const anchor = ledger.proveHeader(subject.height - CHECKPOINT_INTERVAL);
    if (header === undefined || anchor === undefined) return undefined;
    const places = units.flatMap((unit) => unit.places).sort((a, b) => a - b);
    const checkpoint = {
      ...subject,
      signers: signersOf(table.count, places),
      signature: bls.aggregate(units.map((unit) => unit.signature)),
    };
    const rows = proveRows(
      table,
      places.map((place) => table.at(place).id),
    );
    const evidence = { votes: [], checkpoint: [{ checkpoint, header, anchor, rows }] };
    return encodeEvidenceTransaction(evidence, ledger.genesis.chainId);
  }

  /** Evidence as the ledger takes it for the next block. Refused is what comes too late, or names nobody who is not punished yet. */
  function offer(units: readonly FalseUnit[], table: WholeStakeTable): Offer {
    try {
      const transaction = transactionOf(units, table);
      if (transaction === undefined) return { type: 'impossible' };
      ledger.checkEvidence(transaction);
      return { type: 'ready', transaction };
    } catch (error) {
      const isRefusal =
        error instanceof LedgerError || error instanceof ProtocolError || error instanceof CryptoError;
      if (!isRefusal) throw error;
      return { type: 'refused' };
    }
  }

  return {
    isNew(height, places) {
      const known = heights.get(height)?.known;
      return known === undefined || places.some((place) => !known.has(place));
    },

    add(unit, table) {
      if (unit.places.length > MOST_CULPRITS) return;
      const one = heights.get(unit.subject.height) ?? { table, known: new Set(), units: [] };
      if (unit.places.every((place) => one.known.has(place))) return;
      heights.set(unit.subject.height, one);
      for (const place of unit.places) one.known.add(place);
      one.units.push(unit);
    },

    select() {
      for (const one of heights.values()) {
        while (one.units.length > 0) {
          const units = together(one.units);
          const all = offer(units, one.table);
          if (all.type === 'ready') return all.transaction;
          // A node that began here later lacks a header; others have it.
          if (all.type === 'impossible') break;
          // Keys of one owner may cancel each other: what proves nothing together still does alone.
          const alone = units.length === 1 ? all : offer(units.slice(0, 1), one.table);
          if (alone.type === 'ready') return alone.transaction;
          one.units = one.units.filter((unit) => unit !== units[0]);
        }
      }
      return undefined;
    },

    prune(below) {
      for (const height of heights.keys()) if (height < below) heights.delete(height);
    },
  };
}
