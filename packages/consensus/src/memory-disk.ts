import type { Done, SlotFile } from './slot-file.ts';
import type { VoteLog } from './vote-log.ts';

/** When what was asked for comes about: at once, or when a simulator's clock gets there. */
export type Later = (run: () => void) => void;

const atOnce: Later = (run) => run();

/** A file that a crash can hit; for simulators and tests. */
export interface MemorySlotFile extends SlotFile {
  /**
   * The machine stops: syncs that are under way never answer. Of each write since the last sync was done, in their order, as many first bytes
   * stay as `kept` says; writes do not wait for each other.
   *
   * @param kept from 0 to `length`
   */
  crash(kept: (length: number) => number): void;
}

/** A file of zeros in memory. @param later delays syncs; by default they are done at once */
export function memorySlotFile(size: number, later: Later = atOnce): MemorySlotFile {
  const written = new Uint8Array(size);
  const durable = new Uint8Array(size);
  let waiting: { offset: number; bytes: Uint8Array }[] = [];
  let life = 0;

  const expectInside = (offset: number, length: number): void => {
    if (offset < 0 || length < 0 || offset + length > size) throw new RangeError('outside of the file');
  };

  return {
    size,

    read(offset, length) {
      expectInside(offset, length);
      return written.slice(offset, offset + length);
    },

    write(offset, bytes) {
      expectInside(offset, bytes.length);
      written.set(bytes, offset);
      waiting.push({ offset, bytes: bytes.slice() });
    },

    sync(done) {
      const [covered, born] = [new Set(waiting), life];
      later(() => {
        if (born !== life) return;
        for (const { offset, bytes } of covered) durable.set(bytes, offset);
        waiting = waiting.filter((write) => !covered.has(write));
        done();
      });
    },

    crash(kept) {
      life++;
      for (const { offset, bytes } of waiting) durable.set(bytes.subarray(0, kept(bytes.length)), offset);
      waiting = [];
      written.set(durable);
    },
  };
}

/** A vote log that a crash can hit; for simulators and tests. */
export interface MemoryVoteLog extends VoteLog {
  /**
   * The machine stops: syncs that are under way never answer. Of the bytes that were not durable the first ones stay; a record of which
   * some are missing is gone.
   *
   * @param kept from 0 to `length`
   */
  crash(kept: (length: number) => number): void;
}

/** An empty vote log in memory. @param later delays syncs; by default they are done at once */
export function memoryVoteLog(later: Later = atOnce): MemoryVoteLog {
  let records: { round: bigint; record: Uint8Array; durable: boolean }[] = [];
  let life = 0;
  return {
    append(round, record) {
      records.push({ round, record: record.slice(), durable: false });
    },

    sync(done: Done) {
      const [covered, born] = [records.slice(), life];
      later(() => {
        if (born !== life) return;
        for (const one of covered) one.durable = true;
        done();
      });
    },

    cut(round) {
      records = records.filter((one) => one.round >= round);
    },

    *replay() {
      for (const { record, durable } of records) if (durable) yield record.slice();
    },

    crash(kept) {
      life++;
      const waiting = records.filter(({ durable }) => !durable);
      let rest = kept(waiting.reduce((sum, { record }) => sum + record.length, 0));
      for (const one of waiting) {
        one.durable = one.record.length <= rest;
        rest -= one.record.length;
        if (!one.durable) break;
      }
      records = records.filter(({ durable }) => durable);
    },
  };
}
