import { invert, modQ } from '@sero/crypto';
import { type Combination, evaluate, type R1cs } from './r1cs.ts';

type Row = Map<number, bigint>;

/**
 * The wires that the constraints leave free at a witness: those in the support of the kernel of the Jacobian,
 * d(constraints)/d(wires that are no inputs), mod q (the rank test). None
 * free means that near this witness the inputs determine every other wire.
 *
 * Exact sparse elimination; the row with the fewest columns left goes first, since most of them, and after
 * them the small linear systems between S-boxes, then fall one after another without fill-in.
 */
export function freeWires(
  r1cs: R1cs,
  witness: readonly bigint[],
  inputs: ReadonlySet<number>,
): { readonly rank: number; readonly free: readonly number[] } {
  const isVariable = (wire: number): boolean => wire !== 0 && !inputs.has(wire);
  const rows = r1cs.constraints.map(({ a, b, c }): Row => {
    const row: Row = new Map();
    const add = ({ wires, coefficients }: Combination, factor: bigint): void => {
      if (factor === 0n) return;
      wires.forEach((wire, i) => {
        if (isVariable(wire)) row.set(wire, modQ((row.get(wire) ?? 0n) + coefficients[i]! * factor));
      });
    };
    add(a, evaluate(b, witness));
    add(b, evaluate(a, witness));
    add(c, -1n);
    for (const [wire, value] of row) if (value === 0n) row.delete(wire);
    return row;
  });
  const pivots = eliminate(rows);
  const pivotWires = new Set(pivots.map(({ wire }) => wire));
  const free = new Set<number>();
  for (let wire = 1; wire < r1cs.wireCount; wire++) {
    if (isVariable(wire) && !pivotWires.has(wire)) free.add(wire);
  }
  return { rank: pivots.length, free: kernelSupport(pivots, free) };
}

interface Pivot {
  readonly wire: number;
  /** The pivot's row without the pivot, which is scaled to 1; all other columns were not yet eliminated. */
  readonly rest: Row;
}

/** Gaussian elimination; consumes the rows. */
function eliminate(rows: readonly Row[]): Pivot[] {
  const holders = new Map<number, Set<Row>>();
  const bySize: Set<Row>[] = [];
  const file = (row: Row): void => {
    for (let size = bySize.length; size <= row.size; size++) bySize.push(new Set());
    bySize[row.size]!.add(row);
  };
  for (const row of rows) {
    file(row);
    for (const wire of row.keys()) {
      if (!holders.has(wire)) holders.set(wire, new Set());
      holders.get(wire)!.add(row);
    }
  }
  const pivots: Pivot[] = [];
  for (;;) {
    const row = smallest(bySize);
    if (row === undefined) return pivots;
    bySize[row.size]!.delete(row);
    for (const column of row.keys()) holders.get(column)!.delete(row);
    const wire = rarest(row, holders);
    const scale = invert(row.get(wire)!);
    row.delete(wire);
    for (const [column, value] of row) row.set(column, modQ(value * scale));
    for (const other of holders.get(wire)!) {
      bySize[other.size]!.delete(other);
      const factor = other.get(wire)!;
      other.delete(wire);
      for (const [column, value] of row) {
        const left = modQ((other.get(column) ?? 0n) - factor * value);
        if (left === 0n) {
          other.delete(column);
          holders.get(column)!.delete(other);
        } else {
          other.set(column, left);
          holders.get(column)!.add(other);
        }
      }
      file(other);
    }
    holders.delete(wire);
    pivots.push({ wire, rest: row });
  }
}

function smallest(bySize: readonly Set<Row>[]): Row | undefined {
  for (let size = 1; size < bySize.length; size++) {
    const [row] = bySize[size]!;
    if (row !== undefined) return row;
  }
  return undefined;
}

function rarest(row: Row, holders: ReadonlyMap<number, ReadonlySet<Row>>): number {
  let best = -1;
  for (const wire of row.keys()) {
    if (best < 0 || holders.get(wire)!.size < holders.get(best)!.size) best = wire;
  }
  return best;
}

/** Back substitution: each pivot in terms of the free columns; the support is what is not always zero. */
function kernelSupport(pivots: readonly Pivot[], free: ReadonlySet<number>): number[] {
  const inFree = new Map<number, Row>();
  for (const wire of free) inFree.set(wire, new Map([[wire, 1n]]));
  for (const { wire, rest } of [...pivots].reverse()) {
    const sum: Row = new Map();
    for (const [column, value] of rest) {
      for (const [parameter, weight] of inFree.get(column) ?? []) {
        const left = modQ((sum.get(parameter) ?? 0n) - value * weight);
        if (left === 0n) sum.delete(parameter);
        else sum.set(parameter, left);
      }
    }
    if (sum.size > 0) inFree.set(wire, sum);
  }
  return [...inFree.keys()].sort((a, b) => a - b);
}
