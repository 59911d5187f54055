import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathRoot } from '@sero/circuits';
import { hashNode } from '@sero/crypto';
import { createPortableNoteHasher } from '@sero/prover';
import fc from 'fast-check';
import vectors from '../../../test/vectors/tree.json' with { type: 'json' };
import {
  appendLeaves,
  EMPTY_FRONTIER,
  EMPTY_ROOTS,
  type Frontier,
  frontierRoot,
  type HashNodes,
  hashNodes,
  hashNodesWith,
  SHARD_LEVEL,
  TREE_CAPACITY,
  TREE_DEPTH,
  type WitnessTree,
  witnessTree,
} from './index.ts';
import { refusal } from './test-support.ts';

/** The portable hasher, which remembers: the same subtrees come again and again in these tests. */
const known = new Map<string, bigint>();
const remembering: HashNodes = (children) =>
  Array.from({ length: children.length / 4 }, (_, i) => {
    const four = children.slice(4 * i, 4 * i + 4);
    const key = four.map((child) => child.toString(36)).join();
    const hash = known.get(key) ?? hashNodes(four)[0]!;
    known.set(key, hash);
    return hash;
  });

const newTree = (): WitnessTree => witnessTree(remembering);

function grown(frontier: Frontier, leaves: readonly bigint[]): Frontier {
  return appendLeaves(frontier, leaves, remembering).frontier;
}

/** The root from its definition: every level in full, padded with the empty node of its level. */
function naiveRoot(leaves: readonly bigint[]): bigint {
  let nodes = [...leaves];
  let empty = 0n;
  for (let level = 0; level < TREE_DEPTH; level++) {
    while (nodes.length % 4 !== 0) nodes.push(empty);
    nodes = [...remembering(nodes)];
    empty = remembering([empty, empty, empty, empty])[0]!;
  }
  return nodes[0] ?? empty;
}

/** The n-th of leaves that are all different. */
const leaf = (n: number): bigint => BigInt(n + 1) ** 5n;
const leaves = (from: number, to: number): bigint[] =>
  Array.from({ length: to - from }, (_, i) => leaf(from + i));

test('empty nodes, roots and paths are those of the Python reference', () => {
  assert.equal(TREE_DEPTH, vectors.depth);
  assert.deepEqual(EMPTY_ROOTS, vectors.emptyNodeByLevel.map(BigInt));
  const all = vectors.leaves.map(BigInt);
  const tree = newTree();
  tree.append(all);
  for (const { leaves: count, root } of vectors.rootsAfter) {
    assert.equal(frontierRoot(grown(EMPTY_FRONTIER, all.slice(0, count))), BigInt(root));
    assert.equal(tree.rootAt(BigInt(count)), BigInt(root));
  }
  for (const { leaves: count, position, leaf: own, root, steps } of vectors.paths) {
    const path = tree.pathAt(BigInt(position), BigInt(count));
    assert.deepEqual(
      path,
      steps.map(({ siblings }) => siblings.map(BigInt)),
    );
    assert.deepEqual(
      steps.map(({ place }) => place),
      steps.map((_, level) => Math.floor(position / 4 ** level) % 4),
    );
    assert.equal(pathRoot(BigInt(own), BigInt(position), path), BigInt(root));
  }
});

/** Node of each level in a tree of equal leaves. */
const UNIFORM = Array.from({ length: TREE_DEPTH }).reduce<bigint[]>(
  (nodes) => {
    const below = nodes[nodes.length - 1]!;
    return [...nodes, ...remembering([below, below, below, below])];
  },
  [BigInt(vectors.uniform.leaf)],
);

/** The frontier of `size` equal leaves: as many nodes a level as the digit of base 4 says. */
function uniformFrontier(size: bigint): Frontier {
  const levels = UNIFORM.map((node, level) => {
    const count = level === TREE_DEPTH ? size >> 36n : (size >> BigInt(2 * level)) & 3n;
    return Array.from({ length: Number(count) }, () => node);
  });
  return { size, levels };
}

test('trees of equal leaves have the roots of the Python reference up to the last leaf', () => {
  assert.equal(UNIFORM[SHARD_LEVEL], BigInt(vectors.uniform.completeShardRoot));
  for (const { leaves: count, root } of vectors.uniform.rootsAfter) {
    assert.equal(frontierRoot(uniformFrontier(BigInt(count)), remembering), BigInt(root), `${count} leaves`);
  }
});

test('frontier, witness tree and plain recomputation agree after every batch', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 8 }), (batches) => {
      const tree = newTree();
      let frontier = EMPTY_FRONTIER;
      let size = 0;
      const roots = [naiveRoot([])];
      for (const batch of batches) {
        const added = leaves(size, size + batch);
        tree.append(added);
        frontier = grown(frontier, added);
        size += batch;
        roots[size] = naiveRoot(leaves(0, size));
        assert.equal(frontier.size, BigInt(size));
        assert.equal(tree.size(), BigInt(size));
        assert.equal(frontierRoot(frontier, remembering), roots[size]);
      }
      for (const [count, root] of roots.entries()) {
        if (root !== undefined) assert.equal(tree.rootAt(BigInt(count)), root);
      }
    }),
    { numRuns: 25 },
  );
});

test('a batch is as good as its leaves one by one', () => {
  const one = leaves(0, 70).reduce((frontier, own) => grown(frontier, [own]), EMPTY_FRONTIER);
  assert.deepEqual(grown(EMPTY_FRONTIER, leaves(0, 70)), one);
  assert.deepEqual(grown(one, []), one);
});

test("every path leads the circuit's way to the root of its time", () => {
  const tree = newTree();
  tree.append(leaves(0, 90));
  fc.assert(
    fc.property(fc.nat(89), fc.nat(89), (a, b) => {
      const [position, size] = [Math.min(a, b), Math.max(a, b) + 1];
      const path = tree.pathAt(BigInt(position), BigInt(size));
      const root = tree.rootAt(BigInt(size));
      assert.equal(pathRoot(leaf(position), BigInt(position), path), root);
      assert.notEqual(pathRoot(leaf(position) + 1n, BigInt(position), path), root);
      assert.notEqual(pathRoot(leaf(position), BigInt(position) ^ 1n, path), root);
    }),
    { numRuns: 30 },
  );
});

test('a rolled back tree is the tree that never had the leaves', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(60), fc.nat(60), (kept, undone, later) => {
      const tree = newTree();
      tree.append(leaves(0, kept));
      tree.append(leaves(1_000, 1_000 + undone));
      tree.truncate(BigInt(kept));
      assert.equal(tree.size(), BigInt(kept));
      tree.append(leaves(2_000, 2_000 + later));
      const expected = newTree();
      expected.append([...leaves(0, kept), ...leaves(2_000, 2_000 + later)]);
      assert.deepEqual([...tree.nodes()], [...expected.nodes()]);
      for (let size = 0; size <= kept + later; size += 7) {
        assert.equal(tree.rootAt(BigInt(size)), expected.rootAt(BigInt(size)));
      }
    }),
    { numRuns: 20 },
  );
});

test('a tree is restored from the nodes that it gave, all at once or as they became complete', () => {
  const tree = newTree();
  tree.append(leaves(0, 37));
  const first = [...tree.nodes()];
  tree.append(leaves(37, 85));
  const since = [...tree.nodes(37n)];
  assert.deepEqual(
    new Set([...first, ...since].map(String)),
    new Set([...tree.nodes()].map(String)),
    'no node is missing',
  );
  assert.equal(first.length + since.length, [...tree.nodes()].length, 'none is given twice');
  const restored = witnessTree(remembering, { size: 85n, nodes: [...first, ...since] });
  for (const size of [1n, 37n, 64n, 85n]) assert.equal(restored.rootAt(size), tree.rootAt(size));
  assert.deepEqual(restored.pathAt(5n, 85n), tree.pathAt(5n, 85n));
  restored.append(leaves(85, 90));
  assert.equal(restored.rootAt(90n), naiveRoot(leaves(0, 90)));
});

test('a leaf of 0 is refused and changes nothing', () => {
  const tree = newTree();
  tree.append(leaves(0, 5));
  for (const bad of [[0n], [1n, 0n], [0n, 1n]]) {
    assert.throws(() => tree.append(bad), refusal('leaf-is-zero'));
    assert.throws(() => appendLeaves(EMPTY_FRONTIER, bad), refusal('leaf-is-zero'));
  }
  assert.equal(tree.size(), 5n);
  assert.equal(tree.rootAt(5n), naiveRoot(leaves(0, 5)));
});

test('the tree takes 4^18 leaves and not one more', () => {
  const last = UNIFORM[0]!;
  const almost = uniformFrontier(TREE_CAPACITY - 1n);
  const { frontier: full, shardRoots } = appendLeaves(almost, [last], remembering);
  assert.deepEqual(full, uniformFrontier(TREE_CAPACITY));
  assert.deepEqual(shardRoots, [UNIFORM[SHARD_LEVEL]]);
  assert.equal(frontierRoot(full, remembering), UNIFORM[TREE_DEPTH]);
  assert.throws(() => appendLeaves(full, [last]), refusal('tree-full'));
  assert.throws(() => appendLeaves(almost, [last, last]), refusal('tree-full'));
  assert.deepEqual(appendLeaves(full, [], remembering).frontier, full);

  const edge = UNIFORM.slice(0, TREE_DEPTH).flatMap((node, level) =>
    [0n, 1n, 2n].map((k) => [level, (1n << BigInt(36 - 2 * level)) - 4n + k, node] as const),
  );
  const tree = witnessTree(remembering, { size: TREE_CAPACITY - 1n, nodes: edge });
  assert.equal(tree.rootAt(TREE_CAPACITY - 1n), frontierRoot(almost, remembering));
  assert.throws(() => tree.append([last, last]), refusal('tree-full'));
  tree.append([last]);
  assert.equal(tree.rootAt(TREE_CAPACITY), UNIFORM[TREE_DEPTH]);
  const path = tree.pathAt(TREE_CAPACITY - 1n, TREE_CAPACITY);
  assert.equal(pathRoot(last, TREE_CAPACITY - 1n, path), UNIFORM[TREE_DEPTH]);
  assert.throws(() => tree.append([last]), refusal('tree-full'));
});

test('no root and no path is given at a size or position that the tree never had', () => {
  const tree = newTree();
  assert.equal(tree.rootAt(0n), EMPTY_ROOTS[TREE_DEPTH]);
  assert.throws(() => tree.pathAt(0n, 0n), refusal('position-out-of-range'));
  tree.append(leaves(0, 10));
  for (const size of [-1n, 11n, TREE_CAPACITY]) {
    assert.throws(() => tree.rootAt(size), refusal('position-out-of-range'));
    assert.throws(() => tree.truncate(size), refusal('position-out-of-range'));
  }
  for (const [position, size] of [
    [10n, 10n],
    [-1n, 10n],
    [5n, 5n],
    [5n, 11n],
    [0n, 0n],
    [0n, -1n],
    [TREE_CAPACITY, 10n],
  ] as const) {
    assert.throws(
      () => tree.pathAt(position, size),
      refusal('position-out-of-range'),
      `${position}, ${size}`,
    );
  }
});

const SHARD = 65_536;

/** Leaves that are all alike but for a few: two shards and the beginning of a third. */
function shardedLeaves(): bigint[] {
  const all = Array.from({ length: 2 * SHARD + 5 }, () => UNIFORM[0]!);
  for (const position of [0, 7, SHARD - 1, SHARD, SHARD + 3, 2 * SHARD - 1, 2 * SHARD + 1]) {
    all[position] = leaf(position);
  }
  return all;
}

test('a shard is 65,536 leaves: its root comes out when it is complete, in order, and stands in the tree', () => {
  const all = shardedLeaves();
  const [first, second] = [all.slice(0, SHARD), all.slice(SHARD, 2 * SHARD)];
  const shardRoot = (part: readonly bigint[]): bigint => {
    let nodes = part;
    while (nodes.length > 1) nodes = remembering(nodes);
    return nodes[0]!;
  };
  const expected = [shardRoot(first), shardRoot(second)];
  const whole = appendLeaves(EMPTY_FRONTIER, all, remembering);
  assert.deepEqual(whole.shardRoots, expected);
  const almost = appendLeaves(EMPTY_FRONTIER, first.slice(0, -1), remembering);
  assert.deepEqual(almost.shardRoots, []);
  const complete = appendLeaves(almost.frontier, first.slice(-1), remembering);
  assert.deepEqual(complete.shardRoots, [expected[0]]);
  const rest = appendLeaves(complete.frontier, all.slice(SHARD), remembering);
  assert.deepEqual(rest.shardRoots, [expected[1]]);
  assert.deepEqual(rest.frontier, whole.frontier);

  const tree = newTree();
  tree.append(all);
  assert.equal(tree.rootAt(BigInt(all.length)), frontierRoot(whole.frontier, remembering));
  const kept = [...tree.nodes()].filter(([level]) => level === SHARD_LEVEL).map(([, , hash]) => hash);
  assert.deepEqual(kept, expected);
});

test('a dropped shard leaves the roots and all other paths, and its own paths are not witnessed', () => {
  const all = shardedLeaves();
  const tree = newTree();
  tree.append(all);
  const size = BigInt(all.length);
  const root = tree.rootAt(size);
  assert.throws(() => tree.dropShard(2n), refusal('position-out-of-range'), 'not complete yet');
  const before = [...tree.nodes()].length;
  tree.dropShard(0n);
  assert.equal([...tree.nodes()].length, before - (4 * (4 ** SHARD_LEVEL - 1)) / 3);
  assert.equal(tree.rootAt(size), root);
  for (const position of [SHARD, SHARD + 3, 2 * SHARD - 1, 2 * SHARD + 1]) {
    const path = tree.pathAt(BigInt(position), size);
    assert.equal(pathRoot(leaf(position), BigInt(position), path), root);
  }
  for (const position of [0n, 7n, BigInt(SHARD - 1)]) {
    assert.throws(() => tree.pathAt(position, size), refusal('not-witnessed'));
  }
  assert.throws(() => tree.rootAt(8n), refusal('not-witnessed'), 'a root inside the dropped shard');

  const later = leaves(0, 9);
  tree.append(later);
  const frontier = grown(grown(EMPTY_FRONTIER, all), later);
  assert.equal(tree.rootAt(frontier.size), frontierRoot(frontier, remembering));

  tree.truncate(10n);
  assert.throws(() => tree.append(leaves(0, 6)), refusal('not-witnessed'), 'the edge was dropped');
});

test('a native hasher gives the same tree as the portable one', () => {
  const hasher = hashNodesWith(createPortableNoteHasher());
  const children = leaves(0, 12);
  assert.deepEqual(hasher(children), hashNodes(children));
  assert.deepEqual(hasher([]), []);
  assert.equal(hasher([1n, 2n, 3n, 4n])[0], hashNode(1n, 2n, 3n, 4n));
  const { frontier } = appendLeaves(EMPTY_FRONTIER, leaves(0, 20), hasher);
  assert.equal(frontierRoot(frontier, hasher), naiveRoot(leaves(0, 20)));
});

test('leaves in another order, or one fewer, give another root', () => {
  const roots = [leaves(0, 9), leaves(0, 9).toReversed(), leaves(0, 8), leaves(1, 10), leaves(0, 10)].map(
    naiveRoot,
  );
  assert.equal(new Set(roots).size, roots.length);
});
