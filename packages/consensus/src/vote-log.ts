import { ByteListType, ContainerType, ListCompositeType, UintBigintType } from '@chainsafe/ssz';
import { decodeStrict } from '@sero/protocol';
import { type AppendLog, VALUE_LIMIT } from '@sero/store';
import type { Done } from './slot-file.ts';

/**
 * What a participant must remember across a crash: records (log-record.ts), each written before what it speaks of is sent. A record that a
 * crash tore is left out when the log is read again: nothing of it was sent.
 */
export interface VoteLog {
  /**
   * Adds a record; durable with the next sync.
   *
   * @param round the player's round
   */
  append(round: bigint, record: Uint8Array): void;
  /** Makes everything durable that was appended before the call. Until it is done nothing that stands there may be sent. */
  sync(done: Done): void;
  /**
   * Forgets records of rounds before this one, whose blocks and certificates are durable. Some may be there again after a restart: their rounds
   * are over then, and so are their keys.
   */
  cut(round: bigint): void;
  /** Copies of the records that are durable, in their order. */
  replay(): Iterable<Uint8Array>;
}

const GROUP_RECORDS = 1 << 16;

/** Records that one sync made durable together. */
const GroupType = new ListCompositeType(
  new ContainerType({ round: new UintBigintType(8), record: new ByteListType(VALUE_LIMIT) }),
  GROUP_RECORDS,
);

/** Bytes of records after which a group ends; one record may be more. */
const GROUP_BYTES = 1 << 24;

/**
 * A vote log over a log whose appends are durable and whose torn last record is dropped. What is appended between two syncs becomes one record
 * there, so that it costs one sync and a crash takes all of it or nothing; more than 16 MiB become several, whose first ones a crash may leave.
 *
 * @throws (its `cut` and `replay`) what that log throws, and ProtocolError `malformed`, `not-canonical` for what no vote log wrote; a failure
 *   of an append is given to `done`, and the records wait for the next sync
 */
export function voteLogOver(log: AppendLog): VoteLog {
  let waiting: { round: bigint; record: Uint8Array }[] = [];
  let last = [...groups(log)].flat().reduce((latest, { round }) => (round > latest ? round : latest), -1n);
  return {
    append(round, record) {
      waiting.push({ round, record: record.slice() });
      if (round > last) last = round;
    },

    sync(done) {
      try {
        while (waiting.length > 0) {
          const group = waiting.slice(0, groupEnd(waiting));
          log.append(GroupType.serialize(group));
          waiting = waiting.slice(group.length);
        }
      } catch (error) {
        return done(error instanceof Error ? error : new Error(String(error)));
      }
      done();
    },

    cut(round) {
      waiting = waiting.filter((one) => one.round >= round);
      // A log is cut at its end only: it goes as a whole once nothing in it is needed any more.
      if (last < round && log.length > 0) log.truncate(0);
    },

    *replay() {
      for (const group of groups(log)) for (const { record } of group) yield record;
    },
  };
}

/** How many records of a list go into the next group. */
function groupEnd(records: readonly { record: Uint8Array }[]): number {
  let bytes = 0;
  let end = 0;
  do {
    bytes += records[end]!.record.length;
    end++;
  } while (end < records.length && end < GROUP_RECORDS && bytes + records[end]!.record.length <= GROUP_BYTES);
  return end;
}

function* groups(log: AppendLog): Generator<{ round: bigint; record: Uint8Array }[]> {
  for (let i = 0; i < log.length; i++) {
    yield decodeStrict(GroupType, log.get(i), VALUE_LIMIT, `record ${i} of the vote log`);
  }
}
