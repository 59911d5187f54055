import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MAX_LOG_RECORD, memoryVoteLog, type VoteLog } from '@sero/consensus';
import { concat } from '@sero/crypto';
import { StoreError } from '@sero/store';
import fc from 'fast-check';
import {
  heldDisk,
  killedAfter,
  outcomeOf,
  quickDisk,
  refuses,
  systemError,
  temporaryDirectory,
  turn,
} from './validator-test-support.ts';
import { type FileVoteLog, openVoteLog, voteLogId } from './vote-log-file.ts';
import { encodeGroup, sealRecord } from './vote-log-record.ts';

const root = temporaryDirectory();
let folders = 0;
const newFolder = (): string => join(root, `log-${folders++}`);
const fileIn = (folder: string): string => join(folder, 'votes.log');

const record = (i: number, size = 2 + i): Uint8Array => new Uint8Array(size).fill(i);
const numbers = (log: VoteLog): number[] => [...log.replay()].map((bytes) => bytes[0]!);

async function sync(log: VoteLog): Promise<void> {
  assert.equal(await outcomeOf(log), undefined);
}

/** Opens a log without waiting for the disk: the first test does. */
function quickLog(folder: string): FileVoteLog {
  return openVoteLog(folder, { disk: quickDisk });
}

/** A folder whose log is these bytes. */
function folderOf(bytes: Uint8Array): string {
  const folder = newFolder();
  mkdirSync(folder);
  writeFileSync(fileIn(folder), bytes);
  return folder;
}

/** What a log of these bytes holds, by its first bytes, or the code of its refusal. */
function heldBy(bytes: Uint8Array): number[] | string {
  let log: FileVoteLog | undefined;
  try {
    log = quickLog(folderOf(bytes));
    return numbers(log);
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    log?.close();
  }
}

/** Writes groups of records, one sync each. @returns the file and where each group ends */
async function written(
  ...groups: readonly (readonly number[])[]
): Promise<{ bytes: Buffer; ends: number[] }> {
  const folder = newFolder();
  const log = quickLog(folder);
  const ends: number[] = [];
  for (const group of groups) {
    for (const i of group) log.append(1n, record(i));
    await sync(log);
    ends.push(statSync(fileIn(folder)).size);
  }
  log.close();
  return { bytes: readFileSync(fileIn(folder)), ends };
}

describe('a vote log on disk', () => {
  it('gives what was synced, in its order, and nothing else; so it does when it is opened again', async () => {
    const folder = newFolder();
    const log = openVoteLog(folder);
    for (const i of [1, 2, 3]) log.append(7n, record(i));
    assert.deepEqual(numbers(log), []);
    await sync(log);
    log.append(7n, record(4));
    assert.deepEqual([...log.replay()], [record(1), record(2), record(3)]);
    await sync(log);
    await sync(log);
    assert.deepEqual(numbers(log), [1, 2, 3, 4]);
    log.append(7n, record(5));
    log.close();
    const again = openVoteLog(folder);
    assert.deepEqual(numbers(again), [1, 2, 3, 4]);
    again.append(7n, record(6));
    await sync(again);
    again.close();
    const third = openVoteLog(folder);
    assert.deepEqual(numbers(third), [1, 2, 3, 4, 6]);
    third.close();
  });

  it('keeps copies and gives copies', async () => {
    const log = quickLog(newFolder());
    const given = record(3);
    log.append(1n, given);
    given.fill(99);
    await sync(log);
    [...log.replay()][0]!.fill(98);
    assert.deepEqual([...log.replay()], [record(3)]);
    log.close();
  });

  it('does what a log in memory does, whatever is appended, synced and cut', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.constant('append' as const), fc.integer({ min: 0, max: 9 })) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('sync' as const), fc.constant(0)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('cut' as const), fc.integer({ min: 0, max: 10 })) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('open' as const), fc.constant(0)) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const folder = newFolder();
        let log = quickLog(folder);
        const model = memoryVoteLog();
        let count = 0;
        const roundOf = new Map<number, number>();
        for (const [name, n] of steps) {
          const before = numbers(log);
          if (name === 'append') {
            roundOf.set(++count, n);
            for (const one of [log, model]) one.append(BigInt(n), record(count, 30));
          } else if (name === 'cut') {
            for (const one of [log, model]) one.cut(BigInt(n));
            if (before.every((i) => roundOf.get(i)! < n)) assert.deepEqual(numbers(log), []);
          } else {
            await sync(log);
            await sync(model);
            if (name === 'open') {
              log.close();
              log = quickLog(folder);
            }
          }
          const [found, wanted] = [numbers(log), numbers(model)];
          // All that was not cut is there, in its order.
          assert.deepEqual(
            found.filter((i) => wanted.includes(i)),
            wanted,
          );
        }
        log.close();
      }),
      { numRuns: 40 },
    );
  });

  it('makes one write and one sync of the disk of whatever waits, and none where nothing does', async () => {
    const { disk, calls, answer } = heldDisk();
    const log = openVoteLog(newFolder(), { disk });
    calls.length = 0;
    const answers: number[] = [];
    for (let i = 0; i < 100; i++) {
      log.append(1n, record(i));
      log.sync(() => answers.push(i));
    }
    await turn();
    assert.deepEqual(calls, ['write']);
    await answer();
    assert.deepEqual(calls, ['write', 'fdatasync']);
    assert.deepEqual(answers, []);
    await answer();
    assert.equal(answers.length, 100);
    await sync(log);
    assert.deepEqual(calls, ['write', 'fdatasync']);
    log.close();
  });

  it('writes no record before the one that it follows is durable', async () => {
    const { disk, calls, answer } = heldDisk();
    const log = openVoteLog(newFolder(), { disk });
    calls.length = 0;
    log.append(1n, record(1));
    const first = outcomeOf(log);
    await turn();
    log.append(1n, record(2));
    const second = outcomeOf(log);
    await answer();
    assert.deepEqual(calls, ['write', 'fdatasync']);
    await answer();
    assert.equal(await first, undefined);
    assert.deepEqual(numbers(log), [1]);
    assert.deepEqual(calls, ['write', 'fdatasync', 'write']);
    await answer();
    await answer();
    assert.equal(await second, undefined);
    assert.deepEqual(numbers(log), [1, 2]);
    log.close();
  });

  it('makes several of what is more than one record takes, each durable before the next', async () => {
    const { disk, calls, answer } = heldDisk();
    const log = openVoteLog(newFolder(), { disk });
    calls.length = 0;
    for (const i of [1, 2]) log.append(1n, record(i, 2 ** 24 - 20 + 40 * i));
    for (const i of [3, 4]) log.append(1n, record(i));
    const done = outcomeOf(log);
    while ((await answer()) !== undefined);
    assert.equal(await done, undefined);
    const group = ['write', 'fdatasync'];
    assert.deepEqual(calls, [...group, ...group, ...group]);
    assert.deepEqual(numbers(log), [1, 2, 3, 4]);
    log.close();
  });

  it('takes no record that it could not give back', () => {
    const log = quickLog(newFolder());
    assert.throws(() => log.append(1n, new Uint8Array(MAX_LOG_RECORD + 1)), RangeError);
    log.close();
  });

  it('when closed answers what is under way, fails what waits, and does nothing else', async () => {
    const { disk, answer } = heldDisk();
    const log = openVoteLog(newFolder(), { disk });
    log.append(1n, record(1));
    const running = outcomeOf(log);
    await turn();
    const waiting = outcomeOf(log);
    log.close();
    log.close();
    await answer();
    await answer();
    assert.equal(await running, undefined);
    assert.ok(refuses('closed')(await waiting));
    assert.throws(() => log.append(1n, record(1)), refuses('closed'));
    assert.throws(() => numbers(log), refuses('closed'));
  });
});

describe('cutting a vote log on disk', () => {
  it('leaves no record of a round that is over and takes none of one that is not', async () => {
    const log = quickLog(newFolder());
    for (const i of [5, 6]) log.append(BigInt(i), record(i));
    await sync(log);
    log.cut(5n);
    assert.deepEqual(numbers(log), [5, 6]);
    log.cut(6n);
    assert.equal(numbers(log).at(-1), 6);
    log.append(6n, record(60));
    log.cut(7n);
    assert.deepEqual(numbers(log), []);
    await sync(log);
    assert.deepEqual(numbers(log), []);
    log.append(7n, record(7));
    await sync(log);
    assert.deepEqual(numbers(log), [7]);
    log.close();
  });

  it('shows on disk with the next record: the file does not grow from round to round', async () => {
    const folder = newFolder();
    const log = quickLog(folder);
    const sizes = new Set<number>();
    for (let round = 1n; round <= 20n; round++) {
      log.append(round, record(1));
      await sync(log);
      sizes.add(statSync(fileIn(folder)).size);
      log.cut(round + 1n);
    }
    assert.equal(sizes.size, 1);
    log.close();
  });

  it('while a record is written waits for it', async () => {
    const { disk, answer } = heldDisk();
    const log = openVoteLog(newFolder(), { disk });
    log.append(1n, record(1));
    const first = outcomeOf(log);
    await turn();
    log.append(1n, record(2));
    log.append(2n, record(3));
    const second = outcomeOf(log);
    log.cut(2n);
    await answer();
    await answer();
    assert.equal(await first, undefined);
    assert.deepEqual(numbers(log), []);
    while ((await answer()) !== undefined);
    assert.equal(await second, undefined);
    assert.deepEqual(numbers(log), [3]);
    log.close();
  });

  it('knows after a restart which rounds there are', async () => {
    const folder = newFolder();
    const log = quickLog(folder);
    log.append(9n, record(9));
    log.append(8n, record(8));
    await sync(log);
    log.close();
    const again = quickLog(folder);
    again.cut(9n);
    assert.deepEqual(numbers(again), [9, 8]);
    again.cut(10n);
    assert.deepEqual(numbers(again), []);
    again.close();
  });

  it('is not undone by what a file system left behind: older records behind a newer one are none', async () => {
    const folder = newFolder();
    const log = quickLog(folder);
    for (const i of [1, 2, 3]) {
      log.append(1n, record(i, 40));
      await sync(log);
    }
    const before = readFileSync(fileIn(folder));
    log.cut(2n);
    log.append(2n, record(4, 40));
    await sync(log);
    log.close();
    const after = readFileSync(fileIn(folder));
    // As if the new record had been written over the old ones, and the file had not been made shorter.
    assert.deepEqual(heldBy(concat(after, before.subarray(after.length))), [4]);
  });
});

describe('a crash', () => {
  it('at any byte of a sync takes all that the sync was for, and nothing that was synced before', async () => {
    const { bytes, ends } = await written([1, 2], [3, 4, 5]);
    for (let size = ends[0]!; size <= ends[1]!; size++) {
      const whole = size === ends[1];
      assert.deepEqual(heldBy(bytes.subarray(0, size)), whole ? [1, 2, 3, 4, 5] : [1, 2], `${size} bytes`);
    }
  });

  it('at any byte of the first sync leaves an empty log', async () => {
    const { bytes, ends } = await written([1, 2]);
    const header = 28;
    for (let size = header; size < ends[0]!; size++) assert.deepEqual(heldBy(bytes.subarray(0, size)), []);
  });

  it('that left some bytes of a sync and not others takes it whole, whichever they are', async () => {
    const { bytes, ends } = await written([1, 2], [3, 4, 5]);
    for (let at = ends[0]!; at < ends[1]!; at++) {
      const holed = Uint8Array.from(bytes);
      holed[at]! ^= 0xff;
      assert.deepEqual(heldBy(holed), [1, 2], `byte ${at}`);
      assert.deepEqual(heldBy(holed.fill(0, at)), [1, 2], `zeros from byte ${at} on`);
    }
  });

  it('in the first sync after a cut leaves an empty log, whatever stood there before the cut', async () => {
    const folder = newFolder();
    const log = quickLog(folder);
    for (const i of [1, 2, 3]) {
      log.append(1n, record(i, 40));
      await sync(log);
    }
    log.cut(2n);
    log.append(2n, record(4, 10));
    await sync(log);
    log.close();
    const bytes = readFileSync(fileIn(folder));
    assert.deepEqual(heldBy(bytes), [4]);
    for (let at = 28; at < bytes.length; at++) {
      assert.deepEqual(heldBy(Uint8Array.from(bytes).fill(0, 28, at + 1)), [], `zeros up to byte ${at}`);
    }
  });

  it('leaves a log that goes on after what is whole', async () => {
    const { bytes, ends } = await written([1, 2], [3, 4, 5]);
    const folder = folderOf(bytes.subarray(0, ends[1]! - 1));
    const log = quickLog(folder);
    log.append(1n, record(6));
    await sync(log);
    log.close();
    assert.deepEqual(heldBy(readFileSync(fileIn(folder))), [1, 2, 6]);
  });

  it('while a log is opened leaves what was there, or the same anew', async () => {
    const { bytes } = await written([1, 2], [3]);
    let killed = 0;
    for (let calls = 0; ; calls++) {
      const folder = folderOf(bytes);
      const { disk, wasKilled } = killedAfter(calls);
      try {
        openVoteLog(folder, { disk }).close();
      } catch (error) {
        assert.ok(error instanceof StoreError);
      }
      const again = quickLog(folder);
      assert.deepEqual(numbers(again), [1, 2, 3], `killed at call ${calls}`);
      again.close();
      assert.deepEqual(readdirSync(folder), ['votes.log']);
      if (!wasKilled()) break;
      killed++;
    }
    assert.ok(killed > 6);
  });
});

describe('opening a vote log', () => {
  it('refuses one that is damaged anywhere but in its last record: what was sent would be forgotten', async () => {
    const { bytes, ends } = await written([1, 2], [3], [4]);
    for (let at = 0; at < ends[1]!; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1;
      assert.equal(heldBy(changed), 'votes-damaged', `byte ${at}`);
    }
    for (let at = 0; at < 28; at++) assert.equal(heldBy(bytes.subarray(0, at)), 'votes-damaged');
  });

  it('finds a record behind damage where a payload before it looks like heads of records', async () => {
    // A head that is sealed with another log's id is none of this log.
    const { bytes } = await written([1]);
    const folder = folderOf(bytes);
    const log = quickLog(folder);
    const forged = sealRecord(new Uint8Array(16), 5n, encodeGroup([{ round: 1n, record: Uint8Array.of(1) }]));
    log.append(1n, concat(Uint8Array.of(9), forged, forged));
    await sync(log);
    log.close();
    const whole = readFileSync(fileIn(folder));
    assert.deepEqual(heldBy(whole.subarray(0, whole.length - 1)), [1]);
  });

  it('makes durable what it found: a process may have died over it before its sync was done', async () => {
    const { bytes } = await written([1, 2]);
    const { disk, calls } = heldDisk();
    const folder = folderOf(bytes);
    const log = openVoteLog(folder, { disk });
    const [synced, put] = [calls.indexOf('fsyncSync'), calls.indexOf('renameSync')];
    assert.ok(calls.indexOf('writeSync') < synced && synced < put);
    assert.ok(calls.lastIndexOf('fsyncSync') > put, 'and so is its place in the directory');
    assert.ok(calls.lastIndexOf('writeSync') < synced);
    log.close();
  });

  it('gives it a name of its own each time, which the file keeps', async () => {
    const folder = newFolder();
    assert.equal(voteLogId(folder), undefined);
    const one = quickLog(folder);
    assert.equal(voteLogId(folder), one.id);
    one.close();
    const other = quickLog(folder);
    assert.notEqual(other.id, one.id);
    assert.equal(voteLogId(folder), other.id);
    other.close();
  });

  it('does not take a draft for a log', async () => {
    const { bytes } = await written([1, 2]);
    const folder = folderOf(bytes);
    renameSync(fileIn(folder), `${fileIn(folder)}.new`);
    truncateSync(`${fileIn(folder)}.new`, 40);
    const log = quickLog(folder);
    assert.deepEqual(numbers(log), []);
    assert.ok(!existsSync(`${fileIn(folder)}.new`));
    log.close();
  });
});

describe('where the disk fails', () => {
  for (const failing of ['write', 'fdatasync', 'ftruncate']) {
    it(`in ${failing}, nothing that waits is called durable, then or later, and what was is still there`, async () => {
      const { disk, answer } = heldDisk();
      const folder = newFolder();
      const log = openVoteLog(folder, { disk });
      log.append(1n, record(1));
      const first = outcomeOf(log);
      while ((await answer()) !== undefined);
      assert.equal(await first, undefined);
      if (failing === 'ftruncate') log.cut(2n);
      log.append(2n, record(2));
      const second = outcomeOf(log);
      await turn();
      const third = outcomeOf(log);
      if (failing === 'fdatasync') await answer();
      await answer(systemError('ENOSPC'));
      const failure = await second;
      assert.ok(failure instanceof StoreError && failure.code === 'disk-full');
      assert.equal(await third, failure);
      assert.equal(await outcomeOf(log), failure);
      if (failing !== 'ftruncate') assert.deepEqual(numbers(log), [1]);
      log.close();
      const again = quickLog(folder);
      assert.equal(numbers(again)[0], 1);
      again.close();
    });
  }

  it('at opening, it is told as what it is, and no file is left open', () => {
    const folder = newFolder();
    const { disk } = killedAfter(2);
    assert.throws(
      () => openVoteLog(folder, { disk }),
      (error) => error instanceof StoreError && error.code === 'disk-failed',
    );
  });
});
