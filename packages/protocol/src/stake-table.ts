import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { compareBytes, concat, equalBytes, le64 } from '@sero/crypto';
import { ensure } from './errors.ts';
import { hashPair, type Levels, levelsAbove, zeroRoot } from './merkle-list.ts';
import { Bytes32, ByteVectorType, u64 } from './ssz.ts';

/** Levels of the tree of rows; at most 2^20 rows. */
export const TABLE_DEPTH = 20;

/** Most rows of a table. */
export const MAX_TABLE_ROWS = 1 << TABLE_DEPTH;

/** One record's part in a round. */
export const StakeRowType = new ContainerType({
  /** Stake record. */
  id: Bytes32,
  /** RFC 9381 key, Ed25519. */
  vrfKey: Bytes32,
  /** Root of the ephemeral keys, Ed25519. */
  voteRoot: Bytes32,
  /** BLS12-381, G1 compressed; its possession was proved at registration. */
  blsKey: new ByteVectorType(48),
  /** Units after cutting, above 0. */
  weight: u64,
});

/** Who may vote in a round: `validatorsRoot` of a header is the root of this. */
export const StakeTableType = new ContainerType({
  /** W, the sum of the weights. */
  total: u64,
  /** By id, strictly ascending. */
  rows: new ListCompositeType(StakeRowType, MAX_TABLE_ROWS),
});

export type StakeRow = ValueOf<typeof StakeRowType>;

/** Height of the header whose validators root is that of a round's table: max(0, round - balanceLookback). */
export function anchorHeight(round: bigint, balanceLookback: bigint): bigint {
  return round > balanceLookback ? round - balanceLookback : 0n;
}

/** Weights and keys of a round. */
export interface StakeTable {
  /** W, units. */
  readonly total: bigint;
  /** The rows that are known, by id; all of them unless the table came with a proof of some. */
  readonly rows: readonly StakeRow[];
  /** The row of a stake record. */
  row(id: Uint8Array): StakeRow | undefined;
  /** What a header carries as its validators root. */
  root(): Uint8Array;
}

/** Rows to put in, each in the place of one with its id or as a new one, and ids to take out. */
export interface TableChanges {
  readonly set: readonly StakeRow[];
  readonly removed: readonly Uint8Array[];
}

/** A table with all its rows. It never changes; it shares what it can with the one that it came from. */
export interface WholeStakeTable extends StakeTable {
  /** Number of rows. */
  readonly count: number;
  /** Place of a record's row. */
  position(id: Uint8Array): number | undefined;
  /** The row at a place below `count`. */
  at(position: number): StakeRow;
  /** Node of the tree of rows: `height` 0 is the roots of rows. */
  node(height: number, position: number): Uint8Array;
  /**
   * The table with these changes. Rows that keep their places cost a path each; rows that come or go move all behind them.
   *
   * @throws ProtocolError `table-invalid`
   */
  changed(changes: TableChanges): WholeStakeTable;
}

/** Levels inside a chunk of rows, which is hashed as a whole. */
const CHUNK_DEPTH = 6;
const CHUNK = 1 << CHUNK_DEPTH;

const ChunkRoots = new ByteVectorType(32 * CHUNK);

/** 64 rows that stand together, fewer in a table's last chunk. */
interface Chunk {
  readonly rows: readonly StakeRow[];
  /** Their roots, zeros where there is no row. */
  readonly roots: Uint8Array;
}

/** Root of the container from the root of the rows' tree: the list's length is mixed in, then the total stands beside it. */
export function tableRoot(total: bigint, count: number, rowsRoot: Uint8Array): Uint8Array {
  const word = (value: bigint): Uint8Array => concat(le64(value), new Uint8Array(24));
  return hashPair(word(total), hashPair(rowsRoot, word(BigInt(count))));
}

/**
 * A table from its rows.
 *
 * @param rows ids strictly ascending, weights above 0 that sum to less than 2^63, at most 2^20; they are not to be changed after
 * @throws ProtocolError `table-invalid`
 */
export function stakeTable(rows: readonly StakeRow[]): WholeStakeTable {
  for (let i = 1; i < rows.length; i++) {
    ensure(compareBytes(rows[i - 1]!.id, rows[i]!.id) < 0, 'table-invalid', 'rows are not ascending by id');
  }
  checkWeights(rows);
  const chunks = chunked(rows, (i) => StakeRowType.hashTreeRoot(rows[i]!));
  return tableOf(
    chunks,
    rows.length,
    rows.reduce((total, { weight }) => total + weight, 0n),
    levelsAbove(chunks.map(chunkRoot), CHUNK_DEPTH, TABLE_DEPTH),
  );
}

function chunked(rows: readonly StakeRow[], rootOf: (i: number) => Uint8Array): Chunk[] {
  const chunks: Chunk[] = [];
  for (let from = 0; from < rows.length; from += CHUNK) {
    const part = rows.slice(from, from + CHUNK);
    const roots = new Uint8Array(32 * CHUNK);
    for (let i = 0; i < part.length; i++) roots.set(rootOf(from + i), 32 * i);
    chunks.push({ rows: part, roots });
  }
  return chunks;
}

function chunkRoot({ roots }: Chunk): Uint8Array {
  return ChunkRoots.hashTreeRoot(roots);
}

/** Root of 2^`height` rows of a chunk. */
function nodeInChunk({ roots }: Chunk, height: number, position: number): Uint8Array {
  const width = 32 << height;
  const part = roots.slice(position * width, (position + 1) * width);
  return height === 0 ? part : new ByteVectorType(width).hashTreeRoot(part);
}

function tableOf(chunks: readonly Chunk[], count: number, total: bigint, levels: Levels): WholeStakeTable {
  ensure(count <= MAX_TABLE_ROWS, 'table-invalid', `a table has at most ${MAX_TABLE_ROWS} rows`);
  ensure(total < 1n << 63n, 'table-invalid', 'weights sum to 2^63 or more');
  const at = (position: number): StakeRow => chunks[position >> CHUNK_DEPTH]!.rows[position & (CHUNK - 1)]!;

  /** First place whose id is not below this one. */
  const lowerBound = (id: Uint8Array): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(at(middle).id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const position = (id: Uint8Array): number | undefined => {
    const place = lowerBound(id);
    return place < count && equalBytes(at(place).id, id) ? place : undefined;
  };
  const node = (height: number, place: number): Uint8Array => {
    const first = place << height;
    if (first >= count) return zeroRoot(height);
    if (height >= CHUNK_DEPTH) return levels[height - CHUNK_DEPTH]![place]!;
    const inChunk = place & ((CHUNK >> height) - 1);
    return nodeInChunk(chunks[first >> CHUNK_DEPTH]!, height, inChunk);
  };

  /** Rows that keep their places: copies of their chunks, and the paths above. */
  const replaced = (set: readonly StakeRow[], places: readonly number[]): WholeStakeTable => {
    const next = [...chunks];
    const touched = new Set<number>();
    let sum = total;
    for (const [i, row] of set.entries()) {
      const place = places[i]!;
      const number = place >> CHUNK_DEPTH;
      const old = next[number]!;
      const fresh = touched.has(number) ? old : { rows: [...old.rows], roots: old.roots.slice() };
      touched.add(number);
      next[number] = fresh;
      sum += row.weight - at(place).weight;
      (fresh.rows as StakeRow[])[place & (CHUNK - 1)] = row;
      fresh.roots.set(StakeRowType.hashTreeRoot(row), 32 * (place & (CHUNK - 1)));
    }
    const numbers = [...touched].sort((a, b) => a - b);
    const roots = [...levels[0]!];
    for (const number of numbers) roots[number] = chunkRoot(next[number]!);
    return tableOf(next, count, sum, levelsAbove(roots, CHUNK_DEPTH, TABLE_DEPTH, levels, numbers));
  };

  /** Rows that come or go: the chunks before the first of them stay, those behind are packed anew from the roots that are known. */
  const repacked = ({ set, removed }: TableChanges): WholeStakeTable => {
    const changes = [
      ...set.map((row) => ({ id: row.id, row })),
      ...removed.map((id) => ({ id, row: undefined })),
    ].sort((a, b) => compareBytes(a.id, b.id));
    const kept = lowerBound(changes[0]!.id) >> CHUNK_DEPTH;
    const rows: StakeRow[] = [];
    const roots: Uint8Array[] = [];
    let next = 0;
    const take = (row: StakeRow, root: Uint8Array): void => {
      rows.push(row);
      roots.push(root);
    };
    const takeChange = (): void => {
      const { row } = changes[next++]!;
      if (row !== undefined) take(row, StakeRowType.hashTreeRoot(row));
    };
    for (let place = kept << CHUNK_DEPTH; place < count; place++) {
      const row = at(place);
      while (next < changes.length && compareBytes(changes[next]!.id, row.id) < 0) takeChange();
      if (next < changes.length && equalBytes(changes[next]!.id, row.id)) takeChange();
      else take(row, node(0, place));
    }
    while (next < changes.length) takeChange();
    const packed = [...chunks.slice(0, kept), ...chunked(rows, (i) => roots[i]!)];
    const length = kept * CHUNK + rows.length;
    const before = levels[0]!.slice(0, kept);
    const subtrees = [...before, ...packed.slice(kept).map(chunkRoot)];
    const behind = Array.from({ length: subtrees.length - kept }, (_, i) => kept + i);
    return tableOf(
      packed,
      length,
      packed.reduce((sum, chunk) => chunk.rows.reduce((s, { weight }) => s + weight, sum), 0n),
      levelsAbove(subtrees, CHUNK_DEPTH, TABLE_DEPTH, levels, behind),
    );
  };

  let flat: readonly StakeRow[] | undefined;
  let root: Uint8Array | undefined;
  return {
    total,
    count,
    get rows() {
      flat ??= chunks.flatMap(({ rows }) => rows);
      return flat;
    },
    row: (id) => {
      const place = position(id);
      return place === undefined ? undefined : at(place);
    },
    root: () => {
      root ??= tableRoot(total, count, levels[TABLE_DEPTH - CHUNK_DEPTH]![0] ?? zeroRoot(TABLE_DEPTH));
      return root.slice();
    },
    position,
    at,
    node,
    changed: (changes) => {
      checkChanges(changes);
      if (changes.set.length + changes.removed.length === 0) return tableOf(chunks, count, total, levels);
      const places = changes.set.map(({ id }) => position(id));
      ensure(
        changes.removed.every((id) => position(id) !== undefined),
        'table-invalid',
        'a row that is to go is not there',
      );
      return changes.removed.length === 0 && places.every((place) => place !== undefined)
        ? replaced(changes.set, places)
        : repacked(changes);
    },
  };
}

function checkWeights(rows: readonly StakeRow[]): void {
  for (const { weight } of rows) ensure(weight > 0n, 'table-invalid', 'a row weighs nothing');
}

/** Weights are above 0, and no id is named twice. */
function checkChanges({ set, removed }: TableChanges): void {
  checkWeights(set);
  const ids = [...set.map(({ id }) => id), ...removed].sort(compareBytes);
  ensure(
    ids.every((id, i) => i === 0 || !equalBytes(id, ids[i - 1]!)),
    'table-invalid',
    'one id is changed twice',
  );
}
