import { hashNode, packFields, unpackFields } from '@sero/crypto';
import type { NoteHasher } from '@sero/prover';
import { ensure } from './errors.ts';

/** Levels between a leaf and the root: 4^18 = 6.9e10 notes. */
export const TREE_DEPTH = 18;

/** Level of a shard's root: a shard is a complete subtree of 65,536 leaves. */
export const SHARD_LEVEL = 8;

/** Leaves that the tree holds. */
export const TREE_CAPACITY = 1n << 36n;

/** Hashes 4-tuples of children, given one after another, into their parents; a native one hashes many at a time. */
export type HashNodes = (children: readonly bigint[]) => readonly bigint[];

/** The portable hasher. */
export const hashNodes: HashNodes = (children) => {
  const parents: bigint[] = [];
  for (let i = 0; i < children.length; i += 4) {
    parents.push(hashNode(children[i]!, children[i + 1]!, children[i + 2]!, children[i + 3]!));
  }
  return parents;
};

/** A native or portable batch hasher of bytes as a hasher of field elements. */
export function hashNodesWith(hasher: NoteHasher): HashNodes {
  return (children) => unpackFields(hasher.hash4(packFields(children)));
}

/** Root of an empty subtree by level, 0 to 18. */
export const EMPTY_ROOTS: readonly bigint[] = emptyRoots();

function emptyRoots(): bigint[] {
  const roots = [0n];
  for (let level = 0; level < TREE_DEPTH; level++) {
    const below = roots[level]!;
    roots.push(hashNode(below, below, below, below));
  }
  return roots;
}

/** What a node keeps of the tree: at most three complete nodes a level that wait for their siblings. */
export interface Frontier {
  /** Leaves so far. */
  readonly size: bigint;
  /** Levels 0 to 18; level 18 holds the root once the tree is full. */
  readonly levels: readonly (readonly bigint[])[];
}

/** The frontier of no leaves. */
export const EMPTY_FRONTIER: Frontier = {
  size: 0n,
  levels: Array.from({ length: TREE_DEPTH + 1 }, () => []),
};

/** The frontier after more leaves, and the roots of the shards that they complete, in order. */
export function appendLeaves(
  frontier: Frontier,
  leaves: readonly bigint[],
  hasher: HashNodes = hashNodes,
): { readonly frontier: Frontier; readonly shardRoots: readonly bigint[] } {
  const size = checkedSize(frontier.size, leaves);
  const levels: (readonly bigint[])[] = [];
  let shardRoots: readonly bigint[] = [];
  let arriving: readonly bigint[] = leaves;
  for (let level = 0; level < TREE_DEPTH; level++) {
    if (level === SHARD_LEVEL) shardRoots = arriving;
    const nodes = [...frontier.levels[level]!, ...arriving];
    const complete = nodes.length & ~3;
    levels.push(nodes.slice(complete));
    arriving = complete === 0 ? [] : hasher(nodes.slice(0, complete));
  }
  levels.push([...frontier.levels[TREE_DEPTH]!, ...arriving]);
  return { frontier: { size, levels }, shardRoots };
}

/** The root over the frontier's leaves, empty places filled with EMPTY_ROOTS. */
export function frontierRoot(frontier: Frontier, hasher: HashNodes = hashNodes): bigint {
  let edge: bigint | undefined;
  for (let level = 0; level < TREE_DEPTH; level++) {
    const children = [...frontier.levels[level]!];
    if (edge !== undefined) children.push(edge);
    if (children.length === 0) continue;
    while (children.length < 4) children.push(EMPTY_ROOTS[level]!);
    edge = hasher(children)[0]!;
  }
  return edge ?? frontier.levels[TREE_DEPTH]![0] ?? EMPTY_ROOTS[TREE_DEPTH]!;
}

function checkedSize(before: bigint, leaves: readonly bigint[]): bigint {
  const size = before + BigInt(leaves.length);
  ensure(size <= TREE_CAPACITY, 'tree-full', 'the note tree cannot take these leaves');
  ensure(!leaves.includes(0n), 'leaf-is-zero', 'a leaf of 0 is an empty place and is refused');
  return size;
}

/** The authentication path of one leaf: at each level its three siblings in order, from the leaves up. */
export type TreePath = readonly (readonly [bigint, bigint, bigint])[];

/**
 * What a wallet keeps: every complete node of the shards that it witnesses, roots alone of the others. It gives the
 * path of an own leaf under the root at any size since the shard began, so a wallet can use an older anchor.
 */
export interface WitnessTree {
  size(): bigint;
  /** Adds leaves at the end. */
  append(leaves: readonly bigint[]): void;
  /** The root when the tree had `size` leaves. */
  rootAt(size: bigint): bigint;
  /** The path of a leaf under `rootAt(size)`. Throws `position-out-of-range` or, where its shard was dropped, `not-witnessed`. */
  pathAt(position: bigint, size: bigint): TreePath;
  /** Forgets a complete shard but for its root. */
  dropShard(index: bigint): void;
  /** Goes back to fewer leaves: undoes appends. */
  truncate(size: bigint): void;
  /** Every kept node that was not complete yet at `since` leaves, as [level, index, hash], for storing. */
  nodes(since?: bigint): Iterable<readonly [number, bigint, bigint]>;
}

/** A witness tree, empty or with the nodes that an earlier one gave. */
export function witnessTree(
  hasher: HashNodes = hashNodes,
  restored?: { size: bigint; nodes: Iterable<readonly [number, bigint, bigint]> },
): WitnessTree {
  const levels = Array.from({ length: TREE_DEPTH + 1 }, () => new Map<bigint, bigint>());
  let size = restored?.size ?? 0n;
  for (const [level, index, hash] of restored?.nodes ?? []) levels[level]!.set(index, hash);

  const nodeAt = (level: number, index: bigint, atSize: bigint): bigint => {
    const shift = BigInt(2 * level);
    if (index << shift >= atSize) return EMPTY_ROOTS[level]!;
    if ((index + 1n) << shift <= atSize) {
      const kept = levels[level]!.get(index);
      ensure(kept !== undefined, 'not-witnessed', 'this part of the note tree was dropped');
      return kept;
    }
    const children: bigint[] = [];
    for (let k = 0n; k < 4n; k++) children.push(nodeAt(level - 1, 4n * index + k, atSize));
    return hasher(children)[0]!;
  };

  return {
    size: () => size,

    append(leaves) {
      const grown = checkedSize(size, leaves);
      for (const [offset, leaf] of leaves.entries()) levels[0]!.set(size + BigInt(offset), leaf);
      for (let level = 1; level <= TREE_DEPTH; level++) {
        const shift = BigInt(2 * level);
        const [first, end] = [size >> shift, grown >> shift];
        if (first === end) break;
        const children: bigint[] = [];
        for (let child = 4n * first; child < 4n * end; child++) {
          const node = levels[level - 1]!.get(child);
          ensure(node !== undefined, 'not-witnessed', 'the edge of the note tree was dropped');
          children.push(node);
        }
        const parents = hasher(children);
        for (const [offset, parent] of parents.entries()) levels[level]!.set(first + BigInt(offset), parent);
      }
      size = grown;
    },

    rootAt(atSize) {
      ensure(atSize >= 0n && atSize <= size, 'position-out-of-range', 'the tree has never had that size');
      return nodeAt(TREE_DEPTH, 0n, atSize);
    },

    pathAt(position, atSize) {
      ensure(atSize <= size, 'position-out-of-range', 'the tree has never had that size');
      ensure(position >= 0n && position < atSize, 'position-out-of-range', 'no leaf stands at that position');
      const path: [bigint, bigint, bigint][] = [];
      for (let level = 0; level < TREE_DEPTH; level++) {
        const index = position >> BigInt(2 * level);
        const first = index & ~3n;
        const siblings: bigint[] = [];
        for (let k = 0n; k < 4n; k++) {
          if (first + k !== index) siblings.push(nodeAt(level, first + k, atSize));
        }
        path.push([siblings[0]!, siblings[1]!, siblings[2]!]);
      }
      return path;
    },

    dropShard(index) {
      ensure(
        (index + 1n) << BigInt(2 * SHARD_LEVEL) <= size,
        'position-out-of-range',
        'that shard is not complete',
      );
      for (let level = 0; level < SHARD_LEVEL; level++) {
        const width = 1n << BigInt(2 * (SHARD_LEVEL - level));
        for (let node = index * width; node < (index + 1n) * width; node++) levels[level]!.delete(node);
      }
    },

    truncate(to) {
      ensure(to >= 0n && to <= size, 'position-out-of-range', 'the tree has never had that size');
      for (const [level, nodes] of levels.entries()) {
        const shift = BigInt(2 * level);
        for (let index = to >> shift; index < size >> shift; index++) nodes.delete(index);
      }
      size = to;
    },

    *nodes(since = 0n) {
      for (const [level, nodes] of levels.entries()) {
        const shift = BigInt(2 * level);
        for (let index = since >> shift; index < size >> shift; index++) {
          const hash = nodes.get(index);
          if (hash !== undefined) yield [level, index, hash] as const;
        }
      }
    },
  };
}
