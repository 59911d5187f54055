import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, compareBytes, concat, le32 } from '@sero/crypto';
import fc from 'fast-check';
import { type StakeRow, type StakeTable, StakeTableType, stakeTable } from './index.ts';
import { filler, refusal } from './test-support.ts';

/** Row number n: numbers and ids are in one order. */
function row(n: number, weight = BigInt(n + 1)): StakeRow {
  const hash = (tag: string): Uint8Array => blake2b256(tag, le32(n));
  return {
    id: concat(Uint8Array.of(n >> 16, n >> 8, n), hash('id').slice(3)),
    vrfKey: hash('vrf'),
    voteRoot: hash('vote'),
    blsKey: concat(hash('bls'), filler(n, 16)),
    weight,
  };
}

const rows = (length: number, of: (i: number) => number = (i) => i): StakeRow[] =>
  Array.from({ length }, (_, i) => row(of(i)));

/** The root from its definition: SSZ of the whole table. */
function naiveRoot(table: StakeTable): Uint8Array {
  return StakeTableType.hashTreeRoot({ total: table.total, rows: [...table.rows] });
}

test('the root is that of the SSZ object at every number of rows around the edges of chunks', () => {
  for (const length of [0, 1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 320, 1000]) {
    const table = stakeTable(rows(length));
    assert.deepEqual(table.root(), naiveRoot(table), `${length} rows`);
    assert.equal(table.total, BigInt((length * (length + 1)) / 2));
  }
});

test('a record is found by its id, and no other id is', () => {
  const table = stakeTable(rows(200));
  for (const expected of table.rows) assert.equal(table.row(expected.id), expected);
  assert.equal(table.row(filler(1, 32)), undefined);
  assert.equal(table.row(new Uint8Array(32)), undefined);
  assert.equal(table.row(new Uint8Array(32).fill(255)), undefined);
  assert.equal(stakeTable([]).row(filler(1, 32)), undefined);
});

test('rows out of order, two of one id, rows without weight and too much weight are refused', () => {
  assert.throws(() => stakeTable([row(2), row(1)]), refusal('table-invalid'));
  assert.throws(() => stakeTable([row(1), row(1)]), refusal('table-invalid'));
  assert.throws(() => stakeTable([row(1, 0n)]), refusal('table-invalid'));
  assert.throws(() => stakeTable([row(1, 1n << 62n), row(2, 1n << 62n)]), refusal('table-invalid'));
  assert.equal(stakeTable([row(1, 1n << 62n), row(2, (1n << 62n) - 1n)]).total, (1n << 63n) - 1n);
});

test('changes that contradict themselves or the table are refused', () => {
  const table = stakeTable(rows(10));
  const refused = refusal('table-invalid');
  assert.throws(() => table.changed({ set: [row(3, 0n)], removed: [] }), refused);
  assert.throws(() => table.changed({ set: [row(3, 1n), row(3, 2n)], removed: [] }), refused);
  assert.throws(() => table.changed({ set: [row(3)], removed: [row(3).id] }), refused);
  assert.throws(() => table.changed({ set: [], removed: [row(3).id, row(3).id] }), refused);
  assert.throws(() => table.changed({ set: [], removed: [row(10).id] }), refused);
  assert.throws(() => table.changed({ set: [row(3, 1n << 63n)], removed: [] }), refused);
});

test('after any changes a table is the one that is made of its rows, and the earlier ones stand', () => {
  // Numbers everywhere, and more of them around the edges of chunks.
  const near = fc.constantFrom(0, 62, 63, 64, 65, 66, 126, 127, 128, 129, 191, 192, 193, 255, 256, 257);
  const number = fc.oneof(fc.nat(300), near);
  const range = fc
    .tuple(number, fc.nat(70))
    .map(([from, n]) => Array.from({ length: n }, (_, i) => from + i));
  const numbers = fc.oneof(fc.uniqueArray(number, { maxLength: 12 }), range);
  const change = fc.record({ set: numbers, removed: numbers });
  fc.assert(
    fc.property(number, fc.array(change, { maxLength: 6 }), (length, changes) => {
      const made: [StakeTable, Uint8Array][] = [];
      let table = stakeTable(rows(length));
      const model = new Map(table.rows.map((r) => [Number(r.weight) - 1, r]));
      for (const [round, { set, removed }] of changes.entries()) {
        const leaving = removed.filter((n) => model.has(n) && !set.includes(n));
        const coming = set.map((n) => row(n, BigInt(1000 * round + n + 1)));
        table = table.changed({ set: coming, removed: leaving.map((n) => model.get(n)!.id) });
        for (const n of leaving) model.delete(n);
        for (const [i, n] of set.entries()) model.set(n, coming[i]!);
        const expected = [...model.values()].sort((a, b) => compareBytes(a.id, b.id));
        assert.deepEqual(table.rows, expected);
        assert.deepEqual(table.root(), naiveRoot(table));
        assert.equal(
          table.total,
          expected.reduce((sum, { weight }) => sum + weight, 0n),
        );
        for (const r of expected) assert.equal(table.row(r.id), r);
        made.push([table, table.root()]);
      }
      for (const [earlier, root] of made) assert.deepEqual(naiveRoot(earlier), root);
    }),
    { numRuns: 40 },
  );
});

test('a table grows and shrinks over the edges of chunks, and of pairs of them', () => {
  for (const length of [1, 64, 65, 128, 129, 192, 193, 257]) {
    const table = stakeTable(rows(length));
    const shorter = table.changed({ set: [], removed: [row(length - 1).id] });
    assert.deepEqual(shorter.root(), naiveRoot(shorter), `${length} less one`);
    const longer = table.changed({ set: [row(length)], removed: [] });
    assert.deepEqual(longer.root(), naiveRoot(longer), `${length} and one`);
    assert.deepEqual(shorter.changed({ set: [row(length - 1)], removed: [] }).root(), table.root());
  }
  const none = stakeTable(rows(70)).changed({ set: [], removed: rows(70).map(({ id }) => id) });
  assert.deepEqual(none.root(), naiveRoot(none));
  assert.equal(none.total, 0n);
});

test('a change of a few rows of many costs hashes for their paths, not for the table', () => {
  const table = stakeTable(rows(5_000));
  const [before, after] = [
    table,
    table.changed({ set: [5, 3_000, 3_001, 4_999].map((n) => row(n, 7n)), removed: [] }),
  ];
  let shared = 0;
  for (let place = 0; place < 5_000 >> 6; place++) {
    if (before.node(6, place) === after.node(6, place)) shared++;
  }
  // Two of the whole chunks of 64 rows hold three of the four; all other nodes are the same objects.
  assert.equal(shared, (5_000 >> 6) - 2);
  assert.deepEqual(after.root(), naiveRoot(after));
});
