import type { Value, Vote, VoteCrypto } from '@sero/protocol';
import type { ConsensusMessage } from '../abstractions.ts';
import type { Chain, ChainBlock } from './chain.ts';
import type { Happening } from './happenings.ts';
import type { Random } from './random.ts';

/** What a hostile node does with what its machine, which is honest code, wants to say, and with what it hears. */
export interface Hostile {
  /** In place of saying something to everybody. Default: it is said. */
  readonly say?: (message: ConsensusMessage) => void;
  /** Before its machine hears it. Default: nothing. */
  readonly hear?: (message: ConsensusMessage, from: number) => void;
  /** In place of building a block of an own record; undefined: none. Default: as everybody builds. */
  readonly build?: (proposer: Uint8Array, period: number) => ChainBlock | undefined;
  /** In place of a block that somebody asks for. Default: the block. */
  readonly answer?: (bytes: Uint8Array) => readonly Uint8Array[];
  /** When the run begins. */
  readonly start?: () => void;
  /** After a round. */
  readonly roundOver?: () => void;
}

/** A stake record in hostile hands. Its keys are never erased. */
export interface HostileRecord {
  readonly id: Uint8Array;
  readonly vrfSecret: Uint8Array;
}

/** What a hostile node can do: sign as itself whatever it likes, and say it to whom it likes. */
export interface Powers {
  readonly random: Random;
  readonly number: number;
  readonly records: readonly HostileRecord[];
  /** All other nodes. */
  readonly others: readonly number[];
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => void;
  readonly head: () => ChainBlock;
  readonly chain: Chain;
  readonly crypto: VoteCrypto;
  /** Transactions that wait. */
  readonly transactions: () => readonly Uint8Array[];
  readonly tell: (to: number, message: ConsensusMessage) => void;
  readonly tellAll: (message: ConsensusMessage) => void;
  readonly count: (what: Happening) => void;
  /** A vote of an own record, properly drawn and signed; undefined where it is not drawn. */
  readonly vote: (
    record: HostileRecord,
    round: bigint,
    period: number,
    step: number,
    value: Value,
  ) => Vote | undefined;
  /** The same with whatever proof of a draw. */
  readonly voteWith: (
    record: HostileRecord,
    round: bigint,
    period: number,
    step: number,
    value: Value,
    proof: readonly Uint8Array[],
  ) => Vote | undefined;
  /** A block of an own record on the head. */
  readonly block: (
    record: HostileRecord,
    period: number,
    transactions: readonly Uint8Array[],
    time: bigint,
  ) => ChainBlock;
}

export type HostilePlan = (powers: Powers) => Hostile;
