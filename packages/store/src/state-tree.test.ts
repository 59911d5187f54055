import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, concat, fromHex, toHex } from '@sero/crypto';
import fc from 'fast-check';
import { type Change, type KeyValueStore, memoryStore, overlay } from './key-value.ts';
import {
  decodeStateProof,
  encodeStateProof,
  proveState,
  STATE_PROOF_LIMIT,
  type StateProof,
  verifyStateProof,
} from './state-proof.ts';
import { statePath, stateValueHash, storedStateRoot, updateStateTree } from './state-tree.ts';
import { refuses } from './test-support.ts';
import { NODE_PREFIX, type TreeHash } from './tree-node.ts';

/** Keys whose paths share many bits, so that few of them need records below records. */
const crowded: TreeHash = (personalisation, ...chunks) => {
  const hash = blake2b256(personalisation, ...chunks);
  if (personalisation !== 'SERO_TREEKEY') return hash;
  hash.fill(0, 1, 3);
  hash[0]! &= 0x81;
  hash[3]! &= 0x03;
  hash.fill(0xff, 4, 7);
  return hash;
};

const hashes = [
  ['its own hash', blake2b256],
  ['crowded paths', crowded],
] as const;

const keys = Array.from({ length: 41 }, (_, n) => Uint8Array.of(n));
const key = fc.constantFrom(...keys);
const value = fc.uint8Array({ maxLength: 3 });
const change = fc.record({ key, value: fc.option(value, { nil: undefined }) });
const batchesOf = fc.array(fc.array(change, { maxLength: 12 }), { maxLength: 8 });

const put = (k: string, v: string): Change => ({ key: fromHex(k), value: fromHex(v) });

function contentsAfter(batches: readonly (readonly Change[])[]): Map<string, Change> {
  const contents = new Map<string, Change>();
  for (const one of batches.flat()) {
    if (one.value === undefined) contents.delete(toHex(one.key));
    else contents.set(toHex(one.key), one);
  }
  return contents;
}

/** Writes a batch with the tree's records, as a block does. @returns the root */
function commit(store: KeyValueStore, batch: readonly Change[], hash: TreeHash = blake2b256): string {
  const view = overlay(store);
  for (const { key: k, value: v } of batch) {
    if (v === undefined) view.delete(k);
    else view.put(k, v);
  }
  const root = updateStateTree(view, view.changes(), { hash });
  store.write(view.changes());
  assert.deepEqual(storedStateRoot(store, { hash }), root);
  return toHex(root);
}

function storeAfter(batches: readonly (readonly Change[])[], hash: TreeHash = blake2b256): KeyValueStore {
  const store = memoryStore();
  for (const batch of batches) commit(store, batch, hash);
  return store;
}

const rootAfter = (batches: readonly (readonly Change[])[], hash?: TreeHash): string =>
  toHex(storedStateRoot(storeAfter(batches, hash), hash === undefined ? {} : { hash }));

const dump = (store: KeyValueStore): string[] =>
  [...store.entries(new Uint8Array(0))].map(([k, v]) => `${toHex(k)} ${toHex(v)}`);

/** The root from its definition: the leaves below a path's first bits. */
function naiveRoot(contents: Iterable<Change>, hash: TreeHash = blake2b256): string {
  const leaves = [...contents].map(({ key: k, value: v }) => {
    const path = hash('SERO_TREEKEY', k);
    const bits = [...path].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    return { bits, hash: blake2b256('SERO_TREELEAF', path, blake2b256('SERO_TREEVAL', v!)) };
  });
  const rootUnder = (prefix: string, below: typeof leaves): Uint8Array => {
    if (below.length === 0) return new Uint8Array(32);
    if (below.length === 1) return below[0]!.hash;
    const [left, right] = ['0', '1'].map((bit) =>
      rootUnder(
        prefix + bit,
        below.filter(({ bits }) => bits.startsWith(prefix + bit)),
      ),
    );
    return blake2b256('SERO_TREENODE', concat(left!, right!));
  };
  return toHex(rootUnder('', leaves));
}

test('the root of nothing is 32 zero bytes, that of one entry its leaf', () => {
  assert.deepEqual(storedStateRoot(memoryStore()), new Uint8Array(32));
  const path = blake2b256('SERO_TREEKEY', fromHex('01'));
  const leaf = blake2b256('SERO_TREELEAF', path, blake2b256('SERO_TREEVAL', fromHex('aa')));
  assert.equal(rootAfter([[put('01', 'aa')]]), toHex(leaf));
});

for (const [name, hash] of hashes) {
  test(`the root and the records follow from the contents alone, whatever happened on the way: ${name}`, () => {
    fc.assert(
      fc.property(batchesOf, (batches) => {
        const contents = [...contentsAfter(batches).values()];
        const store = storeAfter(batches, hash);
        assert.equal(toHex(storedStateRoot(store, { hash })), naiveRoot(contents, hash));
        assert.deepEqual(dump(storeAfter([contents], hash)), dump(store), 'built at once');
        assert.deepEqual(dump(storeAfter([contents.toReversed()], hash)), dump(store), 'in another order');
        const oneByOne = contents.map((one) => [one]);
        assert.deepEqual(dump(storeAfter(oneByOne, hash)), dump(store), 'one by one');
        commit(
          store,
          contents.map((one) => ({ key: one.key, value: undefined })),
          hash,
        );
        assert.deepEqual(dump(store), [], 'emptied');
      }),
      { numRuns: 40 },
    );
  });

  test(`every key is proved present with its value, or absent, and nothing else is: ${name}`, () => {
    fc.assert(
      fc.property(batchesOf, key, (batches, other) => {
        const contents = contentsAfter(batches);
        const store = storeAfter(batches, hash);
        const root = storedStateRoot(store, { hash });
        for (const k of keys) {
          const proof = decodeStateProof(encodeStateProof(proveState(store, k, { hash })));
          const expected = contents.get(toHex(k))?.value;
          const found = verifyStateProof(root, k, proof, { hash });
          assert.deepEqual(found, expected === undefined ? undefined : stateValueHash(expected));
          if (toHex(k) === toHex(other)) continue;
          // The proof of one key says nothing about another, or what is true of it.
          try {
            const claimed = verifyStateProof(root, other, proof, { hash });
            const truth = contents.get(toHex(other))?.value;
            assert.deepEqual(claimed, truth === undefined ? undefined : stateValueHash(truth));
          } catch (error) {
            assert.ok(refuses('proof-invalid')(error));
          }
        }
      }),
      { numRuns: 10 },
    );
  });
}

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
      assert.equal(rootAfter([[...left.values()]]) === rootAfter([[...right.values()]]), same);
    }),
    { numRuns: 100 },
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
  const roots = [base, ...others].map((contents) => rootAfter([contents]));
  assert.equal(new Set(roots).size, roots.length);
});

test('a block that is given up leaves the tree as it was', () => {
  const store = storeAfter([keys.map((k) => ({ key: k, value: k }))]);
  const before = dump(store);
  const view = overlay(store);
  const mark = view.mark();
  const root = updateStateTree(view, [put('05', 'ff'), { key: fromHex('06'), value: undefined }]);
  assert.deepEqual(storedStateRoot(view), root);
  assert.notDeepEqual(storedStateRoot(store), root);
  view.revert(mark);
  assert.deepEqual(storedStateRoot(view), storedStateRoot(store));
  assert.deepEqual(dump(store), before);
});

test('deleting what is not there and writing what is there change no root and write no record', () => {
  const store = storeAfter([keys.slice(0, 30).map((k) => ({ key: k, value: k }))], crowded);
  const view = overlay(store);
  const root = updateStateTree(view, [put('05', '05'), { key: fromHex('99'), value: undefined }], {
    hash: crowded,
  });
  assert.deepEqual(root, storedStateRoot(store));
  assert.deepEqual(view.changes(), []);
  assert.deepEqual(
    updateStateTree(overlay(memoryStore()), [{ key: fromHex('01'), value: undefined }]),
    new Uint8Array(32),
  );
});

test('of several changes of one key in a batch the last counts', () => {
  const view = overlay(memoryStore());
  const twice = updateStateTree(view, [put('01', 'aa'), put('01', 'bb')]);
  assert.equal(toHex(twice), rootAfter([[put('01', 'bb')]]));
});

test('a change reads and writes the records on its path and no other', () => {
  const many = Array.from({ length: 3000 }, (_, i) => ({
    key: Uint8Array.of(i >> 8, i & 0xff),
    value: Uint8Array.of(1),
  }));
  const store = storeAfter([many]);
  const read: string[] = [];
  const counted = {
    get: (k: Uint8Array) => {
      read.push(toHex(k));
      return store.get(k);
    },
  };
  const view = overlay(counted);
  let hashed = 0;
  const hash: TreeHash = (...of) => {
    hashed++;
    return blake2b256(...of);
  };
  updateStateTree(view, [{ key: many[7]!.key, value: Uint8Array.of(2) }], { hash });
  assert.deepEqual(new Set(read), new Set(view.changes().map(({ key: k }) => toHex(k))));
  assert.ok(read.length <= 3, `${read.length} records for one change in a tree of 3,000`);
  assert.ok(hashed <= 3 + 40, `${hashed} hashes for one change in a tree of 3,000`);
});

test('a record that is gone, cut, or another one’s is refused, wherever a pass or a proof meets it', () => {
  const store = storeAfter([keys.map((k) => ({ key: k, value: k }))], crowded);
  const records = [...store.entries(NODE_PREFIX)];
  assert.ok(records.length > 4);
  const attempts = (view: Pick<KeyValueStore, 'get'>) => [
    () =>
      updateStateTree(
        overlay(view),
        keys.map((k) => ({ key: k, value: fromHex('ff') })),
        { hash: crowded },
      ),
    () => keys.forEach((k) => void proveState(view, k, { hash: crowded })),
  ];
  for (const [at, record] of records) {
    const others = [
      undefined,
      record.slice(0, -1),
      record.slice(0, 1),
      new Uint8Array(0),
      concat(record, Uint8Array.of(0)),
      Uint8Array.of(9, ...record.slice(1)),
      records.find(([k]) => toHex(k) !== toHex(at))![1],
    ];
    for (const [i, other] of others.entries()) {
      // The root's record has none above it that names it.
      if (at.length === 1 && (i === 0 || i === others.length - 1)) continue;
      const view = { get: (k: Uint8Array) => (toHex(k) === toHex(at) ? other : store.get(k)) };
      for (const attempt of attempts(view))
        assert.throws(attempt, refuses('record-damaged'), `${toHex(at)} ${i}`);
    }
  }
});

function scene(): { root: Uint8Array; proofs: { key: Uint8Array; bytes: Uint8Array }[] } {
  const store = storeAfter([keys.slice(0, 25).map((k) => ({ key: k, value: k }))]);
  const root = storedStateRoot(store);
  // Present, absent beside another leaf, absent in an empty subtree: all occur among 41 keys.
  const proofs = keys.map((k) => ({ key: k, bytes: encodeStateProof(proveState(store, k)) }));
  const ends = proofs.map(({ key: k, bytes }) => {
    const { leaf } = decodeStateProof(bytes);
    return leaf === undefined
      ? 'empty'
      : verifyStateProof(root, k, decodeStateProof(bytes))
        ? 'own'
        : 'other';
  });
  assert.deepEqual(new Set(ends), new Set(['own', 'other', 'empty']));
  return { root, proofs };
}

test('a proof with any one byte changed, left out or added proves nothing', () => {
  const { root, proofs } = scene();
  for (const { key: k, bytes } of proofs.slice(0, 32)) {
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      const variants = [changed, concat(bytes.slice(0, at), bytes.slice(at + 1)), bytes.slice(0, at)];
      for (const variant of at % 3 === 0 ? variants : variants.slice(0, 1)) {
        assert.throws(() => verifyStateProof(root, k, decodeStateProof(variant)), refuses('proof-invalid'));
      }
    }
    assert.throws(() => decodeStateProof(concat(bytes, Uint8Array.of(0))), refuses('proof-invalid'));
  }
});

test('a proof under another root, or none at all for a tree that is not empty, proves nothing', () => {
  const { root, proofs } = scene();
  const otherRoot = Uint8Array.from(root, (byte, i) => (i === 31 ? byte ^ 1 : byte));
  const nothing: StateProof = { siblings: [], leaf: undefined };
  for (const { key: k, bytes } of proofs) {
    assert.throws(() => verifyStateProof(otherRoot, k, decodeStateProof(bytes)), refuses('proof-invalid'));
    assert.throws(() => verifyStateProof(root, k, nothing), refuses('proof-invalid'));
    assert.equal(verifyStateProof(new Uint8Array(32), k, nothing), undefined);
  }
});

test('a leaf on the wrong side of a made-up root proves nothing about the keys of that side', () => {
  const right = keys.find((k) => (statePath(k)[0]! & 0x80) !== 0)!;
  const left = keys.find((k) => (statePath(k)[0]! & 0x80) === 0)!;
  const leaf = { path: statePath(right), valueHash: stateValueHash(fromHex('aa')) };
  const hash = blake2b256('SERO_TREELEAF', leaf.path, leaf.valueHash);
  const root = blake2b256('SERO_TREENODE', hash, hash);
  const proof: StateProof = { siblings: [hash], leaf };
  assert.deepEqual(verifyStateProof(root, right, proof), leaf.valueHash);
  assert.throws(() => verifyStateProof(root, left, proof), refuses('proof-invalid'));
});

test('proofs of any shape are refused or decoded, never more than 256 hashes, and one encoding each', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.deepEqual(encodeStateProof(decodeStateProof(bytes)), bytes);
      } catch (error) {
        assert.ok(refuses('proof-invalid')(error));
      }
    }),
  );
  const deep = { siblings: Array.from({ length: 256 }, () => new Uint8Array(32).fill(1)), leaf: undefined };
  assert.deepEqual(decodeStateProof(encodeStateProof(deep)), deep);
  assert.ok(encodeStateProof(deep).length <= STATE_PROOF_LIMIT);
  assert.throws(
    () => decodeStateProof(Uint8Array.of(1, 1, ...new Uint8Array(8300))),
    refuses('proof-invalid'),
  );
  const spelledOut = concat(Uint8Array.of(1, 0, 1), new Uint8Array(32), Uint8Array.of(0));
  assert.throws(
    () => decodeStateProof(spelledOut),
    refuses('proof-invalid'),
    'an empty sibling has no bytes',
  );
  const tooDeep = { ...deep, siblings: [...deep.siblings, deep.siblings[0]!] };
  assert.throws(() => verifyStateProof(new Uint8Array(32), keys[0]!, tooDeep), refuses('proof-invalid'));
  const shortHash = { siblings: [new Uint8Array(31)], leaf: undefined };
  assert.throws(() => verifyStateProof(new Uint8Array(32), keys[0]!, shortHash), refuses('proof-invalid'));
});
