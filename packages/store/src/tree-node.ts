import { blake2b256, concat, equalBytes } from '@sero/crypto';
import { ensure } from './errors.ts';

/**
 * Nodes of the state tree and the records that hold them. A record holds the eight levels below a node whose depth is a
 * multiple of eight: every inner node with its hash, so that a change costs its path and not the whole record.
 *
 *   empty   0
 *   leaf    1 || path (32) || value hash (32)
 *   inner   2 || hash (32) || length of left in bytes (u16, little-endian) || left || right
 *   below   3 || hash (32)                 an inner node at the eighth level: it has a record of its own
 *
 * A record is decoded only where the pass goes; the rest stays packed and is copied as it is.
 */
export type TreeNode = Leaf | Inner | Below | Packed;

export interface Leaf {
  readonly kind: 'leaf';
  /** B2b-256("SERO_TREEKEY", key). */
  readonly path: Uint8Array;
  /** B2b-256("SERO_TREEVAL", value). */
  readonly valueHash: Uint8Array;
  /** Worked out where it is first asked for. */
  hash: Uint8Array | undefined;
}

export interface Inner {
  readonly kind: 'inner';
  readonly hash: Uint8Array;
  readonly left: TreeNode | undefined;
  readonly right: TreeNode | undefined;
}

/** An inner node that starts another record. */
interface Below {
  readonly kind: 'below';
  readonly hash: Uint8Array;
}

/** A node as it stands in a record. */
interface Packed {
  readonly kind: 'packed';
  readonly bytes: Uint8Array;
}

/** BLAKE2b-256 with a personalisation: the one hash of the tree. */
export type TreeHash = (personalisation: string, ...chunks: readonly Uint8Array[]) => Uint8Array;

export const treeHash: TreeHash = blake2b256;

/** The hash of an empty subtree. */
export const EMPTY_HASH = new Uint8Array(32);

/** Levels of a record. */
export const RECORD_LEVELS = 8;

const [EMPTY, LEAF, INNER, BELOW] = [0, 1, 2, 3];
const LEAF_SIZE = 65;
const INNER_HEAD = 35;
const BELOW_SIZE = 33;

export function leafNode(path: Uint8Array, valueHash: Uint8Array): Leaf {
  return { kind: 'leaf', path, valueHash, hash: undefined };
}

export function leafHash(path: Uint8Array, valueHash: Uint8Array, hash: TreeHash): Uint8Array {
  return hash('SERO_TREELEAF', path, valueHash);
}

export function innerHash(left: Uint8Array, right: Uint8Array, hash: TreeHash): Uint8Array {
  return hash('SERO_TREENODE', left, right);
}

export function nodeHash(node: TreeNode | undefined, hash: TreeHash): Uint8Array {
  if (node === undefined) return EMPTY_HASH;
  if (node.kind === 'packed') {
    if (node.bytes[0] === LEAF) return leafHash(node.bytes.subarray(1, 33), node.bytes.subarray(33), hash);
    return node.bytes.subarray(1, 33);
  }
  if (node.kind === 'leaf') {
    node.hash ??= leafHash(node.path, node.valueHash, hash);
    return node.hash;
  }
  return node.hash;
}

/** The first bit of a path is the highest of its first byte. */
export function bitAt(path: Uint8Array, depth: number): 0 | 1 {
  return ((path[depth >> 3]! >> (7 - (depth & 7))) & 1) as 0 | 1;
}

/** The node that a record holds. @throws StoreError `record-damaged` unless it starts like one */
export function unpackRecord(record: Uint8Array): TreeNode {
  const node = unpackNode(record);
  ensure(node !== undefined && node.kind !== 'below', 'record-damaged', 'a tree record holds no node');
  return node;
}

/** One node of a record; what is below it stays packed. */
export function openNode(node: TreeNode): Leaf | Inner | Below {
  if (node.kind !== 'packed') return node;
  const opened = unpackNode(node.bytes);
  damagedUnless(opened !== undefined);
  return opened;
}

function unpackNode(bytes: Uint8Array): Leaf | Inner | Below | undefined {
  switch (bytes[0]) {
    case EMPTY:
      damagedUnless(bytes.length === 1);
      return undefined;
    case LEAF:
      damagedUnless(bytes.length === LEAF_SIZE);
      return leafNode(bytes.subarray(1, 33), bytes.subarray(33));
    case INNER: {
      damagedUnless(bytes.length > INNER_HEAD + 1);
      const middle = INNER_HEAD + (bytes[33]! | (bytes[34]! << 8));
      damagedUnless(middle > INNER_HEAD && middle < bytes.length);
      const left = pack(bytes.subarray(INNER_HEAD, middle));
      return { kind: 'inner', hash: bytes.subarray(1, 33), left, right: pack(bytes.subarray(middle)) };
    }
    default:
      damagedUnless(bytes[0] === BELOW && bytes.length === BELOW_SIZE);
      return { kind: 'below', hash: bytes.subarray(1) };
  }
}

function pack(bytes: Uint8Array): Packed | undefined {
  const size = [1, LEAF_SIZE, undefined, BELOW_SIZE][bytes[0]!];
  damagedUnless(bytes[0] === INNER || bytes.length === size);
  return bytes[0] === EMPTY ? undefined : { kind: 'packed', bytes };
}

function damagedUnless(condition: boolean): asserts condition {
  ensure(
    condition,
    'record-damaged',
    'a record of the state tree does not decode; restore a backup or sync again',
  );
}

/** The bytes of a record for a node and what it holds down to the next records. */
export function packRecord(node: TreeNode): Uint8Array {
  const out = new Uint8Array(sizeOf(node));
  write(node, out, 0);
  return out;
}

function sizeOf(node: TreeNode | undefined): number {
  if (node === undefined) return 1;
  if (node.kind === 'packed') return node.bytes.length;
  if (node.kind === 'leaf') return LEAF_SIZE;
  if (node.kind === 'below') return BELOW_SIZE;
  return INNER_HEAD + sizeOf(node.left) + sizeOf(node.right);
}

/** Writes a node at an offset; returns the offset after it. */
function write(node: TreeNode | undefined, out: Uint8Array, at: number): number {
  if (node === undefined) return at + 1; // EMPTY is what is there
  if (node.kind === 'packed') {
    out.set(node.bytes, at);
    return at + node.bytes.length;
  }
  if (node.kind === 'leaf') {
    out[at] = LEAF;
    out.set(node.path, at + 1);
    out.set(node.valueHash, at + 33);
    return at + LEAF_SIZE;
  }
  out[at] = node.kind === 'inner' ? INNER : BELOW;
  out.set(node.hash, at + 1);
  if (node.kind === 'below') return at + BELOW_SIZE;
  const middle = write(node.left, out, at + INNER_HEAD);
  const length = middle - at - INNER_HEAD;
  out[at + 33] = length & 0xff;
  out[at + 34] = length >> 8;
  return write(node.right, out, middle);
}

/** Where a store keeps the records of the tree; no other key of the store begins so. */
export const NODE_PREFIX = Uint8Array.of(0x6d);

/** The key of the record of the node that a path reaches at a depth, a multiple of eight. */
export function recordKey(path: Uint8Array, depth: number): Uint8Array {
  return concat(NODE_PREFIX, path.subarray(0, depth >> 3));
}

/** The node of the record at a depth of a path; it must be the inner node that the record above names. */
export function readRecord(
  view: { get(key: Uint8Array): Uint8Array | undefined },
  path: Uint8Array,
  depth: number,
  expected: Uint8Array,
): Inner {
  const record = view.get(recordKey(path, depth));
  damagedUnless(record !== undefined);
  const node = openNode(unpackRecord(record));
  damagedUnless(node.kind === 'inner' && equalBytes(node.hash, expected));
  return node;
}
