import { concat } from '@sero/crypto';
import { ByteVectorType } from './ssz.ts';

/** Pieces of SSZ merkleisation (ethereum/consensus-specs, ssz/simple-serialize.md) for lists whose tree is kept between changes. */

const Pair = new ByteVectorType(64);

/** Parent of two nodes. */
export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  return Pair.hashTreeRoot(concat(left, right));
}

const ZERO_ROOTS: Uint8Array[] = [new Uint8Array(32)];

/** Root of a subtree of `depth` levels without anything in it. @param depth 0..64 */
export function zeroRoot(depth: number): Uint8Array {
  for (let i = ZERO_ROOTS.length; i <= depth; i++) {
    const below = ZERO_ROOTS[i - 1]!;
    ZERO_ROOTS.push(hashPair(below, below));
  }
  return ZERO_ROOTS[depth]!;
}

/** Levels of nodes above some of a list's subtrees, up to its root: level i has half the nodes of level i - 1, rounded up. */
export type Levels = readonly (readonly Uint8Array[])[];

/**
 * The levels above these subtrees, reusing what did not change.
 *
 * @param subtrees roots of subtrees of 2^`below` leaves each
 * @param depth levels of the whole list, at least `below`
 * @param before levels over other subtrees
 * @param changed numbers of subtrees that differ from those of the same number before, ascending
 */
export function levelsAbove(
  subtrees: readonly Uint8Array[],
  below: number,
  depth: number,
  before: Levels = [],
  changed: readonly number[] = [],
): Levels {
  const levels: (readonly Uint8Array[])[] = [subtrees];
  const had = before[0]?.length ?? 0;
  // Where the list grows or shrinks, what stands above the last subtree that both have gets or loses others under it.
  const edge = subtrees.length === had ? [] : [(subtrees.length < had ? subtrees.length : had) - 1];
  let touched = [...changed, ...edge].filter((i) => i >= 0).sort((a, b) => a - b);
  for (let height = below; height < depth; height++) {
    const under = levels[levels.length - 1]!;
    const length = (under.length + 1) >> 1;
    const parent = (i: number): Uint8Array =>
      hashPair(under[2 * i] ?? zeroRoot(height), under[2 * i + 1] ?? zeroRoot(height));
    const level = (before[levels.length] ?? []).slice(0, length);
    touched = distinctHalves(touched);
    for (const i of touched) if (i < level.length) level[i] = parent(i);
    for (let i = level.length; i < length; i++) level.push(parent(i));
    levels.push(level);
  }
  return levels;
}

/** Parents of these nodes, each once. @param numbers ascending */
function distinctHalves(numbers: readonly number[]): number[] {
  const halves: number[] = [];
  for (const n of numbers) if (halves[halves.length - 1] !== n >> 1) halves.push(n >> 1);
  return halves;
}

/**
 * Root of a list's tree from some of its leaves and the nodes that they do not give, level by level from below, in each level
 * ascending. Nodes beyond the list's end are known and not listed, so that a proof has one form.
 *
 * @param positions strictly ascending, each below `count`, at least one
 * @param leaves as many
 * @param nodes source of the listed nodes; whoever calls sees whether all were asked for
 * @returns undefined where the nodes do not suffice
 */
export function rootFromLeaves(
  depth: number,
  count: number,
  positions: readonly number[],
  leaves: readonly Uint8Array[],
  nodes: () => Uint8Array | undefined,
): Uint8Array | undefined {
  let level = positions.map((position, i) => ({ position, root: leaves[i]! }));
  for (let height = 0; height < depth; height++) {
    const above: typeof level = [];
    // Nodes of this height that have anything in them.
    const filled = ((count - 1) >> height) + 1;
    for (let i = 0; i < level.length; i++) {
      const { position, root } = level[i]!;
      const sibling = position ^ 1;
      let other: Uint8Array | undefined;
      if (level[i + 1]?.position === sibling) other = level[++i]!.root;
      else other = sibling < filled ? nodes() : zeroRoot(height);
      if (other === undefined) return undefined;
      above.push({
        position: position >> 1,
        root: (position & 1) === 0 ? hashPair(root, other) : hashPair(other, root),
      });
    }
    level = above;
  }
  return level[0]!.root;
}
