import { byteText } from './byte-text.ts';
import type { Change, KeyValueStore } from './key-value.ts';
import type { AppendLog } from './log.ts';

/** A store and a log whose writes can be held for a while and then made durable together. */
export interface HeldWrites {
  readonly store: KeyValueStore;
  readonly log: AppendLog;
  /**
   * From now on writes stay in memory, where reads find them: the very bytes that the store is given, into which nobody writes any more. Until `flush` a
   * crash loses all of them, and no part of the store is ahead of the log.
   */
  hold(): void;
  /** Makes what was held durable, the log first, and ends the holding. @throws what the store and the log throw: then nothing more is to be written */
  flush(): void;
  /** Bytes that are held. */
  held(): number;
  /** Called before what is held is written, by whomever: for what must be durable first. What it throws keeps all of it from being written. */
  beforeWrite(listener: () => void): void;
}

/**
 * For whoever applies many blocks in a row that others have: two syncs for all of them in place of two for each. What is held is as durable as if
 * it had not come yet.
 *
 * An iteration over entries writes the store first, since it goes by the store's own order.
 */
export function heldWrites(store: KeyValueStore, log: AppendLog): HeldWrites {
  let isHolding = false;
  let changes = new Map<string, Change>();
  let records: Uint8Array[] = [];
  let bytes = 0;
  const listeners: (() => void)[] = [];
  let failure: { readonly error: unknown } | undefined;

  function write(): void {
    if (failure !== undefined) throw failure.error;
    if (records.length === 0 && changes.size === 0) return;
    try {
      for (const listener of listeners) listener();
      const [pending, merged] = [records, [...changes.values()]];
      [records, changes, bytes] = [[], new Map(), 0];
      if (pending.length > 0) {
        if (log.appendAll !== undefined) log.appendAll(pending);
        else for (const record of pending) log.append(record);
      }
      if (merged.length > 0) store.write(merged);
    } catch (error) {
      // What was held is lost to this process, whoever had it written: nothing is built on what is there now.
      failure = { error };
      throw error;
    }
  }

  return {
    hold() {
      isHolding = true;
    },
    flush() {
      isHolding = false;
      write();
    },
    held: () => bytes,
    beforeWrite: (listener) => void listeners.push(listener),

    store: {
      get(key) {
        const change = changes.size === 0 ? undefined : changes.get(byteText(key));
        return change === undefined ? store.get(key) : change.value;
      },
      entries(prefix, options) {
        write();
        return store.entries(prefix, options);
      },
      write(given) {
        if (failure !== undefined) throw failure.error;
        if (!isHolding) {
          store.write(given);
          return;
        }
        for (const change of given) {
          changes.set(byteText(change.key), change);
          bytes += change.key.length + (change.value?.length ?? 0);
        }
      },
      close() {
        try {
          write();
        } finally {
          store.close();
        }
      },
    },

    log: {
      get first() {
        return log.first;
      },
      get length() {
        return log.length + records.length;
      },
      begin: (first) => log.begin(first),
      append(record) {
        if (failure !== undefined) throw failure.error;
        if (!isHolding) return log.append(record);
        bytes += record.length;
        return log.length + records.push(record.slice()) - 1;
      },
      get(index) {
        const held = index - log.length;
        return held >= 0 && held < records.length ? records[held]!.slice() : log.get(index);
      },
      truncate(length) {
        write();
        log.truncate(length);
      },
      close() {
        try {
          write();
        } finally {
          log.close();
        }
      },
    },
  };
}
