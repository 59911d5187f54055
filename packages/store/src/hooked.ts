import type { Change, KeyValueStore } from './key-value.ts';
import type { AppendLog } from './log.ts';

/** What runs around the writes of a store: a test of crashes throws, or ends the process, at the instant it wants. */
export interface StoreHooks {
  /** Before a batch is written; what it throws is thrown by `write`, and nothing is written. */
  before?(changes: readonly Change[]): void;
  /** When a batch is durable. */
  after?(changes: readonly Change[]): void;
}

/** A store that tells of its writes. */
export function hookedStore(store: KeyValueStore, hooks: StoreHooks): KeyValueStore {
  return {
    get: (key) => store.get(key),
    entries: (prefix, options) => store.entries(prefix, options),
    write(changes) {
      hooks.before?.(changes);
      store.write(changes);
      hooks.after?.(changes);
    },
    close: () => store.close(),
  };
}

/** What runs around the writes of a log. */
export interface LogHooks {
  /** Before a record is appended; what it throws is thrown by `append`, and nothing is appended. */
  before?(record: Uint8Array): void;
  /** When a record is durable. */
  after?(index: number): void;
}

/** A log that tells of its appends. */
export function hookedLog(log: AppendLog, hooks: LogHooks): AppendLog {
  return {
    get first() {
      return log.first;
    },
    get length() {
      return log.length;
    },
    begin: (first) => log.begin(first),
    append(record) {
      hooks.before?.(record);
      const index = log.append(record);
      hooks.after?.(index);
      return index;
    },
    get: (index) => log.get(index),
    truncate: (length) => log.truncate(length),
    close: () => log.close(),
  };
}
