import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { participants } from './consensus-test-support.ts';
import {
  MAX_BUNDLE_VOTES,
  proveRows,
  type RowsProof,
  RowsProofType,
  stakeTable,
  tableOfProof,
} from './index.ts';
import { filler, flipped, refusal, variations } from './test-support.ts';

const ROWS = participants(Array.from({ length: 150 }, (_, i) => BigInt(i + 1))).map(({ row }) => row);

test('any rows of tables of any size are shown by one proof, and give the total', () => {
  const choice = fc.integer({ min: 1, max: 150 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      places: fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 20 }),
    }),
  );
  fc.assert(
    fc.property(choice, ({ size, places }) => {
      const whole = stakeTable(ROWS.slice(0, size));
      const proof = proveRows(
        whole,
        places.map((place) => ROWS[place]!.id),
      );
      const part = tableOfProof(proof, whole.root());
      assert.equal(part.total, whole.total);
      assert.deepEqual(part.root(), whole.root());
      assert.equal(part.rows.length, places.length);
      for (const [place, row] of ROWS.entries()) {
        assert.deepEqual(part.row(row.id), places.includes(place) ? row : undefined);
      }
    }),
    { numRuns: 100 },
  );
});

test('a proof of many rows shares its nodes, and a proof of all has none', () => {
  const table = stakeTable(ROWS);
  const all = proveRows(
    table,
    ROWS.map(({ id }) => id),
  );
  assert.equal(all.nodes.length, 0);
  assert.equal(proveRows(table, [ROWS[0]!.id]).nodes.length, 8);
  assert.equal(proveRows(table, [ROWS[0]!.id, ROWS[1]!.id]).nodes.length, 7);
  assert.equal(proveRows(table, [ROWS[0]!.id, ROWS[0]!.id]).rows.length, 1);
  assert.throws(() => proveRows(table, [filler(1, 32)]), refusal('sender-unknown'));
});

test('a proof shows as many rows as a bundle has members, and no more are read', () => {
  const rowsOf = (count: number) => Array.from({ length: count }, () => ROWS[0]!);
  const proof = { total: 1n, count: 1, positions: [0], rows: rowsOf(1), nodes: [] };
  const most = MAX_BUNDLE_VOTES;
  const placesOf = (count: number) => Array.from({ length: count }, (_, i) => i);
  const nodesOf = (count: number) => Array.from({ length: count }, () => filler(1, 32));
  const decoded = (change: Partial<RowsProof>): RowsProof =>
    RowsProofType.deserialize(RowsProofType.serialize({ ...proof, ...change }));
  assert.equal(decoded({ rows: rowsOf(most) }).rows.length, most);
  assert.equal(decoded({ positions: placesOf(most) }).positions.length, most);
  assert.equal(decoded({ nodes: nodesOf(20 * most) }).nodes.length, 20 * most);
  assert.throws(() => decoded({ rows: rowsOf(most + 1) }));
  assert.throws(() => decoded({ positions: placesOf(most + 1) }));
  assert.throws(() => decoded({ nodes: nodesOf(20 * most + 1) }));
});

test('every variation of a proof is refused', () => {
  const table = stakeTable(ROWS);
  const proof = proveRows(table, [ROWS[3]!.id, ROWS[77]!.id]);
  const changed = variations(proof);
  assert.ok(changed.length > 40);
  for (const one of changed) {
    assert.throws(() => tableOfProof(one, table.root()), refusal('rows-proof'));
  }
  assert.throws(() => tableOfProof(proof, flipped(table.root(), 0)), refusal('rows-proof'));
});

test('a proof without rows, with rows out of order or twice, behind the end or with a surplus node is refused', () => {
  const table = stakeTable(ROWS);
  const proof = proveRows(table, [ROWS[3]!.id, ROWS[77]!.id]);
  const change = (part: Partial<RowsProof>): void =>
    assert.throws(() => tableOfProof({ ...proof, ...part }, table.root()), refusal('rows-proof'));
  change({ rows: [], positions: [], nodes: [] });
  change({ rows: proof.rows.toReversed(), positions: proof.positions.toReversed() });
  change({ positions: [3, 3], rows: [proof.rows[0]!, proof.rows[0]!] });
  change({ positions: [3, 150] });
  change({ positions: [3] });
  change({ nodes: [...proof.nodes, filler(1, 32)] });
  change({ count: 0 });
  change({ count: 2 ** 20 + 1 });
});

test('no row comes along without a place, or in a place of another', () => {
  const table = stakeTable(ROWS);
  const { nodes, ...proof } = proveRows(table, [ROWS[3]!.id]);
  const fake = { ...ROWS[5]!, weight: 1_000_000n };
  const refused = (change: Partial<RowsProof>): void =>
    assert.throws(() => tableOfProof({ ...proof, nodes, ...change }, table.root()), refusal('rows-proof'));
  refused({ rows: [ROWS[3]!, fake] });
  refused({ positions: [3, 5] });
  // Each level has the nodes for both, so that the first of the two leads to the root.
  const doubled = nodes.flatMap((node) => [node, node]);
  refused({ positions: [3, 3], rows: [ROWS[3]!, fake], nodes: doubled });
});

test('a place behind the tree is not taken for the place with the same path', () => {
  const table = stakeTable(ROWS);
  const proof = proveRows(table, [ROWS[3]!.id]);
  const behind = { ...proof, positions: [3 + 2 ** 20] };
  assert.throws(() => tableOfProof(behind, table.root()), refusal('rows-proof'));
});
