import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
  type ValueOf,
} from '@chainsafe/ssz';
import { equalBytes, leBytes, leInteger } from '@sero/crypto';
import {
  BOTTOM,
  decodeStrict,
  MAX_BLOCK_BYTES,
  ProtocolError,
  ValueType,
  VoteType,
  type WeighedVote,
} from '@sero/protocol';
import { MAX_LOG_RECORD } from '../log-record.ts';
import type { PlayerEvent, Timer } from '../machine/events.ts';

/**
 * Events as the vote log keeps them. What stands there was verified before it was written, and the log is this machine's own, so weights are
 * taken as they are; a record that was damaged is the log's to find.
 */

const WeighedVoteType = new ContainerType({
  vote: VoteType,
  weight: new UintBigintType(8),
  leader: new ListCompositeType(new ByteVectorType(32), 1),
});

const PairType = new ContainerType({ first: WeighedVoteType, second: WeighedVoteType });

const EventType = new ContainerType({
  /** The player's. */
  round: new UintBigintType(8),
  /** Local time, ms. */
  now: new UintBigintType(8),
  kind: new UintNumberType(1),
  votes: new ListCompositeType(WeighedVoteType, 16_384),
  pairs: new ListCompositeType(PairType, 8_192),
  /** Of kind `block`. */
  value: ValueType,
  isValid: new UintNumberType(1),
  /** Of kind `timer`. */
  timer: new ContainerType({
    name: new UintNumberType(1),
    round: new UintBigintType(8),
    period: new UintNumberType(4),
    step: new UintNumberType(1),
  }),
  /** Of kind `held`. */
  bytes: new ByteListType(MAX_BLOCK_BYTES),
});

const KINDS: readonly LoggedEvent['type'][] = [
  'vote',
  'bundle',
  'block',
  'timer',
  'transactions',
  'restart',
  'held',
];
const TIMERS: readonly Timer['name'][] = ['idle', 'step', 'recovery', 'filter'];

/** A block that votes rely on: were it lost with the memory of all who voted for it, what is certified could not be made final. */
export interface HeldBlock {
  readonly type: 'held';
  readonly bytes: Uint8Array;
}

/** What is logged. A round begins with what the ledger has, so that is none of it. */
export type LoggedEvent = Exclude<PlayerEvent, { type: 'round' }> | HeldBlock;

/** An event in its place. */
export interface Entry {
  /** The player's round. */
  readonly round: bigint;
  /** Local time, ms. */
  readonly now: number;
  readonly event: LoggedEvent;
}

/** Bytes of an event. */
export function encodeEvent({ round, now, event }: Entry): Uint8Array {
  const { type } = event;
  const timer = type === 'timer' ? { period: 0, step: 0, ...event.timer } : undefined;
  return EventType.serialize({
    round,
    now: BigInt(now),
    kind: KINDS.indexOf(type),
    votes: type === 'vote' ? [toWire(event.vote)] : type === 'bundle' ? event.votes.map(toWire) : [],
    pairs:
      type === 'bundle'
        ? event.pairs.map(({ first, second }) => ({ first: toWire(first), second: toWire(second) }))
        : [],
    value: type === 'block' ? event.value : BOTTOM,
    isValid: type === 'block' && event.isValid ? 1 : 0,
    timer:
      timer === undefined
        ? { name: 0, round: 0n, period: 0, step: 0 }
        : { ...timer, name: TIMERS.indexOf(timer.name) },
    bytes: type === 'held' ? event.bytes : new Uint8Array(0),
  });
}

/** An event. Throws ProtocolError where this program did not write it. */
export function decodeEvent(bytes: Uint8Array): Entry {
  const logged = decodeStrict(EventType, bytes, MAX_LOG_RECORD, 'event of the vote log');
  const decoded = { round: logged.round, now: Number(logged.now), event: eventOf(logged) };
  if (!equalBytes(encodeEvent(decoded), bytes)) {
    throw new ProtocolError('not-canonical', 'an event of the vote log says more than its kind has to say');
  }
  return decoded;
}

function eventOf({
  kind,
  votes,
  pairs,
  value,
  isValid,
  timer,
  bytes,
}: ValueOf<typeof EventType>): LoggedEvent {
  const type = KINDS[kind];
  switch (type) {
    case 'vote':
      return { type, vote: fromWire(only(votes)) };
    case 'bundle':
      return {
        type,
        votes: votes.map(fromWire),
        pairs: pairs.map(({ first, second }) => ({ first: fromWire(first), second: fromWire(second) })),
      };
    case 'block':
      return { type, value, isValid: isValid === 1 };
    case 'timer':
      return { type, timer: timerOf(timer) };
    case 'transactions':
    case 'restart':
      return { type };
    case 'held':
      return { type, bytes };
    default:
      throw new ProtocolError('malformed', `an event of the vote log has kind ${kind}`);
  }
}

function only<T>([item]: readonly T[]): T {
  if (item === undefined) throw new ProtocolError('malformed', 'an event of the vote log lacks its vote');
  return item;
}

function timerOf({ name, round, period, step }: ValueOf<typeof EventType>['timer']): Timer {
  switch (TIMERS[name]) {
    case 'idle':
      return { name: 'idle', round };
    case 'step':
      return { name: 'step', round, period, step };
    case 'recovery':
      return { name: 'recovery', round, period };
    case 'filter':
      return { name: 'filter', round, period };
    default:
      throw new ProtocolError('malformed', `a timer of the vote log has name ${name}`);
  }
}

function toWire({ vote, weight, leader }: WeighedVote): ValueOf<typeof WeighedVoteType> {
  return { vote, weight, leader: leader === undefined ? [] : [leBytes(leader, 32)] };
}

function fromWire({ vote, weight, leader }: ValueOf<typeof WeighedVoteType>): WeighedVote {
  const [value] = leader;
  return value === undefined ? { vote, weight } : { vote, weight, leader: leInteger(value) };
}
