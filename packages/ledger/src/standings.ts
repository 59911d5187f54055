import { compareBytes, equalBytes, toHex } from '@sero/crypto';
import type { StakeRow, TableChanges, WholeStakeTable } from '@sero/protocol';

/** A record that is online, as far as tables want to know. */
export interface Standing {
  readonly row: Omit<StakeRow, 'weight'>;
  /** Weight before cutting, above 0. */
  readonly units: bigint;
  /** Rounds that its keys cover, both ends included. */
  readonly firstRound: bigint;
  readonly lastRound: bigint;
  /** From when on it is expected to propose, in blocks that somebody proposed. */
  readonly seen: bigint;
}

/** What a block made of a record; undefined: offline, or nothing left. */
export interface StandingChange {
  readonly id: Uint8Array;
  readonly standing: Standing | undefined;
}

/** What a table differs in from the one of the round before. */
export interface TableStep {
  readonly changes: TableChanges;
  /** The standings from then on; to be called once the block is committed, and only then. */
  commit(): void;
}

/**
 * Everybody online, in an order in which the next round's table takes no look at those whom nothing happened to: keys that come into range
 * or leave it stand by round, weights by their size, since a change of the sum moves the cut of the heaviest only.
 */
export interface Standings {
  /** The rows of a round, which must be the one that these standings are of. */
  rows(): StakeRow[];
  /**
   * From the table of the standings' round to that of the next.
   *
   * @param table of the standings' round
   * @param touched records that the block may have changed
   */
  next(table: WholeStakeTable, touched: readonly StandingChange[]): TableStep;
  get(id: Uint8Array): Standing | undefined;
}

/** The cut of a share: 0 for none. At least one unit, or a table could be empty of all who have stake. */
function limitOf(sum: bigint, divisor: bigint): bigint {
  if (divisor === 0n) return sum;
  const limit = sum / divisor;
  return limit > 0n ? limit : 1n;
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Bits of a positive number. */
const sizeOf = (units: bigint): number => units.toString(2).length;

/** The heaviest first, of equal ones the lesser id. */
function byWeight(a: Standing, b: Standing): number {
  if (a.units !== b.units) return a.units > b.units ? -1 : 1;
  return compareBytes(a.row.id, b.row.id);
}

/** How weights become rows. */
export interface TableRule {
  /** Weights are cut at the uncut sum divided by this; 0: not at all. */
  readonly maxShareDivisor: number;
  /** Rows that a table has at most: the lightest are left out, and count in no sum. */
  readonly maxRows: number;
}

/**
 * @param everybody who is online
 * @param round of the table that they make
 */
export function standingsOf(
  everybody: Iterable<Standing>,
  firstRound: bigint,
  { maxShareDivisor, maxRows }: TableRule,
): Standings {
  const divisor = BigInt(maxShareDivisor);
  const members = new Map<string, Standing>();
  /** Names of members whose keys begin to cover a round, or cover it no longer, by that round. */
  const arriving = new Map<bigint, Set<string>>();
  const leaving = new Map<bigint, Set<string>>();
  /** Names of those who count, by the number of bits of their units. */
  const bySize = new Map<number, Set<string>>();
  let round = firstRound;
  /** Of those who count now. */
  let sum = 0n;
  let count = 0;

  const counts = (standing: Standing | undefined, at: bigint): standing is Standing =>
    standing !== undefined && standing.firstRound <= at && at <= standing.lastRound;

  function put(name: string, standing: Standing | undefined, at: bigint): void {
    const before = members.get(name);
    if (before !== undefined) {
      forget(arriving, before.firstRound, name);
      forget(leaving, before.lastRound + 1n, name);
    }
    if (counts(before, round)) {
      forget(bySize, sizeOf(before.units), name);
      sum -= before.units;
      count--;
    }
    if (standing === undefined) {
      members.delete(name);
      return;
    }
    members.set(name, standing);
    if (standing.firstRound > at) note(arriving, standing.firstRound, name);
    if (standing.lastRound >= at) note(leaving, standing.lastRound + 1n, name);
    if (counts(standing, at)) {
      note(bySize, sizeOf(standing.units), name);
      sum += standing.units;
      count++;
    }
  }

  for (const standing of everybody) put(toHex(standing.row.id), standing, round);

  /** Those who count now and may weigh more than a limit. */
  function* above(limit: bigint): Generator<string> {
    const size = sizeOf(limit);
    for (const [bits, names] of bySize) if (bits >= size) yield* names;
  }

  /** The rows of those who count, by definition: of all, or of the heaviest where they are too many. */
  function rowsOf(counting: readonly Standing[]): StakeRow[] {
    const taken = counting.length > maxRows ? [...counting].sort(byWeight).slice(0, maxRows) : counting;
    const total = taken.reduce((all, { units }) => all + units, 0n);
    const limit = limitOf(total, divisor);
    return taken.map(({ row, units }) => ({ ...row, weight: lesser(units, limit) }));
  }

  /** What makes one table of another where either has not room for all: a look at everybody. */
  function wholeStep(
    table: WholeStakeTable,
    after: ReadonlyMap<string, Standing | undefined>,
    at: bigint,
  ): TableChanges {
    const next = new Map([...members, ...after]);
    const rows = rowsOf([...next.values()].filter((standing) => counts(standing, at)));
    const kept = new Set(rows.map(({ id }) => toHex(id)));
    return {
      set: rows.filter((row) => {
        const old = table.row(row.id);
        return old === undefined || !sameRow(old, row);
      }),
      removed: table.rows.filter(({ id }) => !kept.has(toHex(id))).map(({ id }) => id),
    };
  }

  return {
    rows: () => rowsOf([...members.values()].filter((standing) => counts(standing, round))),

    next(table, touched) {
      const at = round + 1n;
      const after = new Map(touched.map(({ id, standing }) => [toHex(id), standing]));
      for (const name of [...(arriving.get(at) ?? []), ...(leaving.get(at) ?? [])]) {
        if (!after.has(name)) after.set(name, members.get(name));
      }
      const commit = (): void => {
        for (const [name, standing] of after) put(name, standing, at);
        arriving.delete(at);
        leaving.delete(at);
        round = at;
      };
      let total = sum;
      let counting = count;
      for (const [name, standing] of after) {
        const before = members.get(name);
        if (counts(before, round)) {
          total -= before.units;
          counting--;
        }
        if (counts(standing, at)) {
          total += standing.units;
          counting++;
        }
      }
      if (count > maxRows || counting > maxRows) return { changes: wholeStep(table, after, at), commit };
      const limit = limitOf(total, divisor);
      const affected = new Map(after);
      if (divisor !== 0n) {
        for (const name of above(lesser(limit, limitOf(sum, divisor)))) {
          if (!affected.has(name)) affected.set(name, members.get(name));
        }
      }
      const set: StakeRow[] = [];
      const removed: Uint8Array[] = [];
      for (const [name, standing] of affected) {
        const known = standing ?? members.get(name);
        if (known === undefined) continue;
        const old = table.row(known.row.id);
        if (!counts(standing, at)) {
          if (old !== undefined) removed.push(old.id);
          continue;
        }
        const row: StakeRow = { ...standing.row, weight: lesser(standing.units, limit) };
        if (old === undefined || !sameRow(old, row)) set.push(row);
      }
      return { changes: { set, removed }, commit };
    },

    get: (id) => members.get(toHex(id)),
  };
}

/** Whether two rows of one record say the same. */
export function sameRow(a: StakeRow, b: StakeRow): boolean {
  return (
    a.weight === b.weight &&
    equalBytes(a.vrfKey, b.vrfKey) &&
    equalBytes(a.voteRoot, b.voteRoot) &&
    equalBytes(a.blsKey, b.blsKey)
  );
}

function note<K>(places: Map<K, Set<string>>, key: K, name: string): void {
  const names = places.get(key);
  if (names === undefined) places.set(key, new Set([name]));
  else names.add(name);
}

function forget<K>(places: Map<K, Set<string>>, key: K, name: string): void {
  const names = places.get(key);
  if (names?.delete(name) && names.size === 0) places.delete(key);
}
