import { LAST_LEAF_PERIOD, LEAVES_PER_ROUND, leafInRound, STEP } from '@sero/protocol';

/** One ephemeral key: leaf 0..15 of a round, 4 min(period, 3) + class. */
export interface LeafName {
  readonly round: bigint;
  readonly leaf: number;
}

/** What makes leaves superfluous. */
export type LeafEvent =
  /** A vote or proposal was signed. */
  | { readonly kind: 'voted'; readonly round: bigint; readonly period: number; readonly step: number }
  /** The player is in the period after this one, and never comes back to this one or any before it. */
  | { readonly kind: 'left-period'; readonly round: bigint; readonly period: number }
  | { readonly kind: 'left-round'; readonly round: bigint };

/**
 * The leaves that have to be erased with an event, each at most once, ascending. Erasing a leaf again does no harm.
 *
 * In periods 0 to 2 the leaf of propose, soft or cert goes with its one vote, the shared leaf of next_k, late, redo and down when its period
 * is left, as these steps may need several votes. Periods from 3 on share four leaves, which stay until the round is left. What a thief of
 * all keys can therefore still sign is in docs/consensus.md.
 */
export function dueErasures(event: LeafEvent): LeafName[] {
  const { round } = event;
  if (event.kind === 'left-round') return leaves(round, LEAVES_PER_ROUND);
  const { period } = event;
  if (event.kind === 'left-period') return leaves(round, leavesUpTo(period));
  const isKept = period >= LAST_LEAF_PERIOD || event.step > STEP.cert;
  return isKept ? [] : [{ round, leaf: leafInRound(period, event.step) }];
}

/** How many leaves periods 0 to `period` have to themselves. */
function leavesUpTo(period: number): number {
  return leafInRound(period < LAST_LEAF_PERIOD ? period + 1 : LAST_LEAF_PERIOD, STEP.propose);
}

function leaves(round: bigint, count: number): LeafName[] {
  return Array.from({ length: count }, (_, leaf) => ({ round, leaf }));
}
