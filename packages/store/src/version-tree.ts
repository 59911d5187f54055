import { blake2b256, concat, equalBytes, toHex } from '@sero/crypto';
import type { Change } from './key-value.ts';

/**
 * The authenticated key-value tree: a binary radix tree over B2b-256("SERO_TREEKEY", key), in which a subtree with one leaf is
 * that leaf and an empty one is 32 zero bytes. The root therefore follows from the contents alone, in whatever order
 * they were written.
 *
 *   leaf  = B2b-256("SERO_TREELEAF", path || B2b-256("SERO_TREEVAL", value))
 *   inner = B2b-256("SERO_TREENODE", left || right)
 *
 * Nodes are immutable and shared between versions, so a version costs only what changed.
 */
export type StateTree = TreeNode | undefined;

type TreeNode = Leaf | Inner;

interface Leaf {
  readonly hash: Uint8Array;
  readonly path: Uint8Array;
}

interface Inner {
  readonly hash: Uint8Array;
  readonly path?: undefined;
  readonly left: StateTree;
  readonly right: StateTree;
}

const EMPTY_HASH = new Uint8Array(32);

/** The root, 32 bytes; zeros for no entries. */
export function stateRoot(tree: StateTree): Uint8Array {
  return tree?.hash ?? EMPTY_HASH;
}

/** The tree after a batch of changes, each key once. */
export function updateTree(tree: StateTree, changes: readonly Change[]): StateTree {
  const edits = new Map<string, Edit>();
  for (const { key, value } of changes) {
    const path = blake2b256('SERO_TREEKEY', key);
    edits.set(toHex(path), { path, leaf: value === undefined ? undefined : leafOf(path, value) });
  }
  return apply(tree, [...edits.values()], 0);
}

interface Edit {
  readonly path: Uint8Array;
  readonly leaf: Leaf | undefined;
}

function leafOf(path: Uint8Array, value: Uint8Array): Leaf {
  return { path, hash: blake2b256('SERO_TREELEAF', path, blake2b256('SERO_TREEVAL', value)) };
}

function bitAt(path: Uint8Array, depth: number): boolean {
  return ((path[depth >> 3]! >> (7 - (depth & 7))) & 1) === 1;
}

function apply(tree: StateTree, edits: readonly Edit[], depth: number): StateTree {
  if (edits.length === 0) return tree;
  if (tree === undefined || tree.path !== undefined) {
    // An edit of the very leaf replaces it; otherwise the leaf moves down beside the edits.
    const kept = tree !== undefined && !edits.some((edit) => equalBytes(edit.path, tree.path)) ? [tree] : [];
    return build([...kept, ...edits.flatMap(({ leaf }) => (leaf === undefined ? [] : [leaf]))], depth);
  }
  const left = apply(
    tree.left,
    edits.filter(({ path }) => !bitAt(path, depth)),
    depth + 1,
  );
  const right = apply(
    tree.right,
    edits.filter(({ path }) => bitAt(path, depth)),
    depth + 1,
  );
  return join(left, right);
}

function build(leaves: readonly Leaf[], depth: number): StateTree {
  if (leaves.length <= 1) return leaves[0];
  return join(
    build(
      leaves.filter(({ path }) => !bitAt(path, depth)),
      depth + 1,
    ),
    build(
      leaves.filter(({ path }) => bitAt(path, depth)),
      depth + 1,
    ),
  );
}

/** A subtree with one leaf is that leaf; one with none does not exist. */
function join(left: StateTree, right: StateTree): StateTree {
  if (left === undefined && (right === undefined || right.path !== undefined)) return right;
  if (right === undefined && left?.path !== undefined) return left;
  return { left, right, hash: blake2b256('SERO_TREENODE', concat(stateRoot(left), stateRoot(right))) };
}
