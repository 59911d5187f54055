import { type Bls, equalBytes, toHex } from '@sero/crypto';
import {
  type Checkpoint,
  type CheckpointSubject,
  checkpointMessage,
  signersOf,
  type WholeStakeTable,
} from '@sero/protocol';
import type { Share } from './message.ts';

/** Different things that one row signed for one height, of which any more are not looked at: two show already that it lies. */
const MOST_SUBJECTS = 2;

/** Signatures on one thing. */
interface Signed {
  readonly subject: CheckpointSubject;
  /** By place. */
  readonly signatures: Map<number, Uint8Array>;
  weight: bigint;
}

/**
 * Shares of one height, verified, each row's once for each thing that it signed: some 700 bytes a row at most, whoever sends how much.
 */
export interface Collection {
  readonly table: WholeStakeTable;
  /** Whether a share brings something new. */
  isNew(share: Share): boolean;
  /** Whether it is what its row signed: one pairing. */
  verify(share: Share): boolean;
  add(share: Share): void;
  /** All shares of this together, where they weigh more than two thirds of the table. */
  aggregate(subject: CheckpointSubject): Checkpoint | undefined;
  /** The shares of everything else, by what they sign: no such block is the chain's. */
  others(
    subject: CheckpointSubject,
  ): readonly { readonly subject: CheckpointSubject; readonly signatures: ReadonlyMap<number, Uint8Array> }[];
  /** The signatures of this are not needed any more; whose they were is remembered. */
  forget(subject: CheckpointSubject): void;
}

export function createCollection(genesisHash: Uint8Array, table: WholeStakeTable, bls: Bls): Collection {
  const signed = new Map<string, Signed>();
  /** What a row signed. */
  const subjects = new Map<number, Signed[]>();

  return {
    table,

    isNew(share) {
      const known = subjects.get(share.place) ?? [];
      const one = signed.get(nameOf(share));
      return known.length < MOST_SUBJECTS && (one === undefined || !known.includes(one));
    },

    verify(share) {
      const { blsKey } = table.at(share.place);
      return bls.verify(blsKey, checkpointMessage(genesisHash, share), share.signature);
    },

    add(share) {
      const name = nameOf(share);
      const { height, blockHash, stateRoot, validatorsRoot, place, signature } = share;
      const subject = { height, blockHash, stateRoot, validatorsRoot };
      const one = signed.get(name) ?? { subject, signatures: new Map(), weight: 0n };
      signed.set(name, one);
      one.signatures.set(place, signature);
      one.weight += table.at(place).weight;
      subjects.set(place, [...(subjects.get(place) ?? []), one]);
    },

    aggregate(subject) {
      const one = signed.get(nameOf(subject));
      if (one === undefined || 3n * one.weight <= 2n * table.total) return undefined;
      const places = [...one.signatures.keys()];
      return {
        ...one.subject,
        signers: signersOf(table.count, places),
        signature: bls.aggregate([...one.signatures.values()]),
      };
    },

    others(subject) {
      const name = nameOf(subject);
      return [...signed].filter(([other]) => other !== name).map(([, one]) => one);
    },

    forget(subject) {
      const one = signed.get(nameOf(subject));
      if (one === undefined) return;
      one.signatures.clear();
      one.weight = 0n;
    },
  };
}

function nameOf({ blockHash, stateRoot, validatorsRoot }: CheckpointSubject): string {
  return toHex(blockHash) + toHex(stateRoot) + toHex(validatorsRoot);
}

/** Whether two say the same of their height. */
export function sameSubject(a: CheckpointSubject, b: CheckpointSubject): boolean {
  return (
    a.height === b.height &&
    equalBytes(a.blockHash, b.blockHash) &&
    equalBytes(a.stateRoot, b.stateRoot) &&
    equalBytes(a.validatorsRoot, b.validatorsRoot)
  );
}
