import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leafInRound, STEP } from '@sero/protocol';
import type { OwnRecord } from '../abstractions.ts';
import { decodeLogRecord } from '../log-record.ts';
import { SENDERS, V, voteOf } from '../machine/machine-test-support.ts';
import { memoryVoteLog } from '../memory-disk.ts';
import { secretOf, stubCrypto } from '../simulator/stub-crypto.ts';
import { stubKeys } from '../simulator/stub-keys.ts';
import type { Done } from '../slot-file.ts';
import type { Entry } from './event-codec.ts';
import { createRecorder } from './recorder.ts';

/** Own records whose key files answer when the test says so. */
function slowRecords(count: number): { records: OwnRecord[]; syncs: Done[] } {
  const { ed25519 } = stubCrypto();
  const syncs: Done[] = [];
  const records = Array.from({ length: count }, (_, number): OwnRecord => {
    const keys = stubKeys(number, ed25519, (run) => run());
    return {
      id: SENDERS[number]!,
      prove: () => secretOf(9, number),
      keys: { ...keys, sync: (done) => void syncs.push(done) },
    };
  });
  return { records, syncs };
}

const SEEN: Entry = { round: 1n, now: 5, event: { type: 'vote', vote: voteOf(1, STEP.soft, V) } };

function never(error: Error): void {
  throw error;
}

test('nothing waits for the keys of several records and goes on where one of them failed, in whatever order they answer', () => {
  for (const failing of [0, 1, 2]) {
    const { records, syncs } = slowRecords(3);
    const failures: string[] = [];
    let wentOn = false;
    const recorder = createRecorder(memoryVoteLog(), records, ({ message }) => failures.push(message));
    recorder.syncKeys(() => {
      wentOn = true;
    });
    for (const [number, done] of syncs.entries()) done(number === failing ? new Error('disk') : undefined);
    assert.deepEqual([failures, wentOn], [['disk'], false]);
  }
});

test('the keys of all records are durable before anything goes on', () => {
  const { records, syncs } = slowRecords(2);
  let wentOn = false;
  createRecorder(memoryVoteLog(), records, never).syncKeys(() => {
    wentOn = true;
  });
  syncs[0]!();
  assert.equal(wentOn, false);
  syncs[1]!();
  assert.equal(wentOn, true);
});

test('the end of a period and the vote that it led to are one record: a crash keeps both or neither', () => {
  const log = memoryVoteLog();
  const { records } = slowRecords(1);
  const recorder = createRecorder(log, records, never);
  const left = { round: 1n, leaf: leafInRound(0, STEP.next) };
  let written = 0;
  const flush = (): void => recorder.flush(1n, () => written++);
  flush();
  assert.equal([...log.replay()].length, 0, 'nothing was left');
  recorder.note(SEEN);
  recorder.leave([left]);
  recorder.write(1n, [voteOf(0, STEP.soft, V, { period: 1 }).vote], () => undefined);
  flush();
  const [record, ...others] = [...log.replay()].map(decodeLogRecord);
  assert.deepEqual([record?.events.length, record?.votes.length, record?.erased], [1, 1, [left]]);
  assert.deepEqual([others, written], [[], 0]);
  recorder.leave([left]);
  flush();
  flush();
  assert.deepEqual(
    [[...log.replay()].length, written],
    [2, 1],
    'without a vote it is written all the same, once',
  );
});

test('a vote goes out when the leaves of the record before it are gone, though its own sync was done first', () => {
  const { records, syncs } = slowRecords(1);
  const waiting: (() => void)[] = [];
  const recorder = createRecorder(
    memoryVoteLog((run) => waiting.push(run)),
    records,
    never,
  );
  const isThere = (period: number): boolean =>
    records[0]!.keys.sign(1n, period, STEP.next, new Uint8Array(1)) !== undefined;
  let wentOut = false;
  recorder.leave([{ round: 1n, leaf: leafInRound(0, STEP.next) }]);
  recorder.flush(1n, () => undefined);
  recorder.erase([{ round: 1n, leaf: leafInRound(1, STEP.next) }]);
  recorder.write(1n, [voteOf(0, STEP.soft, V, { period: 1 }).vote], () => {
    wentOut = true;
  });
  assert.deepEqual([isThere(0), isThere(1)], [true, true], 'nothing is durable yet');
  waiting[1]!();
  assert.deepEqual([isThere(0), isThere(1)], [false, false]);
  syncs[0]!();
  assert.ok(wentOut);
  waiting[0]!();
  assert.equal(syncs.length, 2, 'the late answer does no harm');
});

test('what was seen in a round that is over, and the leaves that went with it, are not written in the next', () => {
  const log = memoryVoteLog();
  const recorder = createRecorder(log, slowRecords(1).records, never);
  recorder.note(SEEN);
  recorder.erase([{ round: 1n, leaf: 0 }]);
  recorder.cut(2n);
  recorder.write(2n, [], () => undefined);
  assert.deepEqual([...log.replay()].map(decodeLogRecord), [{ events: [], votes: [], erased: [] }]);
});

test('who votes with nothing remembers nothing, whatever he sees; who votes remembers it once', () => {
  for (const count of [0, 1]) {
    const log = memoryVoteLog();
    const recorder = createRecorder(log, slowRecords(count).records, never);
    recorder.note(SEEN);
    recorder.write(1n, [], () => undefined);
    recorder.write(1n, [], () => undefined);
    const events = [...log.replay()].map((bytes) => decodeLogRecord(bytes).events.length);
    assert.deepEqual(events, [count, 0]);
  }
});

test('who has no keys waits for none', () => {
  let wentOn = false;
  createRecorder(memoryVoteLog(), [], never).syncKeys(() => {
    wentOn = true;
  });
  assert.ok(wentOn);
});
