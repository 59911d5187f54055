import { ensure } from './errors.ts';
import { VALUE_LIMIT } from './key-value.ts';

/** Records in the order they were appended, numbered one after another: from 0, or from where the log was told to begin. */
export interface AppendLog {
  /** Number of the first record: 0 unless `begin` said otherwise. */
  readonly first: number;
  /** Number of the next record: records `first` to length - 1 are there. */
  readonly length: number;
  /**
   * Makes `first` the number of the first record, in a log that has none. On disk it is kept with that record, not before.
   *
   * @throws StoreError `out-of-range` for no such number, or where there are records; `closed`, or a `disk-` code
   */
  begin(first: number): void;
  /**
   * Adds a record; on disk it is durable when this returns.
   *
   * @returns its index
   * @throws StoreError `closed`, `value-too-long`, or a `disk-` code; the log is then what it was
   */
  append(record: Uint8Array): number;
  /**
   * Adds records in order; on disk all are durable when this returns, for the price of one. A failure, or a crash, leaves the first ones or none. Where a log
   * lacks this, they are appended one by one.
   *
   * @throws as `append`
   */
  appendAll?(records: readonly Uint8Array[]): void;
  /** A copy of a record. @throws StoreError `out-of-range`, `record-damaged`, `closed`, or a `disk-` code */
  get(index: number): Uint8Array;
  /**
   * Forgets the records from `length` on; durable when it returns.
   *
   * @throws StoreError `out-of-range` for more than there are, or less than `first`, `closed`, or a `disk-` code
   */
  truncate(length: number): void;
  /** May be called again; every other call then throws StoreError `closed`. */
  close(): void;
}

/** A log in memory: nothing survives the process. */
export function memoryLog(): AppendLog {
  const records: Uint8Array[] = [];
  let start = 0;
  let closed = false;
  const open = (): void => ensure(!closed, 'closed', 'the log is closed; open it again to use it');
  return {
    get first() {
      open();
      return start;
    },
    get length() {
      open();
      return start + records.length;
    },
    begin(first) {
      open();
      expectBegin(first, records.length);
      start = first;
    },
    append(record) {
      open();
      expectRecord(record);
      return start + records.push(record.slice()) - 1;
    },
    get(index) {
      open();
      expectIndex(index, start, start + records.length);
      return records[index - start]!.slice();
    },
    truncate(length) {
      open();
      expectLength(length, start, start + records.length);
      records.length = length - start;
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

/** Refuses an index that a log of the records from `first` to before `length` does not have. */
export function expectIndex(index: number, first: number, length: number): void {
  ensure(
    Number.isSafeInteger(index) && index >= first && index < length,
    'out-of-range',
    `the log has ${length - first} records, numbered from ${first}; there is no record ${index}`,
  );
}

/** Refuses a length that such a log cannot be cut to. */
export function expectLength(to: number, first: number, length: number): void {
  ensure(
    Number.isSafeInteger(to) && to >= first && to <= length,
    'out-of-range',
    `the log has ${length - first} records, numbered from ${first}, and cannot be cut to ${to}`,
  );
}

/** Refuses a number that no log of so many records can begin with. */
export function expectBegin(first: number, records: number): void {
  ensure(
    Number.isSafeInteger(first) && first >= 0 && records === 0,
    'out-of-range',
    `a log of ${records} records cannot be told to begin with number ${first}`,
  );
}
