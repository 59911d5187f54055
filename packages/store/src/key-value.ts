import { compareBytes, toHex } from '@sero/crypto';

/** One change of a batch: a value, or none to delete the key. */
export interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** An ordered map of byte strings with synchronous reads and atomic batches. */
export interface KeyValueStore {
  /** The value, which the caller must not change, or undefined. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Entries whose key starts with `prefix`, ascending by key. */
  entries(prefix: Uint8Array): Iterable<readonly [Uint8Array, Uint8Array]>;
  /** Applies all changes or none; the last change of a key counts. */
  write(changes: readonly Change[]): void;
}

/** A store in memory: nothing survives the process. */
export function memoryStore(): KeyValueStore {
  const values = new Map<string, { key: Uint8Array; value: Uint8Array }>();
  return {
    get: (key) => values.get(toHex(key))?.value,

    *entries(prefix) {
      const start = toHex(prefix);
      const found = [...values].filter(([hex]) => hex.startsWith(start)).map(([, entry]) => entry);
      found.sort((a, b) => compareBytes(a.key, b.key));
      for (const { key, value } of found) yield [key, value] as const;
    },

    write(changes) {
      for (const { key, value } of changes) {
        if (value === undefined) values.delete(toHex(key));
        else values.set(toHex(key), { key: key.slice(), value: value.slice() });
      }
    },
  };
}

/**
 * A store's contents with changes on top that are not written yet: what a block does to the state until the block is
 * accepted. Nothing reaches the store before `changes()` is written to it.
 */
export interface Overlay {
  get(key: Uint8Array): Uint8Array | undefined;
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** Remembers the present state; `revert` with the same mark comes back to it. */
  mark(): number;
  revert(mark: number): void;
  /** All changes, ascending by key. */
  changes(): Change[];
}

/** An overlay over a store. */
export function overlay(store: Pick<KeyValueStore, 'get'>): Overlay {
  const pending = new Map<string, Change>();
  const journal: { hex: string; before: Change | undefined }[] = [];
  const set = (key: Uint8Array, value: Uint8Array | undefined): void => {
    const hex = toHex(key);
    journal.push({ hex, before: pending.get(hex) });
    // Copies: a caller may use its buffers again before the changes are written.
    pending.set(hex, { key: key.slice(), value: value?.slice() });
  };
  return {
    get(key) {
      const change = pending.get(toHex(key));
      return change === undefined ? store.get(key) : change.value;
    },
    put: (key, value) => set(key, value),
    delete: (key) => set(key, undefined),
    mark: () => journal.length,
    revert(mark) {
      while (journal.length > mark) {
        const { hex, before } = journal.pop()!;
        if (before === undefined) pending.delete(hex);
        else pending.set(hex, before);
      }
    },
    changes: () => [...pending.values()].sort((a, b) => compareBytes(a.key, b.key)),
  };
}
