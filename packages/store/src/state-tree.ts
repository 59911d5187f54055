import { compareBytes, equalBytes } from '@sero/crypto';
import { byteText } from './byte-text.ts';
import type { Change, KeyValueStore, Overlay } from './key-value.ts';
import {
  bitAt,
  EMPTY_HASH,
  innerHash,
  type Leaf,
  leafNode,
  nodeHash,
  openNode,
  packRecord,
  RECORD_LEVELS,
  readRecord,
  recordKey,
  type TreeHash,
  type TreeNode,
  treeHash,
  unpackRecord,
} from './tree-node.ts';

/**
 * The authenticated key-value tree: a binary radix tree over B2b-256("SERO_TREEKEY", key), in which a subtree with one leaf is
 * that leaf and an empty one is 32 zero bytes. The root therefore follows from the contents alone, in whatever order
 * they were written, and so do the records that hold the tree.
 *
 *   leaf  = B2b-256("SERO_TREELEAF", path || B2b-256("SERO_TREEVAL", value))
 *   inner = B2b-256("SERO_TREENODE", left || right)
 *
 * The nodes lie flat in the store of the contents, eight levels a record (design 3), under keys that begin with NODE_PREFIX.
 */
export interface StateTreeOptions {
  /** BLAKE2b-256 with a personalisation. Default: `blake2b256` of @sero/crypto. */
  readonly hash?: TreeHash;
}

/** What a leaf holds of a value: B2b-256("SERO_TREEVAL", value). */
export function stateValueHash(value: Uint8Array, hash: TreeHash = treeHash): Uint8Array {
  return hash('SERO_TREEVAL', value);
}

/** Where a key's leaf is: B2b-256("SERO_TREEKEY", key). */
export function statePath(key: Uint8Array, hash: TreeHash = treeHash): Uint8Array {
  return hash('SERO_TREEKEY', key);
}

/** The root of the tree in a store, 32 bytes; zeros for no entries. @throws StoreError `record-damaged` */
export function storedStateRoot(
  view: Pick<KeyValueStore, 'get'>,
  { hash = treeHash }: StateTreeOptions = {},
): Uint8Array {
  return nodeHash(storedRoot(view), hash).slice();
}

/** The root node in a store. */
export function storedRoot(view: Pick<KeyValueStore, 'get'>): TreeNode | undefined {
  const record = view.get(recordKey(EMPTY_HASH, 0));
  return record === undefined ? undefined : unpackRecord(record);
}

interface Edit {
  readonly path: Uint8Array;
  /** None to delete. */
  readonly leaf: Leaf | undefined;
}

interface Pass {
  readonly view: Overlay;
  readonly hash: TreeHash;
  /** Ascending by path. */
  readonly edits: readonly Edit[];
}

/**
 * Brings the tree up to date in one pass that reads and writes only the records on the paths of the changes.
 *
 * @param view the overlay of a block, through which the tree's records are read and written
 * @param changes what happened to the contents since the tree's root, without records of the tree; of several changes of
 *   a key the last counts
 * @returns the new root, 32 bytes
 * @throws StoreError `record-damaged`
 */
export function updateStateTree(
  view: Overlay,
  changes: readonly Change[],
  { hash = treeHash }: StateTreeOptions = {},
): Uint8Array {
  const edits = new Map<string, Edit>();
  for (const { key, value } of changes) {
    const path = statePath(key, hash);
    const leaf = value === undefined ? undefined : leafNode(path, stateValueHash(value, hash));
    edits.set(byteText(path), { path, leaf });
  }
  const pass = { view, hash, edits: [...edits.values()].sort((a, b) => compareBytes(a.path, b.path)) };
  const before = storedRoot(view);
  const after = apply(pass, before, 0, pass.edits.length, 0);
  if (after === undefined && before !== undefined) view.delete(recordKey(EMPTY_HASH, 0));
  if (after !== undefined && after !== before) view.give(recordKey(EMPTY_HASH, 0), packRecord(after));
  return nodeHash(after, hash).slice();
}

/** A node after the edits `from` to `to`, which all pass through it; the same node where nothing changed. */
function apply(
  pass: Pass,
  node: TreeNode | undefined,
  from: number,
  to: number,
  depth: number,
): TreeNode | undefined {
  if (from === to) return node;
  const opened = node === undefined ? undefined : openNode(node);
  if (opened?.kind === 'below') {
    const path = pass.edits[from]!.path;
    const inner = readRecord(pass.view, path, depth, opened.hash);
    const after = applyInside(pass, inner, from, to, depth);
    if (after === inner) return node;
    if (after?.kind === 'inner') return intoRecord(pass, after, path, depth);
    pass.view.delete(recordKey(path, depth));
    return after;
  }
  const after = applyInside(pass, opened, from, to, depth);
  if (after === opened) return node;
  if (after?.kind === 'inner' && startsRecord(depth))
    return intoRecord(pass, after, pass.edits[from]!.path, depth);
  return after;
}

function startsRecord(depth: number): boolean {
  return depth > 0 && depth % RECORD_LEVELS === 0;
}

/** Writes an inner node's record; in the record above stands its hash. */
function intoRecord(
  { view }: Pass,
  node: TreeNode & { kind: 'inner' },
  path: Uint8Array,
  depth: number,
): TreeNode {
  view.give(recordKey(path, depth), packRecord(node));
  return { kind: 'below', hash: node.hash };
}

/** As `apply` for a node that was read, without the step into a record. */
function applyInside(
  pass: Pass,
  node: (TreeNode & { kind: 'leaf' | 'inner' }) | undefined,
  from: number,
  to: number,
  depth: number,
): TreeNode | undefined {
  if (node?.kind !== 'inner') return build(pass, node, from, to, depth);
  const middle = firstRight(pass.edits, from, to, depth);
  const left = apply(pass, node.left, from, middle, depth + 1);
  const right = apply(pass, node.right, middle, to, depth + 1);
  if (left === node.left && right === node.right) return node;
  return join(pass, left, right);
}

/** The subtree of edits where there was at most one leaf, which an edit may replace. */
function build(
  pass: Pass,
  before: Leaf | undefined,
  from: number,
  to: number,
  depth: number,
): TreeNode | undefined {
  const leaves: Leaf[] = [];
  let kept = before;
  for (let at = from; at < to; at++) {
    const { path, leaf } = pass.edits[at]!;
    if (kept !== undefined) {
      const order = compareBytes(kept.path, path);
      if (order < 0) leaves.push(kept);
      // The same entry again: the node that is there stays.
      const same = order === 0 && leaf !== undefined && equalBytes(kept.valueHash, leaf.valueHash);
      if (same) leaves.push(kept);
      if (order <= 0) kept = undefined;
      if (same) continue;
    }
    if (leaf !== undefined) leaves.push(leaf);
  }
  if (kept !== undefined) leaves.push(kept);
  return buildFrom(pass, leaves, 0, leaves.length, depth, true);
}

/** The subtree of leaves that ascend by path. `top`: its caller writes its record. */
function buildFrom(
  pass: Pass,
  leaves: readonly Leaf[],
  from: number,
  to: number,
  depth: number,
  top: boolean,
): TreeNode | undefined {
  if (to - from <= 1) return leaves[from < to ? from : leaves.length];
  const middle = firstRight(leaves, from, to, depth);
  const left = buildFrom(pass, leaves, from, middle, depth + 1, false);
  const right = buildFrom(pass, leaves, middle, to, depth + 1, false);
  const node = join(pass, left, right);
  if (top || node?.kind !== 'inner' || !startsRecord(depth)) return node;
  return intoRecord(pass, node, leaves[from]!.path, depth);
}

/** Index of the first whose bit at this depth is 1. */
function firstRight(
  sorted: readonly { path: Uint8Array }[],
  from: number,
  to: number,
  depth: number,
): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bitAt(sorted[middle]!.path, depth) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A subtree with one leaf is that leaf; one with none does not exist. */
function join(
  { hash }: Pass,
  left: TreeNode | undefined,
  right: TreeNode | undefined,
): (TreeNode & { kind: 'inner' | 'leaf' }) | undefined {
  const [leftLeaf, rightLeaf] = [asLeaf(left), asLeaf(right)];
  if (left === undefined && (right === undefined || rightLeaf !== undefined)) return rightLeaf;
  if (right === undefined && leftLeaf !== undefined) return leftLeaf;
  return { kind: 'inner', left, right, hash: innerHash(nodeHash(left, hash), nodeHash(right, hash), hash) };
}

function asLeaf(node: TreeNode | undefined): Leaf | undefined {
  if (node === undefined) return undefined;
  if (node.kind === 'leaf') return node;
  if (node.kind !== 'packed') return undefined;
  const opened = openNode(node);
  return opened.kind === 'leaf' ? opened : undefined;
}
