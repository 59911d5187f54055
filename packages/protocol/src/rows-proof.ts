import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { equalBytes, toHex } from '@sero/crypto';
import { MAX_BUNDLE_VOTES } from './bundle.ts';
import { ensure } from './errors.ts';
import { rootFromLeaves } from './merkle-list.ts';
import { Bytes32, u32, u64 } from './ssz.ts';
import {
  StakeRowType,
  type StakeTable,
  TABLE_DEPTH,
  tableRoot,
  type WholeStakeTable,
} from './stake-table.ts';

/** Most rows of one proof: all senders of the largest bundle. */
const MAX_PROVED_ROWS = MAX_BUNDLE_VOTES;

/** Some rows of a table, and what their root takes besides: one multiproof for all of them. */
export const RowsProofType = new ContainerType({
  /** W of the table. */
  total: u64,
  /** Rows of the table. */
  count: u32,
  /** Places of the rows, strictly ascending. */
  positions: new ListBasicType(u32, MAX_PROVED_ROWS),
  rows: new ListCompositeType(StakeRowType, MAX_PROVED_ROWS),
  /** The nodes that the rows do not give: level by level from below, in each level ascending; none beyond the table's end. */
  nodes: new ListCompositeType(Bytes32, MAX_PROVED_ROWS * TABLE_DEPTH),
});

export type RowsProof = ValueOf<typeof RowsProofType>;

/**
 * A proof of these records' rows.
 *
 * @param ids of rows of the table, at least one; their order does not matter
 * @throws ProtocolError `sender-unknown`
 */
export function proveRows(table: WholeStakeTable, ids: readonly Uint8Array[]): RowsProof {
  const places = new Set<number>();
  for (const id of ids) {
    const place = table.position(id);
    ensure(place !== undefined, 'sender-unknown', 'the record has no row in this table');
    places.add(place);
  }
  const positions = [...places].sort((a, b) => a - b);
  const nodes: Uint8Array[] = [];
  let level = positions;
  for (let height = 0; height < TABLE_DEPTH; height++) {
    const filled = ((table.count - 1) >> height) + 1;
    const here = new Set(level);
    for (const place of level) {
      const sibling = place ^ 1;
      if (!here.has(sibling) && sibling < filled) nodes.push(table.node(height, sibling));
    }
    level = [...new Set(level.map((place) => place >> 1))];
  }
  const rows = positions.map((place) => table.at(place));
  return { total: table.total, count: table.count, positions, rows, nodes };
}

/**
 * The part of a table that a proof shows: total, and the rows in it.
 *
 * @param root a validators root that is trusted
 * @throws ProtocolError `rows-proof`
 */
export function tableOfProof(proof: RowsProof, root: Uint8Array): StakeTable {
  const { total, count, positions, rows, nodes } = proof;
  const refuse = (condition: boolean, why: string): void => ensure(condition, 'rows-proof', why);
  refuse(rows.length > 0 && rows.length === positions.length, 'as many places as rows, and not none');
  refuse(positions[positions.length - 1]! < count, 'a row beyond the table');
  refuse(
    positions.every((place, i) => i === 0 || positions[i - 1]! < place),
    'places are not strictly ascending',
  );
  let used = 0;
  const rowsRoot = rootFromLeaves(
    TABLE_DEPTH,
    count,
    positions,
    rows.map((row) => StakeRowType.hashTreeRoot(row)),
    () => nodes[used++],
  );
  refuse(rowsRoot !== undefined && used === nodes.length, 'too few nodes, or too many');
  refuse(equalBytes(tableRoot(total, count, rowsRoot!), root), 'the rows are not those of the table');
  const byId = new Map(rows.map((row) => [toHex(row.id), row]));
  return { total, rows, row: (id) => byId.get(toHex(id)), root: () => root.slice() };
}
