import { concat, equalBytes } from '@sero/crypto';
import { ensure } from './errors.ts';
import type { KeyValueStore } from './key-value.ts';
import { type StateTreeOptions, statePath, storedRoot } from './state-tree.ts';
import {
  bitAt,
  EMPTY_HASH,
  innerHash,
  leafHash,
  nodeHash,
  openNode,
  readRecord,
  type TreeNode,
  treeHash,
} from './tree-node.ts';

/**
 * That a key has a value under a root, or that it has none: the hashes beside its path, from the root down, and what the
 * path ends at. A key is absent where its path ends at nothing or at the leaf of another key.
 */
export interface StateProof {
  /** At most 256 hashes of 32 bytes; zeros for an empty subtree. */
  readonly siblings: readonly Uint8Array[];
  /** Undefined: nothing is there. */
  readonly leaf: StateProofLeaf | undefined;
}

export interface StateProofLeaf {
  /** 32 bytes; the key's own where it is present, another one that begins with the same bits where it is absent. */
  readonly path: Uint8Array;
  /** 32 bytes. */
  readonly valueHash: Uint8Array;
}

const PATH_BITS = 256;
const HASH_SIZE = 32;

/** Longest encoded proof in bytes. */
export const STATE_PROOF_LIMIT = 2 + PATH_BITS / 8 + PATH_BITS * HASH_SIZE + 1 + 2 * HASH_SIZE;

/**
 * Proves what a store holds, or does not hold, under a key of its state tree.
 *
 * @throws StoreError `record-damaged`
 */
export function proveState(
  store: Pick<KeyValueStore, 'get'>,
  key: Uint8Array,
  { hash = treeHash }: StateTreeOptions = {},
): StateProof {
  const path = statePath(key, hash);
  const siblings: Uint8Array[] = [];
  let node: TreeNode | undefined = storedRoot(store);
  while (node !== undefined) {
    const opened = openNode(node);
    if (opened.kind === 'leaf') {
      const leaf = { path: opened.path.slice(), valueHash: opened.valueHash.slice() };
      return { siblings, leaf };
    }
    const depth = siblings.length;
    const inner = opened.kind === 'inner' ? opened : readRecord(store, path, depth, opened.hash);
    const [on, beside] = bitAt(path, depth) === 0 ? [inner.left, inner.right] : [inner.right, inner.left];
    siblings.push(nodeHash(beside, hash).slice());
    node = on;
  }
  return { siblings, leaf: undefined };
}

/**
 * Checks a proof against a root.
 *
 * @param root 32 bytes, such as a header's state root
 * @returns `stateValueHash` of the key's value if it is present, undefined if it is proved absent
 * @throws StoreError `proof-invalid`: the proof says nothing about this key under this root
 */
export function verifyStateProof(
  root: Uint8Array,
  key: Uint8Array,
  { siblings, leaf }: StateProof,
  { hash = treeHash }: StateTreeOptions = {},
): Uint8Array | undefined {
  const path = statePath(key, hash);
  const depth = siblings.length;
  const hashes = leaf === undefined ? siblings : [...siblings, leaf.path, leaf.valueHash];
  const wellFormed = depth <= PATH_BITS && hashes.every(({ length }) => length === HASH_SIZE);
  ensure(wellFormed, 'proof-invalid', 'a proof has at most 256 hashes of 32 bytes');
  ensure(
    leaf === undefined || sharedBits(path, leaf.path) >= depth,
    'proof-invalid',
    'the proof ends at a leaf that is not on the path of this key',
  );
  let reached = leaf === undefined ? EMPTY_HASH : leafHash(leaf.path, leaf.valueHash, hash);
  for (let at = depth - 1; at >= 0; at--) {
    const beside = siblings[at]!;
    reached = bitAt(path, at) === 0 ? innerHash(reached, beside, hash) : innerHash(beside, reached, hash);
  }
  ensure(
    equalBytes(reached, root),
    'proof-invalid',
    'the proof leads to another root; ask again for the height of this one',
  );
  return leaf !== undefined && equalBytes(leaf.path, path) ? leaf.valueHash.slice() : undefined;
}

function sharedBits(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  while (bits < PATH_BITS && bitAt(a, bits) === bitAt(b, bits)) bits++;
  return bits;
}

/**
 * A proof as bytes: depth (u16, little-endian); a bit a sibling, lowest first, set where it is not empty; those siblings;
 * 0, or 1 || path || value hash. One encoding a proof, at most STATE_PROOF_LIMIT bytes.
 */
export function encodeStateProof({ siblings, leaf }: StateProof): Uint8Array {
  const present = new Uint8Array((siblings.length + 7) >> 3);
  const hashes = siblings.filter((sibling, at) => {
    const there = !equalBytes(sibling, EMPTY_HASH);
    if (there) present[at >> 3]! |= 1 << (at & 7);
    return there;
  });
  const end = leaf === undefined ? [Uint8Array.of(0)] : [Uint8Array.of(1), leaf.path, leaf.valueHash];
  return concat(Uint8Array.of(siblings.length & 0xff, siblings.length >> 8), present, ...hashes, ...end);
}

/** The proof that the bytes spell. @throws StoreError `proof-invalid` for any other bytes */
export function decodeStateProof(bytes: Uint8Array): StateProof {
  const need = (condition: boolean): void =>
    ensure(condition, 'proof-invalid', 'these bytes are no proof of state');
  let at = 0;
  const take = (length: number): Uint8Array => {
    need(at + length <= bytes.length);
    at += length;
    return bytes.slice(at - length, at);
  };
  const head = take(2);
  const depth = head[0]! | (head[1]! << 8);
  need(depth <= PATH_BITS);
  const present = take((depth + 7) >> 3);
  const isPresent = (index: number): boolean => ((present[index >> 3]! >> (index & 7)) & 1) === 1;
  const siblings: Uint8Array[] = [];
  for (let index = 0; index < present.length * 8; index++) {
    if (index >= depth) {
      need(!isPresent(index));
    } else if (isPresent(index)) {
      const sibling = take(HASH_SIZE);
      need(!equalBytes(sibling, EMPTY_HASH));
      siblings.push(sibling);
    } else {
      siblings.push(EMPTY_HASH.slice());
    }
  }
  const end = take(1)[0]!;
  need(end <= 1);
  const leaf = end === 0 ? undefined : { path: take(HASH_SIZE), valueHash: take(HASH_SIZE) };
  need(at === bytes.length);
  return { siblings, leaf };
}
