import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { witnessTree } from '@sero/protocol';
import { nodesBelow, shardsToDrop } from './shards.ts';

const SHARD = 65_536n;
const at = (size: bigint) => ({ size });
const note = (position: bigint) => ({ position });

describe('shards of the note tree', () => {
  it('are dropped once an anchor lies wholly behind them', () => {
    assert.deepEqual(shardsToDrop(undefined, at(SHARD - 1n), []), []);
    assert.deepEqual(shardsToDrop(undefined, at(SHARD), []), [0n]);
    assert.deepEqual(shardsToDrop(at(SHARD - 1n), at(3n * SHARD + 5n), []), [0n, 1n, 2n]);
    assert.deepEqual(shardsToDrop(at(SHARD), at(SHARD + 9n), []), []);
  });

  it('are kept while one note in them is unspent', () => {
    const next = at(3n * SHARD);
    assert.deepEqual(shardsToDrop(undefined, next, [note(0n), note(2n * SHARD - 1n)]), [2n]);
    assert.deepEqual(shardsToDrop(undefined, next, [note(2n * SHARD)]), [0n, 1n]);
    assert.deepEqual(shardsToDrop(undefined, next, [note(3n * SHARD)]), [0n, 1n, 2n]);
  });

  it('have 87,380 nodes below their root, each named once', () => {
    const nodes = nodesBelow(2n);
    assert.equal(nodes.length, (4 ** 9 - 4) / 3);
    assert.equal(new Set(nodes.map(String)).size, nodes.length);
    assert.ok(nodes.every(([level, index]) => index >> BigInt(2 * (8 - level)) === 2n));
  });

  it('dropped from a full tree leave its root and the paths of every other shard as they were', () => {
    // Any one-way function of four children gives a tree; this one gives 196,608 leaves in a moment.
    const tree = witnessTree((children) => {
      const parents: bigint[] = [];
      for (let i = 0; i < children.length; i += 4) {
        const [a, b, c, d] = children.slice(i, i + 4) as [bigint, bigint, bigint, bigint];
        parents.push(((a * 31n + b) * 37n + c) * 41n + d + 1n);
      }
      return parents.map((parent) => BigInt.asUintN(96, parent * 0x9e3779b97f4a7c15n));
    });
    tree.append(Array.from({ length: 3 * Number(SHARD) }, (_, i) => BigInt(i + 1)));
    const size = tree.size();
    const root = tree.rootAt(size);
    const path = tree.pathAt(SHARD + 7n, size);
    for (const shard of shardsToDrop(undefined, { size }, [note(SHARD + 7n)])) tree.dropShard(shard);
    assert.equal(tree.rootAt(size), root);
    assert.deepEqual(tree.pathAt(SHARD + 7n, size), path);
    assert.throws(() => tree.pathAt(7n, size), { code: 'not-witnessed' });
    const kept = new Set([...tree.nodes()].map(([level, index]) => `${level},${index}`));
    const dropped = new Set([0n, 2n].flatMap(nodesBelow).map(String));
    assert.ok([...dropped].every((name) => !kept.has(name)));
    assert.equal(kept.size, 87_380 + 3);
  });
});
