import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, concat, fromHex, toHex } from '@sero/crypto';
import fc from 'fast-check';
import { type Change, type StateTree, stateRoot, updateTree } from './index.ts';

const key = fc.nat(40).map((n) => Uint8Array.of(n));
const value = fc.uint8Array({ maxLength: 3 });
const change = fc.record({ key, value: fc.option(value, { nil: undefined }) });

const put = (k: string, v: string): Change => ({ key: fromHex(k), value: fromHex(v) });

function contentsAfter(batches: readonly (readonly Change[])[]): Map<string, Change> {
  const contents = new Map<string, Change>();
  for (const one of batches.flat()) {
    if (one.value === undefined) contents.delete(toHex(one.key));
    else contents.set(toHex(one.key), one);
  }
  return contents;
}

const treeAfter = (batches: readonly (readonly Change[])[]): StateTree =>
  batches.reduce<StateTree>((tree, batch) => updateTree(tree, batch), undefined);

/** The root from its definition: the leaves below a path's first bits. */
function naiveRoot(contents: Iterable<Change>): string {
  const leaves = [...contents].map(({ key: k, value: v }) => {
    const path = blake2b256('SERO_TREEKEY', k);
    const bits = [...path].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    return { bits, hash: blake2b256('SERO_TREELEAF', path, blake2b256('SERO_TREEVAL', v!)) };
  });
  const rootUnder = (prefix: string): Uint8Array => {
    const below = leaves.filter(({ bits }) => bits.startsWith(prefix));
    if (below.length === 0) return new Uint8Array(32);
    if (below.length === 1) return below[0]!.hash;
    return blake2b256('SERO_TREENODE', concat(rootUnder(`${prefix}0`), rootUnder(`${prefix}1`)));
  };
  return toHex(rootUnder(''));
}

test('the root of nothing is 32 zero bytes, that of one entry its leaf', () => {
  assert.deepEqual(stateRoot(undefined), new Uint8Array(32));
  const path = blake2b256('SERO_TREEKEY', fromHex('01'));
  const leaf = blake2b256('SERO_TREELEAF', path, blake2b256('SERO_TREEVAL', fromHex('aa')));
  assert.deepEqual(stateRoot(updateTree(undefined, [put('01', 'aa')])), leaf);
});

test('the root follows from the contents alone: whatever was inserted, changed and deleted on the way', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 12 }), { maxLength: 8 }), (batches) => {
      const contents = [...contentsAfter(batches).values()];
      const root = toHex(stateRoot(treeAfter(batches)));
      assert.equal(root, naiveRoot(contents));
      assert.equal(root, toHex(stateRoot(updateTree(undefined, contents))), 'built at once');
      assert.equal(root, toHex(stateRoot(updateTree(undefined, contents.toReversed()))), 'in another order');
      const oneByOne = treeAfter(contents.map((one) => [one]));
      assert.equal(root, toHex(stateRoot(oneByOne)), 'one by one');
      const emptied = contents.map((one) => ({ key: one.key, value: undefined }));
      assert.equal(updateTree(treeAfter(batches), emptied), undefined, 'emptied');
    }),
    { numRuns: 150 },
  );
});

test('different contents have different roots', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 15 }), fc.array(change, { maxLength: 15 }), (a, b) => {
      const [left, right] = [contentsAfter([a]), contentsAfter([b])];
      const same =
        left.size === right.size &&
        [...left].every(([k, { value: v }]) => {
          const other = right.get(k)?.value;
          return other !== undefined && toHex(other) === toHex(v!);
        });
      const roots = [left, right].map((contents) =>
        toHex(stateRoot(updateTree(undefined, [...contents.values()]))),
      );
      assert.equal(roots[0] === roots[1], same);
    }),
    { numRuns: 200 },
  );
});

test('one entry more, less, with another value or under another key gives another root', () => {
  const base = [put('01', 'aa'), put('02', 'bb'), put('03', '')];
  const others = [
    base.slice(1),
    [...base, put('04', '')],
    [put('01', 'ab'), ...base.slice(1)],
    [put('05', 'aa'), ...base.slice(1)],
    [put('01', 'bb'), put('02', 'aa'), put('03', '')],
    [put('01', 'aa00'), ...base.slice(1)],
    [put('0100', 'aa'), ...base.slice(1)],
    [],
  ];
  const roots = [base, ...others].map((contents) => toHex(stateRoot(updateTree(undefined, contents))));
  assert.equal(new Set(roots).size, roots.length);
});

test('an earlier version stays as it was: versions share nodes and none is changed', () => {
  const first = updateTree(
    undefined,
    Array.from({ length: 30 }, (_, i) => ({ key: Uint8Array.of(i), value: Uint8Array.of(1) })),
  );
  const root = toHex(stateRoot(first));
  const second = updateTree(first, [
    put('05', 'ff'),
    { key: fromHex('06'), value: undefined },
    put('77', '01'),
  ]);
  assert.notEqual(toHex(stateRoot(second)), root);
  assert.equal(toHex(stateRoot(first)), root);
  const back = updateTree(second, [
    put('05', '01'),
    put('06', '01'),
    { key: fromHex('77'), value: undefined },
  ]);
  assert.equal(toHex(stateRoot(back)), root);
});

test('deleting what is not there and writing what is there change nothing', () => {
  const tree = updateTree(undefined, [put('01', 'aa'), put('02', 'bb')]);
  const gone = { key: fromHex('09'), value: undefined };
  assert.deepEqual(stateRoot(updateTree(tree, [gone])), stateRoot(tree));
  assert.deepEqual(stateRoot(updateTree(tree, [put('01', 'aa')])), stateRoot(tree));
  assert.equal(updateTree(undefined, [gone]), undefined);
  assert.equal(updateTree(tree, []), tree);
});

test('of several changes of one key in a batch the last counts', () => {
  const once = updateTree(undefined, [put('01', 'bb')]);
  const twice = updateTree(undefined, [put('01', 'aa'), put('01', 'bb')]);
  assert.deepEqual(stateRoot(twice), stateRoot(once));
});
