import { compareBytes, concat, toHex } from '@sero/crypto';
import type { Header } from '@sero/protocol';
import { type Change, type Entry, KEY_LIMIT, type KeyValueStore } from '@sero/store';
import { FLAT, TREE } from './state.ts';

/** Entries that are read from the store at a time. */
const SLICE = 512;

/**
 * The tables of a snapshot, ascending: what a header's roots bind and what cannot be worked out from the rest. The head, the
 * tree's records and the index of the log follow from it and from the blocks.
 */
const SNAPSHOT_TABLES: readonly Uint8Array[] = [
  Uint8Array.of(FLAT.nullifierLanes),
  Uint8Array.of(FLAT.nullifier),
  Uint8Array.of(FLAT.shardRoot),
  TREE,
];

/** The state after one block, to be read in slices while the chain goes on. */
export interface StateSnapshot {
  /** The block whose state this is. */
  readonly header: Header;
  /**
   * Every entry, ascending by key; read once. Each step reads at most 512 entries of the store, so whoever iterates may pause
   * between any two for as long as he likes (between two chunks of \`cutSnapshot\`, say): blocks that come meanwhile leave what they overwrite to this snapshot.
   */
  readonly entries: Iterable<Entry>;
  /** Ends it; until then, or until the last entry was read, it keeps what later blocks overwrite in memory. */
  close(): void;
}

/** Gives snapshots of a store that is written to through nobody but its owner. */
export interface SnapshotSource {
  take(header: Header): StateSnapshot;
  /** To be called with the changes of every write before it. */
  beforeWrite(changes: readonly Change[]): void;
}

interface Reading {
  /** Keys up to this one are read. */
  reached: Uint8Array;
  /** What stood, when the snapshot was taken, under keys that were written since: undefined for nothing. By hex of the key. */
  readonly overwritten: Map<string, Change>;
}

export function snapshotSource(store: KeyValueStore): SnapshotSource {
  const readings = new Set<Reading>();
  return {
    take(header) {
      const reading: Reading = { reached: new Uint8Array(0), overwritten: new Map() };
      readings.add(reading);
      const close = (): boolean => readings.delete(reading);
      return { header, entries: read(store, reading, close), close };
    },

    beforeWrite(changes) {
      if (readings.size === 0) return;
      for (const { key } of changes) {
        if (!SNAPSHOT_TABLES.some((table) => table[0] === key[0])) continue;
        for (const { reached, overwritten } of readings) {
          const name = toHex(key);
          if (compareBytes(key, reached) <= 0 || overwritten.has(name)) continue;
          overwritten.set(name, { key: key.slice(), value: store.get(key)?.slice() });
        }
      }
    },
  };
}

function* read(store: KeyValueStore, reading: Reading, close: () => void): Generator<Entry> {
  try {
    for (const table of SNAPSHOT_TABLES) {
      for (;;) {
        const slice = nextSlice(store, reading, table);
        yield* slice.entries;
        if (slice.last) break;
      }
    }
  } finally {
    close();
  }
}

/** The next entries of a table as they were, read in one go; afterwards the reading has reached the last of them. */
function nextSlice(
  store: KeyValueStore,
  reading: Reading,
  table: Uint8Array,
): { readonly entries: readonly Entry[]; readonly last: boolean } {
  // The least key above the one that was reached.
  const after = concat(reading.reached, Uint8Array.of(0));
  const from = compareBytes(after, table) > 0 ? after : table;
  const found: Entry[] = [];
  let last = true;
  for (const [key, value] of store.entries(table, { from })) {
    if (found.length === SLICE) {
      last = false;
      break;
    }
    found.push([key.slice(), value.slice()]);
  }
  const end = found.at(-1)?.[0];
  const isHere = (key: Uint8Array): boolean =>
    key[0] === table[0] && (last || end === undefined || compareBytes(key, end) <= 0);
  const before: Entry[] = [];
  for (const [name, { key, value }] of reading.overwritten) {
    if (!isHere(key)) continue;
    if (value !== undefined) before.push([key, value]);
    reading.overwritten.delete(name);
    const at = found.findIndex(([other]) => compareBytes(other, key) === 0);
    if (at >= 0) found.splice(at, 1);
  }
  // No key of the table is above that many bytes of 255.
  reading.reached = last ? concat(table, new Uint8Array(KEY_LIMIT).fill(0xff)) : end!;
  const entries = [...found, ...before].sort((a, b) => compareBytes(a[0], b[0]));
  return { entries, last };
}
