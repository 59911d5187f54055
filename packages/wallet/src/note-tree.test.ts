import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HashNodes, witnessTree } from '@sero/protocol';
import fc from 'fast-check';
import { noteTree, type TreeNode } from './note-tree.ts';

/** Any function of four children gives a tree; this one gives thousands of leaves in a moment. */
const cheap: HashNodes = (children) => {
  const parents: bigint[] = [];
  for (let i = 0; i < children.length; i += 4) {
    const [a, b, c, d] = children.slice(i, i + 4) as [bigint, bigint, bigint, bigint];
    parents.push(BigInt.asUintN(96, (((a * 31n + b) * 37n + c) * 41n + d + 1n) * 0x9e3779b97f4a7c15n));
  }
  return parents;
};

const leaves = (from: bigint, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => from + BigInt(i) + 1n);

describe('a wallet’s note tree', () => {
  it('pruned again and again has the roots and paths of one that keeps everything', () => {
    const step = fc.record({
      grow: fc.nat(90),
      own: fc.array(fc.nat(5_000), { maxLength: 3 }),
      prune: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const pruned = noteTree(cheap, 0n, []);
        const whole = witnessTree(cheap);
        const own = new Set<bigint>();
        const anchors: bigint[] = [];
        for (const { grow, own: chosen, prune } of steps) {
          const before = whole.size();
          pruned.append(leaves(before, grow));
          whole.append(leaves(before, grow));
          for (const place of chosen) if (BigInt(place) < BigInt(grow)) own.add(before + BigInt(place));
          if (prune) {
            anchors.length = 0;
            pruned.prune(whole.size(), own);
          }
          anchors.push(whole.size());
          for (const size of anchors) {
            assert.equal(pruned.rootAt(size), whole.rootAt(size));
            for (const position of own) {
              if (position < size)
                assert.deepEqual(pruned.pathAt(position, size), whole.pathAt(position, size));
            }
          }
        }
      }),
    );
  });

  it('keeps of 20,000 leaves of others a handful of nodes, and forgets the path of a note that was spent', () => {
    const tree = noteTree(cheap, 0n, []);
    tree.append(leaves(0n, 20_000));
    tree.prune(20_000n, [7n, 12_345n]);
    assert.ok(tree.kept() < 150, `${tree.kept()}`);
    assert.equal(tree.leafAt(7n), 8n);
    assert.throws(() => tree.pathAt(500n, 20_000n), { code: 'not-witnessed' });
    const two = tree.kept();
    tree.prune(20_000n, [12_345n]);
    assert.ok(tree.kept() < two);
    assert.throws(() => tree.pathAt(7n, 20_000n), { code: 'not-witnessed' });
    assert.equal(tree.pathAt(12_345n, 20_000n).length, 18);
  });

  it('goes back to any size since it was pruned, and grows from there as if nothing had been', () => {
    const tree = noteTree(cheap, 0n, []);
    tree.append(leaves(0n, 1_000));
    tree.prune(1_000n, [3n]);
    tree.append(leaves(1_000n, 300));
    tree.truncate(1_000n);
    tree.append(leaves(50_000n, 70));
    const other = witnessTree(cheap);
    other.append([...leaves(0n, 1_000), ...leaves(50_000n, 70)]);
    assert.equal(tree.rootAt(1_070n), other.rootAt(1_070n));
    assert.deepEqual(tree.pathAt(3n, 1_070n), other.pathAt(3n, 1_070n));
    assert.equal(tree.leafAt(1_000n), 50_001n);
    assert.equal(tree.leafAt(1_070n), undefined);
  });

  it('is there again in a store that applied its changes, each batch of them', () => {
    const action = fc.oneof(
      fc.nat(40).map((count) => ({ do: 'append' as const, count })),
      fc.constant({ do: 'truncate' as const }),
      fc.constant({ do: 'prune' as const }),
      fc.constant({ do: 'save' as const }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const tree = noteTree(cheap, 0n, []);
        const stored = new Map<string, TreeNode>();
        let base = 0n;
        let written = 0;
        const save = (): void => {
          const { added, dropped } = tree.takeChanges();
          const names = [...added, ...dropped].map(([level, index]) => `${level}/${index}`);
          assert.equal(new Set(names).size, names.length, 'nothing is both written and deleted');
          for (const [level, index] of dropped)
            assert.ok(stored.delete(`${level}/${index}`), 'only what is stored');
          for (const node of added) stored.set(`${node[0]}/${node[1]}`, node);
          written += added.length;
        };
        let fresh = 0n;
        for (const next of actions) {
          if (next.do === 'append') {
            fresh += 1_000n;
            tree.append(leaves(fresh, next.count));
          } else if (next.do === 'truncate') tree.truncate(base);
          else if (next.do === 'prune') {
            base = tree.size();
            tree.prune(base, [0n]);
          } else save();
        }
        save();
        assert.equal(stored.size, tree.kept());
        const again = noteTree(cheap, tree.size(), stored.values());
        assert.equal(again.rootAt(tree.size()), tree.rootAt(tree.size()));
        save();
        assert.equal(stored.size, tree.kept());
        assert.ok(written >= stored.size);
      }),
    );
  });
});
