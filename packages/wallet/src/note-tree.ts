import { type HashNodes, TREE_DEPTH, type TreePath, witnessTree } from '@sero/protocol';

/** A node of the note tree: level, index at that level, hash. */
export type TreeNode = readonly [level: number, index: bigint, hash: bigint];

/**
 * The note tree as a wallet keeps it: the edge, where new leaves arrive, and the nodes beside the paths of the account's own notes.
 * A million notes of others cost a few hundred nodes.
 */
export interface NoteTree {
  size(): bigint;
  append(leaves: readonly bigint[]): void;
  /** The root when the tree had `size` leaves; `size` at least that of the last `prune`. */
  rootAt(size: bigint): bigint;
  /** The path of a leaf under `rootAt(size)`. Throws `not-witnessed` where the leaf was pruned. */
  pathAt(position: bigint, size: bigint): TreePath;
  /** Goes back to `size` leaves, at least those of the last `prune`. */
  truncate(size: bigint): void;
  leafAt(position: bigint): bigint | undefined;
  /** Nodes kept now. */
  kept(): number;
  /** True once more than half of what is kept may be superfluous: pruning then costs little a block. */
  isWorthPruning(): boolean;
  /** Forgets what neither a root at `base` leaves or more nor a path of these leaves needs. */
  prune(base: bigint, positions: Iterable<bigint>): void;
  /** What a store has to write and to delete so that it holds what is kept; asked again, what changed since. */
  takeChanges(): { readonly added: readonly TreeNode[]; readonly dropped: readonly TreeNode[] };
}

/** Nodes that are kept without a thought. */
const FEW = 256;

/** A tree of nodes that stand in a store already. */
export function noteTree(hasher: HashNodes, size: bigint, nodes: Iterable<TreeNode>): NoteTree {
  const all = new Map<string, TreeNode>();
  for (const node of nodes) all.set(nameOf(node), node);
  let tree = witnessTree(hasher, { size, nodes: all.values() });
  let keptLast = 0;
  const added = new Map<string, TreeNode>();
  const dropped = new Map<string, TreeNode>();

  const forget = (name: string, node: TreeNode): void => {
    all.delete(name);
    if (!added.delete(name)) dropped.set(name, node);
  };

  return {
    size: () => tree.size(),
    rootAt: (at) => tree.rootAt(at),
    pathAt: (position, at) => tree.pathAt(position, at),
    leafAt: (position) => all.get(`0/${position}`)?.[2],
    kept: () => all.size,
    isWorthPruning: () => all.size > 2 * keptLast + FEW,

    append(leaves) {
      const before = tree.size();
      tree.append(leaves);
      for (const node of tree.nodes(before)) {
        const name = nameOf(node);
        all.set(name, node);
        added.set(name, node);
      }
    },

    truncate(to) {
      for (const node of tree.nodes(to)) forget(nameOf(node), node);
      tree.truncate(to);
    },

    prune(base, positions) {
      const own = Array.from({ length: TREE_DEPTH + 1 }, () => new Set<bigint>());
      for (const position of positions) {
        for (const [level, ancestors] of own.entries()) ancestors.add(position >> BigInt(2 * level));
      }
      for (const [name, node] of all) {
        const [level, index] = node;
        const parent = index >> 2n;
        // Under a parent that is not complete at `base`, roots are worked out from the children.
        const edge = level === TREE_DEPTH || (parent + 1n) << BigInt(2 * (level + 1)) > base;
        if (!edge && !own[level + 1]!.has(parent)) forget(name, node);
      }
      tree = witnessTree(hasher, { size: tree.size(), nodes: all.values() });
      keptLast = all.size;
    },

    takeChanges() {
      const changes = {
        added: [...added.values()],
        dropped: [...dropped].flatMap(([name, node]) => (added.has(name) ? [] : [node])),
      };
      added.clear();
      dropped.clear();
      return changes;
    },
  };
}

function nameOf([level, index]: TreeNode): string {
  return `${level}/${index}`;
}
