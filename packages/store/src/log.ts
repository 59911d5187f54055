import { ensure } from './errors.ts';
import { VALUE_LIMIT } from './key-value.ts';

/** Records in the order they were appended, numbered from 0. */
export interface AppendLog {
  /** Records 0 to length - 1 are there. */
  readonly length: number;
  /**
   * Adds a record; on disk it is durable when this returns.
   *
   * @returns its index
   * @throws StoreError `closed`, `value-too-long`, or a `disk-` code; the log is then what it was
   */
  append(record: Uint8Array): number;
  /** A copy of a record. @throws StoreError `out-of-range`, `record-damaged`, `closed`, or a `disk-` code */
  get(index: number): Uint8Array;
  /**
   * Forgets the records from `length` on; durable when it returns.
   *
   * @throws StoreError `out-of-range` for more than there are, `closed`, or a `disk-` code
   */
  truncate(length: number): void;
  /** May be called again; every other call then throws StoreError `closed`. */
  close(): void;
}

/** A log in memory: nothing survives the process. */
export function memoryLog(): AppendLog {
  const records: Uint8Array[] = [];
  let closed = false;
  const open = (): void => ensure(!closed, 'closed', 'the log is closed; open it again to use it');
  return {
    get length() {
      open();
      return records.length;
    },
    append(record) {
      open();
      expectRecord(record);
      return records.push(record.slice()) - 1;
    },
    get(index) {
      open();
      expectIndex(index, records.length);
      return records[index]!.slice();
    },
    truncate(length) {
      open();
      expectLength(length, records.length);
      records.length = length;
    },
    close() {
      closed = true;
      records.length = 0;
    },
  };
}

/** Refuses a record that no log takes. */
export function expectRecord(record: Uint8Array): void {
  ensure(record.length <= VALUE_LIMIT, 'value-too-long', `a record has at most ${VALUE_LIMIT} bytes`);
}

/** Refuses an index that a log of `length` records does not have. */
export function expectIndex(index: number, length: number): void {
  ensure(
    Number.isSafeInteger(index) && index >= 0 && index < length,
    'out-of-range',
    `the log has ${length} records, numbered from 0; there is no record ${index}`,
  );
}

/** Refuses a length that a log of `length` records cannot be cut to. */
export function expectLength(to: number, length: number): void {
  ensure(
    Number.isSafeInteger(to) && to >= 0 && to <= length,
    'out-of-range',
    `the log has ${length} records and cannot be cut to ${to}`,
  );
}
