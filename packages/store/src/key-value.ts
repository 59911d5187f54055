import { compareBytes } from '@sero/crypto';
import { byteText } from './byte-text.ts';
import { ensure } from './errors.ts';

/** One change of a batch: a value, or none to delete the key. */
export interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Longest key in bytes. LMDB takes 1,978 on pages of 4 KiB; every store has the same limit, well below. */
export const KEY_LIMIT = 1024;

/** Longest value and log record in bytes. */
export const VALUE_LIMIT = 2 ** 26;

export interface EntriesOptions {
  /** First key, inclusive; it need not exist. Default: the first of the direction. */
  readonly from?: Uint8Array;
  /** Descending by key. Default: false. */
  readonly reverse?: boolean;
}

/** An ordered map of byte strings with synchronous reads and atomic batches. */
export interface KeyValueStore {
  /** The value, which the caller must not change, or undefined. @throws StoreError `record-damaged`, `closed` */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * Entries whose key starts with `prefix`, ascending by key or descending. A write during the iteration is seen where
   * it is still ahead: each step gives the next key that is there then.
   *
   * @throws StoreError `record-damaged`, `closed`
   */
  entries(prefix: Uint8Array, options?: EntriesOptions): Iterable<readonly [Uint8Array, Uint8Array]>;
  /**
   * Applies all changes or none; the last change of a key counts. On disk they are durable when this returns.
   *
   * @throws StoreError `key-too-long`, `value-too-long`, `closed`, or a `disk-` code; the store is then what it was
   */
  write(changes: readonly Change[]): void;
  /** May be called again; every other call then throws StoreError `closed`. */
  close(): void;
}

/** Refuses a change that no store takes. */
export function expectChange({ key, value }: Change): void {
  ensure(key.length <= KEY_LIMIT, 'key-too-long', `a key has at most ${KEY_LIMIT} bytes, got ${key.length}`);
  ensure(
    value === undefined || value.length <= VALUE_LIMIT,
    'value-too-long',
    `a value has at most ${VALUE_LIMIT} bytes, got ${value?.length}`,
  );
}

/** The first byte string above all that begin with `prefix`; undefined where there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  let last = prefix.length - 1;
  while (last >= 0 && prefix[last] === 0xff) last--;
  if (last < 0) return undefined;
  const end = prefix.slice(0, last + 1);
  end[last]!++;
  return end;
}

/** A store in memory: nothing survives the process. */
export function memoryStore(): KeyValueStore {
  const values = new Map<string, { key: Uint8Array; value: Uint8Array }>();
  /** Key texts in ascending order as of the last iteration; those deleted since are skipped, those added since wait. */
  let order: string[] = [];
  let added = new Set<string>();
  let closed = false;
  const open = (): void => ensure(!closed, 'closed', 'the store is closed; open it again to use it');

  /** Brings `order` up to date: one merge for all keys that were added since the last time. */
  const ordered = (): string[] => {
    if (added.size === 0) return order;
    const fresh = [...added].sort((a, b) => (a < b ? -1 : 1));
    added = new Set();
    const merged: string[] = [];
    let next = 0;
    for (const text of order) {
      if (!values.has(text)) continue;
      while (next < fresh.length && fresh[next]! < text) merged.push(fresh[next++]!);
      if (fresh[next] === text) next++; // deleted and added again in between
      merged.push(text);
    }
    order = merged.concat(fresh.slice(next));
    return order;
  };

  function* iterate(prefix: Uint8Array, { from, reverse = false }: EntriesOptions) {
    const start = byteText(prefix);
    const end = prefixEnd(prefix);
    const limit = end === undefined ? undefined : byteText(end);
    const first = from === undefined ? undefined : byteText(from);
    let keys = ordered();
    let at: number;
    if (reverse) {
      at = limit === undefined ? keys.length : lowerBound(keys, limit);
      if (first !== undefined) at = Math.min(at, upperBound(keys, first));
      at--;
    } else {
      at = lowerBound(keys, first !== undefined && first > start ? first : start);
    }
    const step = reverse ? -1 : 1;
    for (;;) {
      const text = keys[at];
      if (text === undefined || !text.startsWith(start)) return;
      const entry = values.get(text);
      if (entry !== undefined) {
        yield [entry.key, entry.value] as const;
        open();
        const now = ordered();
        if (now !== keys) {
          keys = now;
          at = reverse ? lowerBound(keys, text) - 1 : upperBound(keys, text);
          continue;
        }
      }
      at += step;
    }
  }

  return {
    get(key) {
      open();
      return values.get(byteText(key))?.value;
    },

    entries(prefix, options = {}) {
      open();
      return iterate(prefix.slice(), { ...options });
    },

    write(changes) {
      open();
      for (const change of changes) expectChange(change);
      for (const { key, value } of changes) {
        const text = byteText(key);
        if (value === undefined) {
          values.delete(text);
          added.delete(text);
        } else {
          if (!values.has(text)) added.add(text);
          values.set(text, { key: key.slice(), value: value.slice() });
        }
      }
    },

    close() {
      closed = true;
      values.clear();
      order = [];
      added.clear();
    },
  };
}

/** Index of the first text not below `text`. */
function lowerBound(texts: readonly string[], text: string): number {
  let [low, high] = [0, texts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (texts[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first text above `text`. */
function upperBound(texts: readonly string[], text: string): number {
  const at = lowerBound(texts, text);
  return texts[at] === text ? at + 1 : at;
}

/**
 * A store's contents with changes on top that are not written yet: what a block does to the state until the block is
 * accepted. Nothing reaches the store before `changes()` is written to it.
 */
export interface Overlay {
  get(key: Uint8Array): Uint8Array | undefined;
  put(key: Uint8Array, value: Uint8Array): void;
  /** As `put`, of bytes that are the overlay's from now on: nobody writes into them any more. */
  give(key: Uint8Array, value: Uint8Array): void;
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
  const journal: { text: string; before: Change | undefined }[] = [];
  const set = (change: Change): void => {
    const text = byteText(change.key);
    journal.push({ text, before: pending.get(text) });
    pending.set(text, change);
  };
  return {
    get(key) {
      const change = pending.get(byteText(key));
      return change === undefined ? store.get(key) : change.value;
    },
    // Copies: a caller may use its buffers again before the changes are written.
    put: (key, value) => set({ key: key.slice(), value: value.slice() }),
    give: (key, value) => set({ key, value }),
    delete: (key) => set({ key: key.slice(), value: undefined }),
    mark: () => journal.length,
    revert(mark) {
      while (journal.length > mark) {
        const { text, before } = journal.pop()!;
        if (before === undefined) pending.delete(text);
        else pending.set(text, before);
      }
    },
    changes: () => [...pending.values()].sort((a, b) => compareBytes(a.key, b.key)),
  };
}
