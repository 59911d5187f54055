import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldWrites } from './held-writes.ts';
import { hookedStore } from './hooked.ts';
import { memoryStore } from './key-value.ts';
import { memoryLog } from './log.ts';

const KEY = Uint8Array.of(1, 2);
const change = (value: number | undefined) => ({
  key: KEY,
  value: value === undefined ? undefined : Uint8Array.of(value),
});

/** A store and a log in memory, what is written to the store, and a disk that can be full. */
function scene() {
  const state = { isFull: false, writes: 0 };
  const inner = memoryStore();
  const store = hookedStore(inner, {
    before: () => {
      if (state.isFull) throw new Error('the disk is full');
    },
    after: () => void state.writes++,
  });
  const log = memoryLog();
  return { state, inner, log, held: heldWrites(store, log) };
}

describe('writes that are held', () => {
  it('are read from memory, reach the disk together, and are single again after it', () => {
    const { state, inner, log, held } = scene();
    held.store.write([change(1)]);
    assert.equal(state.writes, 1);
    held.hold();
    held.store.write([change(2)]);
    held.store.write([change(3)]);
    held.log.append(Uint8Array.of(7));
    assert.deepEqual([held.store.get(KEY), inner.get(KEY)], [Uint8Array.of(3), Uint8Array.of(1)]);
    assert.deepEqual([held.log.length, log.length, held.held()], [1, 0, 7]);
    assert.deepEqual(held.log.get(0), Uint8Array.of(7));
    held.flush();
    assert.deepEqual([inner.get(KEY), log.length, state.writes, held.held()], [Uint8Array.of(3), 1, 2, 0]);
    held.store.write([change(undefined)]);
    assert.equal(inner.get(KEY), undefined);
  });

  it('are written before anybody goes by the order of entries, after what is told of it', () => {
    const { inner, held } = scene();
    const found: unknown[] = [];
    held.beforeWrite(() => found.push(inner.get(KEY)));
    held.flush();
    assert.deepEqual(found, [], 'nothing is held');
    held.hold();
    held.store.write([change(4)]);
    assert.equal([...held.store.entries(KEY)].length, 1);
    assert.deepEqual(found, [undefined]);
    assert.deepEqual(inner.get(KEY), Uint8Array.of(4));
  });

  it('that fail are built upon by nobody, whoever had them written, and no more is written', () => {
    const { state, inner, held } = scene();
    held.hold();
    held.store.write([change(5)]);
    held.log.append(Uint8Array.of(7));
    state.isFull = true;
    assert.throws(() => held.store.entries(KEY), /the disk is full/);
    state.isFull = false;
    for (const again of [
      () => held.store.write([change(6)]),
      () => held.log.append(Uint8Array.of(8)),
      () => held.store.entries(KEY),
      () => held.flush(),
      () => held.store.close(),
    ]) {
      assert.throws(again, /the disk is full/);
    }
    assert.equal(state.writes, 0);
    assert.throws(() => inner.get(KEY), 'closed all the same');
  });

  it('wait where what comes before them cannot be written', () => {
    const { state, held, log } = scene();
    held.beforeWrite(() => {
      throw new Error('not yet');
    });
    held.hold();
    held.log.append(Uint8Array.of(7));
    assert.throws(() => held.flush(), /not yet/);
    assert.deepEqual([state.writes, log.length], [0, 0]);
  });
});
