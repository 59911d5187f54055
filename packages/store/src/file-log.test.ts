import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concat } from '@sero/crypto';
import { type Disk, systemDisk } from './disk.ts';
import { StoreError } from './errors.ts';
import { type FileLogOptions, openFileLog } from './file-log.ts';
import type { AppendLog } from './log.ts';
import { logCompliance } from './log-test-support.ts';
import { flipped, memoryDirectory, quickDisk, refuses, runProgram } from './test-support.ts';

const directories = new WeakMap<object, string>();

for (const segmentBytes of [2 ** 28, 200]) {
  const open = (directory = memoryDirectory()) => {
    const log = openFileLog(directory, { segmentBytes, disk: quickDisk });
    directories.set(log, directory);
    return log;
  };
  logCompliance(`openFileLog with files of ${segmentBytes} bytes`, open, (log) => {
    log.close();
    return open(directories.get(log)!);
  });
}

const record = (i: number): Uint8Array => new Uint8Array(20 + (i % 30)).fill(i + 1);
const records = Array.from({ length: 24 }, (_, i) => record(i));
const contents = (log: AppendLog): Uint8Array[] => Array.from({ length: log.length }, (_, i) => log.get(i));

const FIRST_LOG = '0000000000000000.log';
const FIRST_INDEX = '0000000000000000.index';

/** The directory of a log as it stands after all records were appended: as a crash leaves it, or closed. */
function written(closed: boolean, options: FileLogOptions = {}): string {
  const directory = memoryDirectory();
  const log = openFileLog(directory, { disk: quickDisk, ...options });
  for (const one of records) log.append(one);
  if (closed) {
    log.close();
    return directory;
  }
  const image = memoryDirectory();
  cpSync(directory, image, { recursive: true });
  log.close();
  return image;
}

/** What is in a log of these files; one more record goes in where it opens. */
function reopened(files: Readonly<Record<string, Uint8Array>>, options?: FileLogOptions): Uint8Array[] {
  const directory = memoryDirectory();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
  const log = openFileLog(directory, { disk: quickDisk, ...options });
  try {
    const found = contents(log);
    log.append(Uint8Array.of(1, 2, 3));
    assert.deepEqual(contents(log), [...found, Uint8Array.of(1, 2, 3)]);
    return found;
  } finally {
    log.close();
    rmSync(directory, { recursive: true });
  }
}

test('whatever a crash leaves of the last append is cut off: a part of it, zeros, bytes of another file', () => {
  const log = new Uint8Array(readFileSync(join(written(false), FIRST_LOG)));
  const last = records.at(-1)!.length + 12;
  const whole = log.length - last;
  for (let kept = 0; kept < last; kept++) {
    const part = log.slice(0, whole + kept);
    const rest = last - kept;
    const garbage = Uint8Array.from({ length: rest + 50 }, () => Math.floor(Math.random() * 256));
    for (const tail of [new Uint8Array(0), new Uint8Array(rest), new Uint8Array(5000), garbage]) {
      assert.deepEqual(reopened({ [FIRST_LOG]: concat(part, tail) }), records.slice(0, -1));
    }
  }
  assert.deepEqual(
    reopened({ [FIRST_LOG]: concat(log, new Uint8Array(4096)) }),
    records,
    'zeros behind a whole record',
  );
});

test('a payload that looks like records is no record: the numbers of a log are salted', () => {
  const directory = memoryDirectory();
  const other = new Uint8Array(readFileSync(join(written(false), FIRST_LOG)));
  let log = openFileLog(directory, { disk: quickDisk });
  log.append(record(0));
  log.append(other.subarray(28)); // whole records 0 to 23 of another log
  log.close();
  rmSync(join(directory, FIRST_INDEX));
  truncateSync(join(directory, FIRST_LOG), readFileSync(join(directory, FIRST_LOG)).length - 1);
  log = openFileLog(directory, { disk: quickDisk });
  assert.deepEqual(contents(log), [record(0)]);
  log.close();
});

test('an index that is missing, cut or of another log is made again from the records', () => {
  const directory = written(true);
  const [log, index] = [FIRST_LOG, FIRST_INDEX].map(
    (name) => new Uint8Array(readFileSync(join(directory, name))),
  );
  const other = new Uint8Array(readFileSync(join(written(true), FIRST_INDEX)));
  assert.deepEqual(reopened({ [FIRST_LOG]: log! }), records);
  assert.deepEqual(reopened({ [FIRST_LOG]: log!, [FIRST_INDEX]: other }), records);
  for (let kept = 0; kept <= index!.length; kept++) {
    assert.deepEqual(reopened({ [FIRST_LOG]: log!, [FIRST_INDEX]: index!.slice(0, kept) }), records);
  }
});

test('an index of what was cut off names nothing that came after it', () => {
  const directory = memoryDirectory();
  let log = openFileLog(directory, { disk: quickDisk });
  for (const one of records) log.append(one);
  log.close();
  log = openFileLog(directory, { disk: quickDisk });
  log.truncate(10);
  assert.equal(existsSync(join(directory, FIRST_INDEX)), false);
  for (let i = 0; i < 20; i++) log.append(Uint8Array.of(i));
  const image = memoryDirectory();
  cpSync(directory, image, { recursive: true });
  log.close();
  const after = openFileLog(image, { disk: quickDisk });
  assert.deepEqual(contents(after), [
    ...records.slice(0, 10),
    ...Array.from({ length: 20 }, (_, i) => Uint8Array.of(i)),
  ]);
  after.close();
});

/** Opens and reads all: the records that are there, or the codes of what was refused, which name the record. */
function attempt(
  files: Readonly<Record<string, Uint8Array>>,
  options: FileLogOptions,
): Uint8Array[] | 'named' {
  const directory = memoryDirectory();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
  try {
    const log = openFileLog(directory, { disk: quickDisk, ...options });
    try {
      return contents(log);
    } finally {
      log.close();
    }
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    assert.ok(['log-damaged', 'record-damaged'].includes(error.code), error.message);
    assert.match(error.message, /record \d+ of/);
    return 'named';
  } finally {
    rmSync(directory, { recursive: true });
  }
}

for (const segmentBytes of [2 ** 28, 300]) {
  for (const verify of [false, true]) {
    test(`any byte of a closed log changed, files of ${segmentBytes}, verify ${verify}: refused by name, or nothing is lost`, () => {
      const directory = written(true, { segmentBytes });
      const names = readdirSync(directory);
      const files = Object.fromEntries(
        names.map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]),
      );
      let refused = 0;
      for (const name of names) {
        for (let at = 0; at < files[name]!.length; at += verify || segmentBytes === 300 ? 7 : 3) {
          const { bytes, what } = flipped(files[name]!, at);
          const found = attempt({ ...files, [name]: bytes }, { segmentBytes, verify });
          // What an index says is checked or read from the records again.
          if (found === 'named' && name.endsWith('.log')) refused++;
          else assert.deepEqual(found, records, `${name}: ${what}`);
        }
      }
      assert.ok(refused > 50, 'some of it mattered');
    });
  }
}

test('any byte changed in a log that a crash left: refused by name, or at most the last record is taken for torn', () => {
  const log = new Uint8Array(readFileSync(join(written(false), FIRST_LOG)));
  const last = log.length - records.at(-1)!.length - 12;
  for (let at = 0; at < log.length; at++) {
    const { bytes, what } = flipped(log, at);
    const found = attempt({ [FIRST_LOG]: bytes }, {});
    if (at >= last) assert.deepEqual(found, records.slice(0, -1), what);
    else assert.equal(found, 'named', what);
  }
});

test('damage is refused with the number of the record', () => {
  const directory = written(false);
  const path = join(directory, FIRST_LOG);
  const bytes = readFileSync(path);
  let at = 28;
  for (let i = 0; i < 17; i++) at += 12 + records[i]!.length;
  bytes[at + 20]! ^= 1;
  writeFileSync(path, bytes);
  assert.throws(
    () => openFileLog(directory, { disk: quickDisk }),
    (error) => refuses('log-damaged')(error) && (error as Error).message.includes('record 17 of'),
  );
});

test('a file of the log that is missing is refused with the first record that is', () => {
  const directory = written(true, { segmentBytes: 300 });
  const logs = readdirSync(directory).filter((name) => name.endsWith('.log'));
  assert.ok(logs.length > 3);
  for (const name of logs.slice(0, -1)) {
    const image = memoryDirectory();
    cpSync(directory, image, { recursive: true });
    rmSync(join(image, name));
    assert.throws(() => openFileLog(image, { disk: quickDisk }), refuses('log-damaged'));
  }
});

test('a log that lost its first files is none that begins later, whatever is left of the others', () => {
  const directory = written(true, { segmentBytes: 300 });
  const logs = readdirSync(directory).filter((name) => name.endsWith('.log'));
  for (const left of [0, 10, 28, Number.POSITIVE_INFINITY]) {
    const image = memoryDirectory();
    const last = readFileSync(join(directory, logs.at(-1)!));
    writeFileSync(join(image, logs.at(-1)!), last.subarray(0, left));
    assert.throws(() => openFileLog(image, { disk: quickDisk }), refuses('log-damaged'), `${left} bytes`);
  }
});

test('a log that begins later keeps that: without its first file, or with another one before it, it is refused', () => {
  const directory = memoryDirectory();
  const log = openFileLog(directory, { segmentBytes: 300, disk: quickDisk });
  log.begin(512);
  for (const one of records) log.append(one);
  log.close();
  const logs = readdirSync(directory).filter((name) => name.endsWith('.log'));
  assert.ok(logs.length > 3);
  for (const name of logs.slice(0, -1)) {
    const image = memoryDirectory();
    cpSync(directory, image, { recursive: true });
    rmSync(join(image, name));
    assert.throws(() => openFileLog(image, { disk: quickDisk }), refuses('log-damaged'));
  }
  cpSync(join(written(true), FIRST_LOG), join(directory, FIRST_LOG));
  assert.throws(() => openFileLog(directory, { disk: quickDisk }), refuses('log-damaged'));
});

test('killed at any call while it begins later, a log opens again: with nothing, or with that one record', () => {
  for (let calls = 0; ; calls++) {
    const directory = memoryDirectory();
    let left = calls;
    const disk = new Proxy(quickDisk, {
      get: (target, name) => {
        const call = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          if (left-- <= 0) throw Object.assign(new Error('killed'), { code: 'EIO' });
          return call(...args);
        };
      },
    });
    let done = false;
    try {
      const log = openFileLog(directory, { disk });
      log.begin(512);
      log.append(record(1));
      done = true;
    } catch (error) {
      assert.ok(refuses('disk-failed')(error));
    }
    const again = openFileLog(directory, { disk: quickDisk });
    if (done) assert.equal(again.length, 513);
    if (again.length === again.first) again.begin(512);
    if (again.length === 512) again.append(record(1));
    assert.deepEqual([again.first, again.length], [512, 513]);
    assert.deepEqual(again.get(512), record(1));
    again.close();
    if (done) break;
  }
});

test('a file that was cut short while it was made is made again', () => {
  const directory = written(true, { segmentBytes: 300 });
  const next = `${records.length.toString().padStart(16, '0')}.log`;
  const header = new Uint8Array(readFileSync(join(directory, FIRST_LOG))).slice(0, 28);
  for (const left of [new Uint8Array(0), new Uint8Array(28), header.slice(0, 15)]) {
    writeFileSync(join(directory, next), left);
    const log = openFileLog(directory, { segmentBytes: 300, disk: quickDisk });
    assert.deepEqual(contents(log), records);
    log.close();
  }
  const log = openFileLog(directory, { segmentBytes: 300, disk: quickDisk });
  log.append(record(24));
  assert.deepEqual(contents(log), [...records, record(24)]);
  log.close();
});

type Call = 'writeSync' | 'fdatasyncSync' | 'fsyncSync' | 'openSync' | 'ftruncateSync';

/** A disk on which a call fails, from a moment on, after doing part of its work. */
function failingDisk(): { disk: Disk; fail(call: Call | undefined, code: string): void } {
  let failing: { call: Call | undefined; code: string } = { call: undefined, code: '' };
  const failIf = (call: Call): void => {
    if (failing.call === call) throw Object.assign(new Error(failing.code), { code: failing.code });
  };
  const guarded = <C extends Call>(call: C, before: (...args: never[]) => void = () => undefined) =>
    ((...args: never[]) => {
      if (failing.call === call) before(...args);
      failIf(call);
      return (quickDisk[call] as (...args: never[]) => unknown)(...args);
    }) as unknown as Disk[C];
  const fail = (call: Call | undefined, code: string): void => {
    failing = { call, code };
  };
  const halfWrite = (file: number, bytes: Uint8Array, from: number, length: number, at: number): void =>
    void systemDisk.writeSync(file, bytes, from, length >> 1, at);
  const disk = {
    ...quickDisk,
    writeSync: guarded('writeSync', halfWrite as (...args: never[]) => void),
    fdatasyncSync: guarded('fdatasyncSync'),
    fsyncSync: guarded('fsyncSync'),
    // What exists is opened for reading on a full disk too, and on one that is read-only.
    openSync: ((path: string, flags: string) => {
      if (flags !== 'r') failIf('openSync');
      return systemDisk.openSync(path, flags);
    }) as Disk['openSync'],
    ftruncateSync: guarded('ftruncateSync'),
  };
  return { disk, fail };
}

test('an append that the disk fails is named, leaves the log as it was, and works when the disk does', () => {
  for (const [code, expected] of [
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EROFS', 'disk-read-only'],
    ['EIO', 'disk-failed'],
  ] as const) {
    for (const segmentBytes of [2 ** 28, 60]) {
      for (const call of ['writeSync', 'fdatasyncSync', 'fsyncSync', 'openSync'] as const) {
        if (segmentBytes > 60 && (call === 'fsyncSync' || call === 'openSync')) continue; // no new file is made
        const directory = memoryDirectory();
        const { disk, fail } = failingDisk();
        let log = openFileLog(directory, { disk, segmentBytes });
        for (const one of records.slice(0, 5)) log.append(one);
        fail(call, code);
        for (let i = 0; i < 2; i++)
          assert.throws(() => log.append(record(99)), refuses(expected), `${call} ${code}`);
        assert.deepEqual(contents(log), records.slice(0, 5));
        fail(undefined, '');
        for (const one of records.slice(5)) log.append(one);
        assert.deepEqual(contents(log), records);
        log.close();
        log = openFileLog(directory, { segmentBytes, verify: true, disk: quickDisk });
        assert.deepEqual(contents(log), records);
        log.close();
      }
    }
  }
});

test('what a failed append left behind is cut off before the next one, even where cutting failed at first', () => {
  const directory = memoryDirectory();
  const { disk, fail } = failingDisk();
  const stuck = {
    ...disk,
    ftruncateSync: ((file: number, size: number) => {
      if (broken) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      systemDisk.ftruncateSync(file, size);
    }) as Disk['ftruncateSync'],
  };
  let broken = false;
  let log = openFileLog(directory, { disk: stuck });
  log.append(record(0));
  broken = true;
  fail('writeSync', 'ENOSPC');
  assert.throws(() => log.append(new Uint8Array(500)), refuses('disk-full'));
  fail(undefined, '');
  assert.throws(() => log.append(record(1)), refuses('disk-failed'));
  broken = false;
  log.append(record(1));
  log.close();
  rmSync(join(directory, FIRST_INDEX));
  log = openFileLog(directory, { disk: quickDisk });
  assert.deepEqual(contents(log), [record(0), record(1)]);
  log.close();
});

test('an index that cannot be written costs time at the next opening and nothing else', () => {
  const directory = memoryDirectory();
  const { disk, fail } = failingDisk();
  let log = openFileLog(directory, { disk });
  for (const one of records) log.append(one);
  fail('openSync', 'ENOSPC');
  log.close();
  assert.equal(existsSync(join(directory, FIRST_INDEX)), false);
  log = openFileLog(directory, { disk: quickDisk });
  assert.deepEqual(contents(log), records);
  log.close();
});

test('a truncation that the disk fails can be made again', () => {
  for (const call of ['ftruncateSync', 'fdatasyncSync', 'fsyncSync'] as const) {
    const directory = memoryDirectory();
    const { disk, fail } = failingDisk();
    const log = openFileLog(directory, { disk, segmentBytes: 300 });
    for (const one of records) log.append(one);
    fail(call, 'EIO');
    assert.throws(() => log.truncate(7), refuses('disk-failed'));
    fail(undefined, '');
    assert.ok(log.length >= 7);
    log.truncate(7);
    log.append(record(50));
    assert.deepEqual(contents(log), [...records.slice(0, 7), record(50)]);
    log.close();
    const again = openFileLog(directory, { segmentBytes: 300, verify: true, disk: quickDisk });
    assert.deepEqual(contents(again), [...records.slice(0, 7), record(50)]);
    again.close();
  }
});

test('however many files a log has, few are open: while it is written, read in any order, cut and opened', () => {
  const directory = memoryDirectory();
  const open = new Set<number>();
  let most = 0;
  const disk: Disk = {
    ...quickDisk,
    openSync: ((path: string, flags: string) => {
      const file = systemDisk.openSync(path, flags);
      open.add(file);
      most = Math.max(most, open.size);
      return file;
    }) as Disk['openSync'],
    closeSync: (file) => {
      open.delete(file);
      systemDisk.closeSync(file);
    },
  };
  // Without its index the whole log is read on opening.
  const many = Array.from({ length: 300 }, (_, i) => record(i));
  let log = openFileLog(directory, { disk, segmentBytes: 60 });
  for (const one of many) log.append(one);
  assert.ok(readdirSync(directory).filter((name) => name.endsWith('.log')).length > 200);
  for (let i = 0; i < 1_000; i++) assert.deepEqual(log.get((i * 77) % 300), many[(i * 77) % 300]);
  log.truncate(250);
  log.append(record(250));
  log.close();
  assert.equal(open.size, 0, 'all are closed');
  for (const name of readdirSync(directory)) if (name.endsWith('.index')) rmSync(join(directory, name));
  log = openFileLog(directory, { disk, segmentBytes: 60, verify: true });
  assert.deepEqual(contents(log), many.slice(0, 251));
  assert.ok(most <= 6, `${most} were open at once`);
  // What the disk double says is what the system says, where it does.
  if (existsSync('/proc/self/fd')) {
    const links = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return []; // that of the reading itself
      }
    });
    assert.equal(links.filter((link) => link.startsWith(directory)).length, open.size);
  }
  log.close();
  assert.equal(open.size, 0);
});

test('a segment that was closed is read again on a disk that can only be read', () => {
  const directory = memoryDirectory();
  const { disk, fail } = failingDisk();
  const log = openFileLog(directory, { disk, segmentBytes: 60 });
  for (const one of records) log.append(one);
  fail('openSync', 'EROFS');
  assert.deepEqual(contents(log), records);
  fail(undefined, '');
  log.close();
});

test('a file that may not grow is a full disk: what was appended before is there', () => {
  const directory = memoryDirectory();
  const { stdout } = runProgram(
    `const log = store.openFileLog(args[0]);
     const codes = [];
     for (let i = 0; i < 40 && codes.length < 3; i++) {
       try { log.append(new Uint8Array(1000).fill(log.length)); } catch (error) { codes.push(error.code); }
     }
     console.log(JSON.stringify({ codes, length: log.length }));`,
    [directory],
    16,
  );
  const { codes, length } = JSON.parse(stdout) as { codes: string[]; length: number };
  assert.deepEqual(codes, ['disk-full', 'disk-full', 'disk-full']);
  assert.ok(length > 5 && length < 17);
  const log = openFileLog(directory, { disk: quickDisk });
  assert.deepEqual(
    contents(log),
    Array.from({ length }, (_, i) => new Uint8Array(1000).fill(i)),
  );
  log.append(new Uint8Array(1000));
  log.close();
});
