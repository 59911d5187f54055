import { toHex } from '@sero/crypto';
import { isBottom, type Value } from '@sero/protocol';
import { type PlayerState, periodOf } from './state.ts';

/**
 * Hashes of the blocks that this player keeps, executes and hands on (research 3.2, 5): the leader's, the staged and the pinned value's, the
 * decided one's. All others may be dropped: nobody can make it hold more than a handful of blocks.
 */
export function wantedBlocks(state: PlayerState): ReadonlySet<string> {
  const { lowest, frozen, staged } = periodOf(state, state.period);
  const values: (Value | undefined)[] = [
    lowest?.vote.vote.value,
    frozen,
    staged,
    state.pinned,
    state.decision?.value,
  ];
  const wanted = values.filter((value) => value !== undefined && !isBottom(value)) as Value[];
  return new Set(wanted.map(({ digest }) => toHex(digest)));
}
