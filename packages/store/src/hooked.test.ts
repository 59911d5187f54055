import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookedLog, hookedStore } from './hooked.ts';
import { memoryStore } from './key-value.ts';
import { keyValueStoreCompliance } from './key-value-test-support.ts';
import { memoryLog } from './log.ts';
import { logCompliance } from './log-test-support.ts';

keyValueStoreCompliance('hookedStore', () => hookedStore(memoryStore(), {}));
logCompliance('hookedLog', () => hookedLog(memoryLog(), {}));

const stop = new Error('here');
const fail = (): never => {
  throw stop;
};
const change = { key: Uint8Array.of(1), value: Uint8Array.of(2) };

test('a write that is stopped before it writes nothing, one that is stopped after it is written', () => {
  const store = memoryStore();
  assert.throws(() => hookedStore(store, { before: fail }).write([change]), stop);
  assert.equal(store.get(change.key), undefined);
  assert.throws(() => hookedStore(store, { after: fail }).write([change]), stop);
  assert.deepEqual(store.get(change.key), change.value);
});

test('an append that is stopped before it appends nothing, one that is stopped after it is appended', () => {
  const log = memoryLog();
  assert.throws(() => hookedLog(log, { before: fail }).append(change.value), stop);
  assert.equal(log.length, 0);
  assert.throws(() => hookedLog(log, { after: fail }).append(change.value), stop);
  assert.equal(log.length, 1);
});

test('hooks are told what is written', () => {
  const seen: unknown[] = [];
  hookedStore(memoryStore(), {
    before: (changes) => seen.push(changes),
    after: (changes) => seen.push(changes),
  }).write([change]);
  hookedLog(memoryLog(), {
    before: (record) => seen.push(record),
    after: (index) => seen.push(index),
  }).append(change.value);
  assert.deepEqual(seen, [[change], [change], change.value, 0]);
});
