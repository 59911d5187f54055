import { encodeVote, type Vote } from '@sero/protocol';
import type { OwnRecord } from '../abstractions.ts';
import type { LeafName } from '../leaf-slots.ts';
import { encodeLogRecords } from '../log-record.ts';
import type { Mutant } from '../mutant.ts';
import type { VoteLog } from '../vote-log.ts';
import { type Entry, encodeEvent } from './event-codec.ts';

/**
 * The one order in which anything is signed and sent: sign; write the signed votes, the events that led to them and the erasure of their
 * leaves as one record; sync log and keys; send. Between two votes nothing is written: what was not voted on may be forgotten.
 */
export interface Recorder {
  /** An event that the player has seen. */
  note(entry: Entry): void;
  /** Erases leaves of every own record; told to the log with the next record. */
  erase(leaves: readonly LeafName[]): void;
  /** Makes signed votes durable, then calls back. */
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

  return {
    // Who votes with nothing need remember nothing.
    note(entry) {
      if (records.length > 0) events.push(encodeEvent(entry));
    },

    erase(leaves) {
      for (const { keys } of records) keys.erase(leaves);
      erased.push(...leaves);
    },

    write(round, votes, send) {
      if (mutant === 'vote-log-sync') send();
      const record = { events, votes: votes.map(encodeVote), erased };
      for (const bytes of encodeLogRecords(record)) log.append(round, bytes);
      events = [];
      erased = [];
      log.sync((failure) => {
        if (failure !== undefined) failed(failure);
        else if (mutant === 'vote-log-sync') syncKeys(() => undefined);
        else syncKeys(send);
      });
    },

    syncKeys,

    cut(round) {
      events = [];
      erased = [];
      log.cut(round);
    },
  };
}
