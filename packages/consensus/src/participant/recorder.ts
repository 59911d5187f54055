import { encodeVote, type Vote } from '@sero/protocol';
import type { OwnRecord } from '../abstractions.ts';
import type { LeafName } from '../leaf-slots.ts';
import { encodeLogRecords } from '../log-record.ts';
import type { Mutant } from '../mutant.ts';
import type { VoteLog } from '../vote-log.ts';
import { type Entry, encodeEvent } from './event-codec.ts';

/**
 * The one order in which anything is signed and sent: sign; write the signed votes, the events that led to them and the leaves that go with
 * them as one record; sync the log; overwrite the leaves; sync the keys; send. What made a leaf superfluous is durable before the leaf goes: a
 * process that died in between would else come back to a period in which it cannot vote any more, and all of them together would never leave it.
 * But for votes and the end of a period nothing is written: what was not voted on may be forgotten.
 */
export interface Recorder {
  /** An event that the player has seen. */
  note(entry: Entry): void;
  /** Leaves of every own record that go with the next record, once it is durable. */
  erase(leaves: readonly LeafName[]): void;
  /** A period was left: its leaves go with the next record, at the latest with that of `flush`. */
  leave(leaves: readonly LeafName[]): void;
  /** Writes what led out of a period, unless a vote's record did. @param written told that a record is handed to the log */
  flush(round: bigint, written: () => void): void;
  /** Makes signed votes and what led to them durable, overwrites what was to be erased, then calls back. */
  write(round: bigint, votes: readonly Vote[], send: () => void): void;
  /** Makes erasures durable, then calls back. */
  syncKeys(then: () => void): void;
  /** The round is final: its records are of no more use. */
  cut(round: bigint): void;
}

/** @param failed a disk failed: nothing that waits for it is sent */
export function createRecorder(
  log: VoteLog,
  records: readonly OwnRecord[],
  failed: (error: Error) => void,
  mutant?: Mutant,
): Recorder {
  let events: Uint8Array[] = [];
  let erased: LeafName[] = [];
  /** Leaves whose record is written and may not be durable yet. */
  let due: LeafName[] = [];
  /** A period was left, and no record says so yet. */
  let hasLeft = false;

  function syncKeys(then: () => void): void {
    let waiting = records.length;
    let isWhole = true;
    if (waiting === 0) then();
    for (const { keys } of records) {
      keys.sync((failure) => {
        waiting--;
        isWhole &&= failure === undefined;
        if (failure !== undefined) failed(failure);
        else if (waiting === 0 && isWhole) then();
      });
    }
  }

  function write(round: bigint, votes: readonly Vote[], send: () => void): void {
    if (mutant === 'vote-log-sync') send();
    const record = { events, votes: votes.map(encodeVote), erased };
    for (const bytes of encodeLogRecords(record)) log.append(round, bytes);
    // A sync covers all records before it, and may be done before theirs.
    const leaves = [...due, ...erased];
    due = leaves;
    events = [];
    erased = [];
    hasLeft = false;
    log.sync((failure) => {
      if (failure !== undefined) return failed(failure);
      for (const { keys } of records) keys.erase(leaves);
      due = due.filter((leaf) => !leaves.includes(leaf));
      syncKeys(mutant === 'vote-log-sync' ? () => undefined : send);
    });
  }

  return {
    // Who votes with nothing need remember nothing.
    note(entry) {
      if (records.length > 0) events.push(encodeEvent(entry));
    },

    erase(leaves) {
      erased.push(...leaves);
    },

    leave(leaves) {
      if (records.length === 0) return;
      erased.push(...leaves);
      if (mutant === 'early-erasure') for (const { keys } of records) keys.erase(leaves);
      else hasLeft = true;
    },

    flush(round, written) {
      if (!hasLeft) return;
      written();
      write(round, [], () => undefined);
    },

    write,
    syncKeys,

    cut(round) {
      events = [];
      erased = [];
      hasLeft = false;
      log.cut(round);
    },
  };
}
