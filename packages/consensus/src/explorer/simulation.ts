import type { Locals, NumberedMove } from './locals.ts';
import type { Slots } from './model.ts';

/**
 * When one local can do whatever another one can (R. Milner's simulation): the ground of every reduction. All of it rests on the world's
 * monotony: nobody's votes take a move away from anybody, and nothing that was said is unsaid.
 */

/** Whether a set holds all of another one. */
export function holdsAll(set: Slots, other: Slots): boolean {
  return (other.low & ~set.low) === 0 && (other.high & ~set.high) === 0;
}

/** Whether `better` may be made wherever `move` may: it needs nothing, or a quorum of one of more slots. */
export function needsNoMore(better: NumberedMove, move: NumberedMove): boolean {
  if (better.needs === undefined) return true;
  return move.needs !== undefined && holdsAll(better.needs, move.needs);
}

/**
 * Whether local `strong` can follow each way of local `weak`: at every move it stays, or makes a move that needs no more, so that the two
 * together have said at least as much.
 *
 * @param credit what the player in `strong` has said before, which the one in `weak` has perhaps not
 * @param weakMoves the moves of a local on the weak side; fewer than all where a choice is made beforehand
 */
export function isSimulated(
  { moves }: Pick<Locals, 'moves'>,
  weak: number,
  strong: number,
  credit: Slots,
  weakMoves: (local: number) => readonly NumberedMove[],
): boolean {
  const refuted = new Set<string>();

  /** Assumes what it comes to a second time; what was assumed and refuted later makes it begin again. */
  function follows(one: number, other: number, assumed: Set<string>): boolean {
    if (one === other) return true;
    const pair = `${one} ${other}`;
    if (refuted.has(pair)) return false;
    if (assumed.has(pair)) return true;
    assumed.add(pair);
    const isFollowed = weakMoves(one).every(
      (move) =>
        (holdsAll(credit, move.says) && follows(move.to, other, assumed)) ||
        moves[other]!.some(
          (better) =>
            needsNoMore(better, move) &&
            holdsAll(
              { low: better.says.low | credit.low, high: better.says.high | credit.high },
              move.says,
            ) &&
            follows(move.to, better.to, assumed),
        ),
    );
    if (!isFollowed) refuted.add(pair);
    return isFollowed;
  }

  for (;;) {
    const before = refuted.size;
    const isFollowed = follows(weak, strong, new Set());
    if (!isFollowed || refuted.size === before) return isFollowed;
  }
}
