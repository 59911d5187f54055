import { decodeVote, type StakeRow, StakeRowType, type VoteCrypto } from '@sero/protocol';
import { type Facts, judge, type Verdict } from './judge.ts';

/** Votes for a thread. */
export interface Order {
  readonly number: number;
  readonly items: readonly Item[];
}

/** A vote; items of one step share their facts, which are copied once. */
interface Item {
  readonly facts: Facts;
  /** SSZ. */
  readonly row: Uint8Array;
  readonly vote: Uint8Array;
}

/** What a thread says: that it is ready, once, then the verdicts on each order's votes, in order. */
export type Report =
  | { readonly ready: true }
  | { readonly number: number; readonly verdicts: readonly Verdict[] };

/** The work of one thread. */
export function createThreadWork(crypto: VoteCrypto): (order: Order) => Report {
  return ({ number, items }) => ({
    number,
    verdicts: items.map(({ facts, row, vote }) => judge(facts, decodeRow(row), decodeVote(vote), crypto)),
  });
}

function decodeRow(bytes: Uint8Array): StakeRow {
  return StakeRowType.deserialize(bytes);
}
