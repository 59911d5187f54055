import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ProtocolError } from '@sero/protocol';
import { type AppendLog, memoryLog } from '@sero/store';
import { openFileLog } from '@sero/store/node';
import { memoryVoteLog } from './memory-disk.ts';
import type { Done } from './slot-file.ts';
import { type VoteLog, voteLogOver } from './vote-log.ts';

const record = (i: number, size = 20 + i): Uint8Array => new Uint8Array(size).fill(i);

const numbers = (log: VoteLog): number[] => [...log.replay()].map((bytes) => bytes[0]!);

const sync = (log: VoteLog): void => {
  let isDone = false;
  log.sync((failure) => {
    assert.equal(failure, undefined);
    isDone = true;
  });
  assert.ok(isDone);
};

const directory = mkdtempSync(join(tmpdir(), 'sero-vote-log-'));
after(() => rmSync(directory, { recursive: true, force: true }));

for (const [name, open] of [
  ['over a log in memory', () => voteLogOver(memoryLog())],
  ['of a simulated disk', () => memoryVoteLog()],
  ['over a log on disk', () => voteLogOver(openFileLog(mkdtempSync(join(directory, 'log-'))))],
] as const) {
  test(`a vote log ${name}: what is synced is read again in its order, and nothing else`, () => {
    const log = open();
    for (const i of [1, 2, 3]) log.append(7n, record(i));
    assert.deepEqual(numbers(log), []);
    sync(log);
    log.append(7n, record(4));
    assert.deepEqual([...log.replay()], [record(1), record(2), record(3)]);
    sync(log);
    sync(log);
    assert.deepEqual(numbers(log), [1, 2, 3, 4]);
  });

  test(`a vote log ${name}: cutting leaves no record of a round that is over and takes none of one that is not`, () => {
    const log = open();
    for (const i of [5, 6]) log.append(BigInt(i), record(i));
    sync(log);
    log.cut(5n);
    assert.deepEqual(numbers(log), [5, 6]);
    log.cut(6n);
    assert.equal(numbers(log).at(-1), 6);
    log.append(6n, record(60));
    log.cut(7n);
    assert.deepEqual(numbers(log), []);
    sync(log);
    assert.deepEqual(numbers(log), []);
    log.append(7n, record(7));
    sync(log);
    assert.deepEqual(numbers(log), [7]);
  });

  test(`a vote log ${name}: it keeps copies and gives copies`, () => {
    const log = open();
    const given = record(3);
    log.append(1n, given);
    given.fill(99);
    sync(log);
    [...log.replay()][0]!.fill(98);
    assert.deepEqual([...log.replay()], [record(3)]);
  });
}

test('however many records wait, they cost one append of the log below, and a sync without any costs none', () => {
  const below = memoryLog();
  const log = voteLogOver(below);
  for (let i = 0; i < 100; i++) log.append(1n, record(i % 7));
  sync(log);
  sync(log);
  assert.equal(below.length, 1);
});

test('what is more than one append of the log below takes is several, in order', () => {
  const below = memoryLog();
  const log = voteLogOver(below);
  for (const i of [1, 2, 3]) log.append(1n, record(i, 2 ** 24 - 100 + 40 * i));
  for (const i of [4, 5]) log.append(1n, record(i));
  for (let i = 0; i < 66_000; i++) log.append(1n, record(8, 1));
  sync(log);
  // Three too large to share one, and 65,536 of the small ones.
  assert.equal(below.length, 5);
  const records = [...log.replay()];
  assert.deepEqual(
    records.slice(0, 6).map((bytes) => [bytes[0], bytes.length]),
    [
      [1, 2 ** 24 - 60],
      [2, 2 ** 24 - 20],
      [3, 2 ** 24 + 20],
      [4, 24],
      [5, 25],
      [8, 1],
    ],
  );
  assert.equal(records.length, 66_005);
});

test('where the disk refuses, the failure is told, and the records are durable with the next sync that succeeds', () => {
  const below = memoryLog();
  let isFull = true;
  const failing: AppendLog = {
    ...below,
    get length() {
      return below.length;
    },
    append(bytes) {
      if (isFull) throw new Error('disk full');
      return below.append(bytes);
    },
  };
  const log = voteLogOver(failing);
  log.append(1n, record(1));
  const outcomes: (Error | undefined)[] = [];
  const done: Done = (failure) => outcomes.push(failure);
  log.sync(done);
  isFull = false;
  assert.deepEqual(numbers(log), []);
  log.sync(done);
  assert.deepEqual(outcomes, [new Error('disk full'), undefined]);
  assert.deepEqual(numbers(log), [1]);
});

test('a log that is opened again knows which rounds it holds', () => {
  const below = memoryLog();
  const first = voteLogOver(below);
  first.append(9n, record(9));
  first.append(8n, record(8));
  sync(first);
  const again = voteLogOver(below);
  again.cut(9n);
  assert.deepEqual(numbers(again), [9, 8]);
  again.cut(10n);
  assert.deepEqual(numbers(again), []);
});

test('what no vote log wrote is refused', () => {
  const below = memoryLog();
  below.append(Uint8Array.of(1, 2, 3));
  assert.throws(
    () => voteLogOver(below),
    (error) => error instanceof ProtocolError && error.code === 'malformed',
  );
});

test('on a real disk a crash at any byte of a sync takes all that the sync was for, and nothing that was synced before', () => {
  const from = mkdtempSync(join(directory, 'torn-'));
  const file = (folder: string): string =>
    join(folder, readdirSync(folder).find((name) => name.endsWith('.log'))!);
  const below = openFileLog(from);
  const log = voteLogOver(below);
  log.append(1n, record(1));
  log.append(1n, record(2));
  sync(log);
  const before = statSync(file(from)).size;
  log.append(1n, record(3));
  log.append(1n, record(4));
  sync(log);
  const whole = statSync(file(from)).size;
  below.close();
  let torn = 0;
  for (let size = before; size <= whole; size++) {
    const folder = join(directory, `at-${size}`);
    mkdirSync(folder);
    copyFileSync(file(from), join(folder, file(from).slice(from.length + 1)));
    truncateSync(file(folder), size);
    const again = openFileLog(folder);
    assert.deepEqual(numbers(voteLogOver(again)), size < whole ? [1, 2] : [1, 2, 3, 4], `${size} bytes`);
    again.close();
    torn++;
  }
  assert.ok(torn > 60);
});

test('on a simulated disk a crash at any byte takes a record of which a byte is missing, and all after it', () => {
  const sizes = [1, 2, 3].map((i) => record(i).length);
  const total = sizes.reduce((a, b) => a + b);
  for (let bytes = 0; bytes <= total; bytes++) {
    const log = memoryVoteLog();
    log.append(1n, record(9));
    sync(log);
    for (const i of [1, 2, 3]) log.append(1n, record(i));
    log.crash((length) => {
      assert.equal(length, total);
      return bytes;
    });
    const whole = [1, 2, 3].filter((i) => sizes.slice(0, i).reduce((a, b) => a + b) <= bytes);
    assert.deepEqual(numbers(log), [9, ...whole], `${bytes} bytes`);
  }
});

test('on a simulated disk a sync that a crash met never answers, and covers nothing that came after it', () => {
  const waiting: (() => void)[] = [];
  const log = memoryVoteLog((run) => waiting.push(run));
  let answers = 0;
  log.append(1n, record(1));
  log.sync(() => answers++);
  log.append(1n, record(2));
  waiting.shift()!();
  assert.deepEqual(numbers(log), [1]);
  log.sync(() => answers++);
  log.crash(() => 0);
  waiting.shift()!();
  assert.equal(answers, 1);
  assert.deepEqual(numbers(log), [1]);
});
