import { equalBytes } from '@sero/crypto';
import {
  type Committee,
  ProtocolError,
  type RoundContext,
  type StakeRow,
  type UnverifiedVote,
  type VoteCrypto,
  verifyVote,
} from '@sero/protocol';

/** Batch keys that each thread remembers, at some 500 bytes: those of one sender come to one thread, so each of these is another sender's. */
export const LINKS = 8_192;

/** All of a round that the verdict on a vote of one step depends on, besides the sender's row: a thread needs no table. */
export interface Facts {
  readonly genesisHash: Uint8Array;
  readonly round: bigint;
  readonly seed: Uint8Array;
  /** W of the round's table, units. */
  readonly total: bigint;
  /** Of the vote's step. */
  readonly committee: Committee;
}

/** What is said of a vote. */
export type Verdict =
  | { readonly valid: true; readonly weight: bigint; readonly leader?: bigint }
  | {
      readonly valid: false;
      /** Where it was no rule that refused it but a fault of the program, for the log. */
      readonly failure?: string;
    };

const INVALID: Verdict = { valid: false };

/**
 * Judges a vote by `verifyVote` of @sero/protocol, cheapest rules first. Never throws: an error that is no refusal is a fault of the program, over
 * bytes at which every node has it; such a vote counts nowhere, and whoever sends it has not verified it.
 *
 * @param row of the vote's sender
 */
export function judge(facts: Facts, row: StakeRow, vote: UnverifiedVote, crypto: VoteCrypto): Verdict {
  try {
    const { weight, leader } = verifyVote(contextOf(facts, row), vote, crypto);
    return leader === undefined ? { valid: true, weight } : { valid: true, weight, leader };
  } catch (error) {
    return error instanceof ProtocolError ? INVALID : { valid: false, failure: String(error) };
  }
}

/** A round in which nobody but one sender is known. */
function contextOf({ genesisHash, round, seed, total, committee }: Facts, row: StakeRow): RoundContext {
  return {
    genesisHash,
    round,
    seed,
    table: {
      total,
      rows: [row],
      row: (id) => (equalBytes(id, row.id) ? row : undefined),
      root: () => {
        throw new Error('the root of a table of which one row is known');
      },
    },
    committees: () => committee,
  };
}
