import {
  ByteListType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
  type ValueOf,
} from '@chainsafe/ssz';
import { decodeStrict, LEAVES_PER_ROUND, ProtocolError } from '@sero/protocol';

/** Bytes of the largest record. */
export const MAX_LOG_RECORD = 1 << 25;

/** Of one encoded vote; a vote with its proof has some 500 bytes. */
const MAX_VOTE = 1024;
const MAX_VOTES = 1 << 12;
const MAX_EVENTS = 1 << 16;
const MAX_ERASED = 1 << 16;

/** Bytes of events in one record, each with its offset; votes and erasures need less than 8 MiB. */
const EVENT_ROOM = MAX_LOG_RECORD - (1 << 23);
const OFFSET = 4;

/**
 * What a participant writes before it sends: with it, and the block that was durable before, the machine comes to the same state again, the
 * same bytes can be sent again, and erasures that a crash prevented are made up for.
 */
const LogRecordType = new ContainerType({
  /** 1. */
  version: new UintNumberType(1),
  /** The machine's inputs since the last record, in order, encoded by whoever writes them. */
  events: new ListCompositeType(new ByteListType(MAX_LOG_RECORD), MAX_EVENTS),
  /** Votes and proposals signed since then, as they go out. */
  votes: new ListCompositeType(new ByteListType(MAX_VOTE), MAX_VOTES),
  /** Leaves that are erased with them. */
  erased: new ListCompositeType(
    new ContainerType({ round: new UintBigintType(8), leaf: new UintNumberType(1) }),
    MAX_ERASED,
  ),
});

export type LogRecord = Omit<ValueOf<typeof LogRecordType>, 'version'>;

const VERSION = 1;

/**
 * The records, one almost always, that say this: events that are too many for one stand in those before the last, which has the votes and
 * the erasures. So a crash between them loses no more than what the votes need. A leaf that is named twice is written once.
 *
 * @throws ProtocolError `too-large` for votes or one event beyond what a record holds, `malformed` for a leaf that no round has
 */
export function encodeLogRecords({ events, votes, erased }: LogRecord): Uint8Array[] {
  const parts: Uint8Array[][] = [[]];
  let room = EVENT_ROOM;
  for (const event of events) {
    const size = event.length + OFFSET;
    const { length } = parts.at(-1)!;
    if (length > 0 && (size > room || length === MAX_EVENTS)) {
      parts.push([]);
      room = EVENT_ROOM;
    }
    parts.at(-1)!.push(event);
    room -= size;
  }
  const once = [...new Map(erased.map((name) => [`${name.round}/${name.leaf}`, name])).values()];
  return parts.map((part, i) =>
    i < parts.length - 1
      ? encodeLogRecord({ events: part, votes: [], erased: [] })
      : encodeLogRecord({ events: part, votes, erased: once }),
  );
}

/** Bytes of one record. @throws ProtocolError `too-large`, `malformed` (a leaf that no round has) */
export function encodeLogRecord({ events, votes, erased }: LogRecord): Uint8Array {
  expectLeaves(erased);
  // The library does not bound what it encodes.
  const fits =
    events.length <= MAX_EVENTS &&
    votes.length <= MAX_VOTES &&
    erased.length <= MAX_ERASED &&
    votes.every((vote) => vote.length <= MAX_VOTE);
  const bytes = fits ? LogRecordType.serialize({ version: VERSION, events, votes, erased }) : undefined;
  if (bytes === undefined || bytes.length > MAX_LOG_RECORD) {
    throw new ProtocolError('too-large', 'this is more than a record of the vote log holds');
  }
  return bytes;
}

/**
 * A record from its bytes.
 *
 * @throws ProtocolError `too-large`, `malformed`, `not-canonical`, `unknown-version`: this program did not write it
 */
export function decodeLogRecord(bytes: Uint8Array): LogRecord {
  const { version, ...record } = decodeStrict(LogRecordType, bytes, MAX_LOG_RECORD, 'record of the vote log');
  if (version !== VERSION) {
    throw new ProtocolError(
      'unknown-version',
      `a record of the vote log has version ${version}; only ${VERSION} is known`,
    );
  }
  expectLeaves(record.erased);
  return record;
}

function expectLeaves(erased: LogRecord['erased']): void {
  if (erased.some(({ leaf }) => leaf >= LEAVES_PER_ROUND)) {
    throw new ProtocolError('malformed', `a round has leaves 0 to ${LEAVES_PER_ROUND - 1}`);
  }
}
