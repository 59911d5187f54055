import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VALUE_LIMIT } from './key-value.ts';
import type { AppendLog } from './log.ts';
import { refuses } from './test-support.ts';

/**
 * What every log does, as tests.
 *
 * @param reopen for a log on disk: closes it and opens what it left
 */
export function logCompliance(
  name: string,
  open: () => AppendLog,
  reopen?: (log: AppendLog) => AppendLog,
): void {
  const record = (i: number, size = i % 40) => new Uint8Array(size).fill(i + 1);
  const contents = (log: AppendLog) => Array.from({ length: log.length }, (_, i) => log.get(i));

  test(`${name}: records keep their order and are numbered from 0`, () => {
    const log = open();
    assert.equal(log.length, 0);
    for (let i = 0; i < 100; i++) assert.equal(log.append(record(i)), i);
    assert.equal(log.length, 100);
    for (let i = 99; i >= 0; i--) assert.deepEqual(log.get(i), record(i));
  });

  test(`${name}: a record may be empty, and may be long`, () => {
    const log = open();
    const records = [record(0, 0), record(1, 300_000), record(2, 0), record(3, 1)];
    for (const one of records) log.append(one);
    assert.deepEqual(contents(log), records);
  });

  test(`${name}: a log keeps what it was given, and what it gives is a copy`, () => {
    const log = open();
    const given = record(6);
    log.append(given);
    given.fill(99);
    log.get(0).fill(98);
    assert.deepEqual(log.get(0), record(6));
  });

  test(`${name}: what it was cut to stays, and is appended to`, () => {
    const log = open();
    for (let i = 0; i < 30; i++) log.append(record(i, 50));
    log.truncate(30);
    log.truncate(12);
    assert.equal(log.length, 12);
    assert.throws(() => log.get(12), refuses('out-of-range'));
    assert.equal(log.append(record(77)), 12);
    assert.deepEqual(contents(log), [...Array.from({ length: 12 }, (_, i) => record(i, 50)), record(77)]);
    log.truncate(0);
    assert.equal(log.length, 0);
    assert.equal(log.append(record(78)), 0);
    assert.deepEqual(contents(log), [record(78)]);
  });

  test(`${name}: told to begin with a number it counts from there, and has nothing before`, () => {
    let log = open();
    assert.equal(log.first, 0);
    log.begin(700);
    assert.deepEqual([log.first, log.length], [700, 700]);
    log.begin(512);
    for (let i = 0; i < 40; i++) assert.equal(log.append(record(i)), 512 + i);
    log = reopen?.(log) ?? log;
    assert.deepEqual([log.first, log.length], [512, 552]);
    for (let i = 0; i < 40; i++) assert.deepEqual(log.get(512 + i), record(i));
    for (const index of [0, 511, 552]) assert.throws(() => log.get(index), refuses('out-of-range'));
    for (const length of [0, 511, 553]) assert.throws(() => log.truncate(length), refuses('out-of-range'));
    log.truncate(520);
    log = reopen?.(log) ?? log;
    assert.equal(log.append(record(3)), 520);
    log.truncate(512);
    assert.deepEqual([log.first, log.length], [512, 512]);
    log = reopen?.(log) ?? log;
    assert.equal(log.append(record(4)), 512);
    log.truncate(512);
    log.begin(0);
    assert.equal(log.append(record(5)), 0);
    log = reopen?.(log) ?? log;
    assert.deepEqual([log.first, log.length], [0, 1]);
    assert.deepEqual(log.get(0), record(5));
  });

  test(`${name}: a log that has records is not told where to begin, and none begins with what is no number`, () => {
    const log = open();
    for (const first of [-1, 0.5, Number.NaN, 2 ** 53])
      assert.throws(() => log.begin(first), refuses('out-of-range'));
    log.append(record(1));
    for (const first of [0, 7]) assert.throws(() => log.begin(first), refuses('out-of-range'));
    assert.deepEqual([log.first, log.length], [0, 1]);
  });

  test(`${name}: records and lengths that it does not have are refused`, () => {
    const log = open();
    log.append(record(1));
    for (const index of [-1, 1, 0.5, Number.NaN, 2 ** 53])
      assert.throws(() => log.get(index), refuses('out-of-range'));
    for (const length of [-1, 2, 0.5, Number.NaN])
      assert.throws(() => log.truncate(length), refuses('out-of-range'));
    assert.throws(() => log.append(new Uint8Array(VALUE_LIMIT + 1)), refuses('value-too-long'));
    assert.equal(log.length, 1);
  });

  test(`${name}: a closed log refuses everything but to be closed again`, () => {
    const log = open();
    log.append(record(1));
    log.close();
    log.close();
    assert.throws(() => log.length, refuses('closed'));
    assert.throws(() => log.first, refuses('closed'));
    assert.throws(() => log.begin(0), refuses('closed'));
    assert.throws(() => log.get(0), refuses('closed'));
    assert.throws(() => log.append(record(1)), refuses('closed'));
    assert.throws(() => log.truncate(0), refuses('closed'));
  });

  test(`${name}: it is a list, whatever is appended and cut`, () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 30 }) },
      { weight: 1, arbitrary: fc.nat(20) },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let log = open();
        const model: Uint8Array[] = [];
        for (const one of steps) {
          if (one === 'reopen') {
            log = reopen?.(log) ?? log;
          } else if (typeof one === 'number') {
            const length = Math.min(one, model.length);
            log.truncate(length);
            model.length = length;
          } else {
            assert.equal(log.append(one), model.push(one) - 1);
          }
          assert.deepEqual(contents(log), model);
        }
        log.close();
      }),
      { numRuns: 60 },
    );
  });

  if (reopen === undefined) return;

  test(`${name}: what was appended and cut is so when it is opened again`, () => {
    let log = open();
    const records = Array.from({ length: 200 }, (_, i) => record(i));
    for (const one of records) log.append(one);
    log = reopen(log);
    assert.deepEqual(contents(log), records);
    log.truncate(150);
    log = reopen(log);
    assert.equal(log.append(record(3)), 150);
    log = reopen(log);
    assert.deepEqual(contents(log), [...records.slice(0, 150), record(3)]);
  });
}
