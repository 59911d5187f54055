import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes } from '@sero/crypto';
import { ProtocolError, type ProtocolErrorCode } from '@sero/protocol';
import fc from 'fast-check';
import {
  decodeLogRecord,
  encodeLogRecord,
  encodeLogRecords,
  type LogRecord,
  MAX_LOG_RECORD,
} from './log-record.ts';

const refuses =
  (...codes: ProtocolErrorCode[]) =>
  (error: unknown): boolean =>
    error instanceof ProtocolError && codes.includes(error.code);

const anyRecord: fc.Arbitrary<LogRecord> = fc
  .tuple(
    fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
    fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 3 }),
    fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(15)), { maxLength: 20 }),
  )
  .map(([events, votes, erased]) => ({
    events,
    votes,
    erased: erased.map(([round, leaf]) => ({ round, leaf })),
  }));

const SAMPLE: LogRecord = {
  events: [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)],
  votes: [new Uint8Array(500).fill(7)],
  erased: [
    { round: 77n, leaf: 0 },
    { round: 2n ** 64n - 1n, leaf: 15 },
  ],
};

test('what was recorded is read again, in its order', () => {
  fc.assert(
    fc.property(anyRecord, (record) => assert.deepEqual(decodeLogRecord(encodeLogRecord(record)), record)),
  );
  const empty = { events: [], votes: [], erased: [] };
  assert.deepEqual(decodeLogRecord(encodeLogRecord(empty)), empty);
});

test('the beginning of a record is no record, nor is a record with something behind it', () => {
  const bytes = encodeLogRecord(SAMPLE);
  for (let length = 0; length < bytes.length; length++) {
    // Its last list has two elements of nine bytes: without them, or without the last, it is a record of fewer.
    const missing = bytes.length - length;
    if (missing === 9 || missing === 18) {
      const kept = missing === 9 ? 1 : 0;
      assert.equal(decodeLogRecord(bytes.subarray(0, length)).erased.length, kept);
    } else {
      assert.throws(() => decodeLogRecord(bytes.subarray(0, length)), refuses('malformed', 'not-canonical'));
    }
  }
  assert.throws(() => decodeLogRecord(Uint8Array.of(...bytes, 0)), refuses('malformed'));
});

test('no bytes bring the decoder to anything but a record or a typed refusal', () => {
  const bytes = encodeLogRecord(SAMPLE);
  const check = (changed: Uint8Array): void => {
    try {
      assert.deepEqual(encodeLogRecord(decodeLogRecord(changed)), changed);
    } catch (error) {
      assert.ok(refuses('malformed', 'not-canonical', 'unknown-version')(error), String(error));
    }
  };
  for (let at = 0; at < 40; at++) {
    for (let byte = 0; byte < 256; byte++) check(bytes.with(at, byte));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), check));
  fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => check(bytes.with(at, byte))));
});

test('another version, a leaf that no round has, and more than a record holds are refused', () => {
  const bytes = encodeLogRecord(SAMPLE);
  assert.equal(bytes[0], 1);
  assert.throws(() => decodeLogRecord(bytes.with(0, 2)), refuses('unknown-version'));
  assert.equal(bytes.at(-1), 15);
  assert.throws(() => decodeLogRecord(bytes.with(-1, 16)), refuses('malformed'));
  const over: Partial<LogRecord>[] = [
    { votes: [new Uint8Array(1_025)] },
    { votes: Array.from({ length: 4_097 }, () => new Uint8Array(0)) },
    { events: Array.from({ length: 65_537 }, () => new Uint8Array(0)) },
    { events: [new Uint8Array(MAX_LOG_RECORD)] },
    { erased: Array.from({ length: 65_537 }, () => ({ round: 0n, leaf: 0 })) },
  ];
  for (const part of over) assert.throws(() => encodeLogRecord({ ...SAMPLE, ...part }), refuses('too-large'));
  assert.throws(
    () => encodeLogRecord({ ...SAMPLE, erased: [{ round: 0n, leaf: 16 }] }),
    refuses('malformed'),
  );
  assert.throws(() => decodeLogRecord(new Uint8Array(MAX_LOG_RECORD + 1)), refuses('too-large'));
});

test('the largest that each list takes is taken', () => {
  const record: LogRecord = {
    events: Array.from({ length: 65_536 }, () => new Uint8Array(0)),
    votes: Array.from({ length: 4_096 }, (_, i) => new Uint8Array(i === 0 ? 1_024 : 0)),
    erased: Array.from({ length: 65_536 }, () => ({ round: 1n, leaf: 15 })),
  };
  const again = decodeLogRecord(encodeLogRecord(record));
  assert.deepEqual([again.events.length, again.votes.length, again.erased.length], [65_536, 4_096, 65_536]);
});

test('what fits in one record is one record, and a leaf that is named twice stands there once', () => {
  const twice = { ...SAMPLE, erased: [...SAMPLE.erased, ...SAMPLE.erased] };
  assert.deepEqual(encodeLogRecords(twice), [encodeLogRecord(SAMPLE)]);
});

test('events without number or measure are kept in their order, and what was signed stands behind them all', () => {
  const byNumber = Array.from({ length: 70_000 }, (_, i) => Uint8Array.of(i & 255, i >> 8));
  const bySize = Array.from({ length: 5 }, (_, i) => new Uint8Array(2 ** 23).fill(i));
  const alone = [new Uint8Array(2 ** 25 - 4_096).fill(1)];
  for (const [events, count] of [
    [byNumber, 2],
    [bySize, 3],
    [alone, 1],
  ] as const) {
    const records = encodeLogRecords({ ...SAMPLE, events: [...events] }).map(decodeLogRecord);
    assert.equal(records.length, count);
    assert.ok(records.flatMap((record) => record.events).every((event, i) => equalBytes(event, events[i]!)));
    assert.equal(records.flatMap((record) => record.events).length, events.length);
    for (const record of records.slice(0, -1)) assert.deepEqual([record.votes, record.erased], [[], []]);
    assert.deepEqual([records.at(-1)!.votes, records.at(-1)!.erased], [SAMPLE.votes, SAMPLE.erased]);
  }
  const tooLarge = { ...SAMPLE, events: [new Uint8Array(2 ** 25)] };
  assert.throws(() => encodeLogRecords(tooLarge), refuses('too-large'));
});
