import { type StakeRow, StakeRowType, stakeTable } from '@sero/protocol';
import { megabytesOf, processorFigure, processorTimes, repeated } from './consensus-figures.ts';
import { describeScale, rowOf, rowsOf, type Scale } from './consensus-users.ts';
import { type Figure, sampled } from './harness.ts';

const RUNS = 5;

/** Rows that a sample works on, so that tables of all sizes take milliseconds. */
const ROWS = 5_000;

/** Changes of five rows that a sample makes. */
const FEW = 20;

/** Names of {@link tableFigures}. */
export function tableNames(scale: Scale): string[] {
  return ['build', 'change5', 'insert5', 'memory'].map((name) => `consensus.table.${scale}.${name}`);
}

/** What the table of a round costs. */
export async function tableFigures(scale: Scale): Promise<Figure[]> {
  const rows = rowsOf(scale);
  const table = stakeTable(rows);
  // Evenly over the table; one unit from each to the one before it.
  const changed = [0, 1, 2, 3, 4].map((i): StakeRow => {
    const row = rows[i * Math.floor(rows.length / 5)]!;
    return { ...row, weight: row.weight + (i % 2 === 0 ? 1n : -1n) };
  });
  const times = Math.ceil(ROWS / rows.length);
  const added = [0, 1, 2, 3, 4].map((i) => rowOf(1_000_000 + i, 1n));
  const [built, replaced, inserted] = await processorTimes(
    RUNS,
    repeated(times, () => stakeTable(rows).root()),
    repeated(FEW, () => table.changed({ set: changed, removed: [] }).root()),
    repeated(times, () => table.changed({ set: added, removed: [] }).root()),
  );
  const encoded = rows.map((row) => StakeRowType.serialize(row));
  const memory = megabytesOf(RUNS, () => stakeTable(encoded.map((row) => StakeRowType.deserialize(row))));
  const of = `a stake table of ${describeScale(scale)}`;
  return [
    processorFigure(
      `consensus.table.${scale}.build`,
      `Making ${of} from its rows, with its root.`,
      'ms',
      built!,
      times,
    ),
    processorFigure(
      `consensus.table.${scale}.change5`,
      `Five rows of ${of} get other weights: the new table and its root; the old one stays.`,
      'ms',
      replaced!,
      FEW,
    ),
    processorFigure(
      `consensus.table.${scale}.insert5`,
      `Five rows come into ${of}, anywhere: those behind the first of them move.`,
      'ms',
      inserted!,
      times,
    ),
    sampled(
      {
        name: `consensus.table.${scale}.memory`,
        what: `What ${of} holds, its rows as they were decoded.`,
      },
      memory,
      'MB',
    ),
  ];
}
