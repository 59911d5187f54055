import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyMap, type PersistentMap } from './persistent-map.ts';

/** Keys that share beginnings, and beginnings of each other. */
const KEYS = fc.oneof(
  fc.constantFrom('a', 'ab', 'abc', 'ÿ', 'aÿ', '0', '00', '000'),
  fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('a', 'b', 'q', '1') }),
);

const STEPS = fc.array(fc.tuple(KEYS, fc.option(fc.nat(9), { nil: undefined })), { maxLength: 60 });

function sorted(map: Iterable<readonly [string, number]>): (readonly [string, number])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

test('after any changes it holds what a map would, and every older version is what it was', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      let map: PersistentMap<number> = emptyMap();
      const model = new Map<string, number>();
      const versions: [PersistentMap<number>, (readonly [string, number])[]][] = [];
      for (const [key, value] of steps) {
        map = value === undefined ? map.without(key) : map.with(key, value);
        if (value === undefined) model.delete(key);
        else model.set(key, value);
        versions.push([map, sorted(model)]);
      }
      for (const [version, contents] of versions) {
        assert.deepEqual(sorted(version.entries()), contents);
        assert.equal(version.size, contents.length);
        for (const [key, value] of contents) assert.equal(version.get(key), value);
        assert.equal(version.has('not there'), false);
      }
    }),
  );
});

test('the order of entries follows from the keys, not from the order in which they came', () => {
  fc.assert(
    fc.property(fc.uniqueArray(KEYS, { maxLength: 30 }), (keys) => {
      const insert = (order: readonly string[]) =>
        order.reduce<PersistentMap<string>>((map, key) => map.with(key, key), emptyMap());
      const extra = insert([...keys, 'once']).without('once');
      assert.deepEqual([...insert(keys).values()], [...insert(keys.toReversed()).values()]);
      if (!keys.includes('once')) assert.deepEqual([...extra.values()], [...insert(keys).values()]);
    }),
  );
});

test('a key with a character that has no two digits is refused, not taken for another', () => {
  for (const key of ['Ā', 'a\u{0}']) {
    assert.throws(
      () => emptyMap<number>().with('a', 1).with('aa', 2).with(key, 3).with(`${key}b`, 4),
      RangeError,
    );
  }
});
