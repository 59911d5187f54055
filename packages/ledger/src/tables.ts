import { compareBytes, toHex } from '@sero/crypto';
import {
  type Genesis,
  MAX_BUNDLE_VOTES,
  MAX_TABLE_ROWS,
  type StakeRow,
  StakeRowType,
  stakeTable,
  type TableChanges,
  type WholeStakeTable,
} from '@sero/protocol';
import type { Change, KeyValueStore } from '@sero/store';
import { changedRecords, storedRecords, tableEntry } from './stake.ts';
import type { StakeRecord } from './stake-record.ts';
import { type Standing, type Standings, sameRow, standingsOf } from './standings.ts';
import type { State } from './state.ts';

/**
 * Who may vote in which round (design 3, "Block and state"). The state after block h makes the table for round h + balanceLookback; the tables
 * before it are that one with the changes of later blocks undone, which the state keeps in a ring. So a state that was
 * loaded says all that one which was lived through does.
 */

/** Blocks whose changes are kept, at least: signers of a checkpoint stand in a table of 256 blocks before it, and sign it for as long. */
const LEAST_KEPT = 512n;

/** Tables of earlier rounds that are held ready: each shares little with the others where records came or went. */
const HELD = 6;

const NO_ROOT = new Uint8Array(32);

const ID_BYTES = 32;

/** What a block does to its tables. */
export interface TablesAfter {
  /** For the header: of the table for the block's height + balanceLookback. */
  readonly root: Uint8Array;
  /** To be called once the block is committed, and only then. */
  commit(): void;
}

/** The tables as of a chain's head. */
export interface Tables {
  /**
   * The table of a round: of every round from the head's height, or earlier, to balanceLookback after it. Rounds 1 to balanceLookback have
   * genesis'.
   *
   * @param state of the head
   * @returns undefined where the state does not tell (any more, or yet)
   */
  at(state: State, round: bigint): WholeStakeTable | undefined;
  /** Works out what the next block does, and notes in its state what undoes it. @param changes all that the block did to records */
  after(state: State, changes: readonly Change[]): TablesAfter;
  /** What is known of a record that is online. */
  standing(id: Uint8Array): Standing | undefined;
}

const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);

/** Blocks whose changes the state keeps. */
function keptChanges({ stake }: Genesis): bigint {
  return stake.balanceLookback > LEAST_KEPT ? stake.balanceLookback : LEAST_KEPT;
}

/**
 * Rows that a table has at most. Where every unit votes, each row has a vote in a quorum, and more than a bundle holds could not be shown to have
 * voted: nothing would ever be final again. Anybody who has that many units could bring it about.
 */
function mostRows({ committees }: Genesis): number {
  const { proposers: _, ...voting } = committees;
  const everyUnit = Object.values(voting).some(({ size }) => size === 0);
  return everyUnit ? MAX_BUNDLE_VOTES : MAX_TABLE_ROWS;
}

/**
 * The tables of a state that is written, which takes a look at every record.
 *
 * @param height of the block that the state is after
 * @param maxRows Default: what a bundle holds where every unit votes, else 2^20
 */
export function openTables(
  genesis: Genesis,
  store: Pick<KeyValueStore, 'entries'>,
  height: bigint,
  maxRows = mostRows(genesis),
): Tables {
  if (genesis.validators.length === 0) return NO_TABLES;
  return tablesOf(genesis, storedRecords(store), height, maxRows);
}

/** Tables from all records as block `height` left them. */
export function tablesOf(
  genesis: Genesis,
  records: Iterable<StakeRecord>,
  height: bigint,
  maxRows = mostRows(genesis),
): Tables {
  const { balanceLookback, unit, maxShareDivisor } = genesis.stake;
  const kept = keptChanges(genesis);
  const standings: Standings = standingsOf(standingsIn(records), height + balanceLookback, {
    maxShareDivisor,
    maxRows,
  });
  let head = height;
  let latest = stakeTable(standings.rows().sort((a, b) => compareBytes(a.id, b.id)));
  const held = new Map<bigint, WholeStakeTable>();

  return {
    at(state, round) {
      const wanted = round < balanceLookback ? balanceLookback : round;
      const last = head + balanceLookback;
      if (wanted === last) return latest;
      if (round < 0n || wanted > last || last - wanted > kept) return undefined;
      const known = held.get(wanted);
      if (known !== undefined) return known;
      const table = derived(state, wanted);
      held.set(wanted, table);
      for (const oldest of held.keys()) {
        if (held.size <= HELD) break;
        held.delete(oldest);
      }
      return table;
    },

    after(state, changes) {
      const touched = changedRecords(changes).map((record) => ({
        id: record.id,
        standing: standingIn(record),
      }));
      const step = standings.next(latest, touched);
      keepChanges(state, (head + 1n) % kept, step.changes, latest);
      const table = changed(latest, step.changes);
      return {
        root: table.root(),
        commit() {
          step.commit();
          head++;
          latest = table;
        },
      };
    },

    standing: (id) => standings.get(id),
  };

  /**
   * The table of a round from the nearest one that is at hand: every row that changed since the earlier of the two is to be what the first note after
   * the round's own block says, or what it is now. Rounds that are asked for one after another so cost what a block changed.
   */
  function derived(state: State, round: bigint): WholeStakeTable {
    const last = head + balanceLookback;
    let [from, base] = [last, latest];
    for (const [other, table] of held) {
      if (last - other <= kept && distance(other, round) < distance(from, round))
        [from, base] = [other, table];
    }
    const decided = round - balanceLookback;
    const [earliest, until] = (from < round ? [from, round] : [round, from]).map(
      (one) => one - balanceLookback,
    ) as [bigint, bigint];
    // Most often nothing happened between the two, and what happened later does not matter.
    if (!isTouched(state, earliest, until)) return base;
    const wanted = new Map<string, Noted>();
    for (let height = head; height > earliest; height--) {
      for (const note of notesOf(state, height % kept)) {
        const name = toHex(note.id);
        if (height > decided) wanted.set(name, note);
        else if (!wanted.has(name)) wanted.set(name, { id: note.id, row: latest.row(note.id) });
      }
    }
    return changed(base, differences(base, wanted.values()));
  }

  /** Whether blocks above `earliest` and up to `until` changed any row. */
  function isTouched(state: State, earliest: bigint, until: bigint): boolean {
    for (let height = until; height > earliest; height--) {
      if ((state.tableChanges(height % kept).get() ?? 0n) > 0n) return true;
    }
    return false;
  }

  function* standingsIn(all: Iterable<StakeRecord>): Generator<Standing> {
    for (const record of all) {
      const standing = standingIn(record);
      if (standing !== undefined) yield standing;
    }
  }

  function standingIn(record: StakeRecord): Standing | undefined {
    // The round of its first key: whether others are covered is what the standings watch.
    const entry = tableEntry(record, record.firstRound, unit);
    if (entry === undefined) return undefined;
    const { units, ...row } = entry;
    const { firstRound, lastRound } = record;
    return { row, units, firstRound, lastRound, seen: record.seen };
  }
}

/** A chain of one has no tables: nobody votes. */
const NO_TABLES: Tables = {
  at: () => undefined,
  after: () => ({ root: NO_ROOT, commit: () => undefined }),
  standing: () => undefined,
};

/** Notes the rows that a block changed as they were before: what undoes it. The slot's older notes go. */
function keepChanges(state: State, slot: bigint, changes: TableChanges, before: WholeStakeTable): void {
  const count = state.tableChanges(slot);
  const old = count.get() ?? 0n;
  const ids = [...changes.set.map(({ id }) => id), ...changes.removed].sort(compareBytes);
  for (const [i, id] of ids.entries()) {
    const row = before.row(id);
    state.tableChange(slot, BigInt(i)).set(row === undefined ? id : StakeRowType.serialize(row));
  }
  for (let i = BigInt(ids.length); i < old; i++) state.tableChange(slot, i).clear();
  if (ids.length > 0) count.set(BigInt(ids.length));
  else if (old > 0n) count.clear();
}

/** A row of some record at some time; undefined: it had none. */
interface Noted {
  readonly id: Uint8Array;
  readonly row: StakeRow | undefined;
}

/** The notes of a block, each a row as it was before. */
function* notesOf(state: State, slot: bigint): Generator<Noted> {
  const count = state.tableChanges(slot).get() ?? 0n;
  for (let i = 0n; i < count; i++) {
    const bytes = state.tableChange(slot, i).get()!.slice();
    yield bytes.length === ID_BYTES
      ? { id: bytes, row: undefined }
      : { id: bytes.slice(0, ID_BYTES), row: StakeRowType.deserialize(bytes) };
  }
}

/** The changes that make one table of another: of all rows that are to be such, those that are not. */
function differences(from: WholeStakeTable, wanted: Iterable<Noted>): TableChanges {
  const set: StakeRow[] = [];
  const removed: Uint8Array[] = [];
  for (const { id, row } of wanted) {
    const old = from.row(id);
    if (row === undefined) {
      if (old !== undefined) removed.push(id);
    } else if (old === undefined || !sameRow(old, row)) set.push(row);
  }
  return { set, removed };
}

function changed(table: WholeStakeTable, changes: TableChanges): WholeStakeTable {
  return changes.set.length + changes.removed.length === 0 ? table : table.changed(changes);
}
