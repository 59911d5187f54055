import { type Bundle, makeBundle, pairOf } from '@sero/protocol';
import type { Quorum } from '../machine/vote-tracker.ts';

/** The fewest votes of a quorum that reach a threshold, as they travel; undefined where all of them do not. */
export function bundleOf(threshold: bigint, { votes, pairs, ...subject }: Quorum): Bundle | undefined {
  const weighed = pairs.map(({ first, second }) => ({
    pair: pairOf(first.vote, second.vote),
    weight: first.weight,
  }));
  return makeBundle(threshold, subject, votes, weighed);
}

/** All votes of a quorum, as they travel. */
export function wholeBundle(quorum: Quorum): Bundle {
  const { votes, pairs } = quorum;
  const weight = [...votes, ...pairs.map(({ first }) => first)].reduce((sum, one) => sum + one.weight, 0n);
  const bundle = bundleOf(weight, quorum);
  if (bundle === undefined) throw new Error('votes that weigh less than they do');
  return bundle;
}
