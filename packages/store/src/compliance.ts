import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyValueStore } from './key-value.ts';

/**
 * What every key-value store does, as tests: call it in a test file with the store's name and a function that opens an
 * empty one. Byte strings are written as hexadecimal digits in what follows.
 */
export function keyValueStoreCompliance(name: string, open: () => KeyValueStore): void {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
  const hex = (value: Uint8Array | undefined): string | undefined =>
    value === undefined ? undefined : Buffer.from(value).toString('hex');
  const put = (key: string, value: string) => ({ key: bytes(key), value: bytes(value) });
  const remove = (key: string) => ({ key: bytes(key), value: undefined });
  const read = (store: KeyValueStore, key: string) => hex(store.get(bytes(key)));
  const list = (store: KeyValueStore, prefix = '') =>
    [...store.entries(bytes(prefix))].map(([key, value]) => [hex(key), hex(value)]);

  test(`${name}: an empty store has nothing`, () => {
    const store = open();
    assert.equal(store.get(bytes('')), undefined);
    assert.equal(store.get(bytes('00')), undefined);
    assert.deepEqual(list(store), []);
  });

  test(`${name}: what was written is read, the last write counts`, () => {
    const store = open();
    store.write([put('01', 'aa'), put('02', 'bb')]);
    assert.deepEqual([read(store, '01'), read(store, '02'), read(store, '03')], ['aa', 'bb', undefined]);
    store.write([put('01', 'cc')]);
    assert.deepEqual(list(store), [
      ['01', 'cc'],
      ['02', 'bb'],
    ]);
  });

  test(`${name}: an empty value is a value, not a missing one`, () => {
    const store = open();
    store.write([put('01', '')]);
    assert.equal(read(store, '01'), '');
    assert.deepEqual(list(store), [['01', '']]);
  });

  test(`${name}: a deleted key is gone, deleting a missing one is no error`, () => {
    const store = open();
    store.write([put('01', 'aa'), put('02', 'bb')]);
    store.write([remove('01'), remove('07')]);
    assert.equal(read(store, '01'), undefined);
    assert.deepEqual(list(store), [['02', 'bb']]);
    store.write([put('01', 'dd')]);
    assert.equal(read(store, '01'), 'dd');
  });

  test(`${name}: within a batch the last change of a key counts`, () => {
    const store = open();
    store.write([
      put('01', 'aa'),
      remove('01'),
      put('02', 'bb'),
      put('02', 'cc'),
      remove('03'),
      put('03', 'dd'),
    ]);
    assert.deepEqual(list(store), [
      ['02', 'cc'],
      ['03', 'dd'],
    ]);
  });

  test(`${name}: entries ascend by key as byte strings, a prefix before what it begins`, () => {
    const store = open();
    const keys = ['80', '7fff', '00', 'ff', '7f', '0000', '0100', '01', 'ffff', 'ff00'];
    store.write(keys.map((key) => put(key, key)));
    const expected = ['00', '0000', '01', '0100', '7f', '7fff', '80', 'ff', 'ff00', 'ffff'];
    assert.deepEqual(
      list(store).map(([key]) => key),
      expected,
    );
  });

  test(`${name}: a prefix selects the keys that begin with it, and no other`, () => {
    const store = open();
    store.write(['00', '01', '0100', '01ff', '02', '10', 'ff', 'ffff'].map((key) => put(key, 'aa')));
    const keysUnder = (prefix: string) => list(store, prefix).map(([key]) => key);
    assert.deepEqual(keysUnder('01'), ['01', '0100', '01ff']);
    assert.deepEqual(keysUnder('0100'), ['0100']);
    assert.deepEqual(keysUnder('ff'), ['ff', 'ffff']);
    assert.deepEqual(keysUnder('03'), []);
    assert.equal(keysUnder('').length, 8);
  });

  test(`${name}: keys and values may hold any bytes and be long`, () => {
    const store = open();
    const [key, value] = ['00ff'.repeat(100), 'ff00'.repeat(50_000)];
    store.write([put(key, value)]);
    assert.equal(read(store, key), value);
  });

  test(`${name}: a store keeps what it was given though the caller uses its memory again`, () => {
    const store = open();
    const [key, value] = [bytes('0102'), bytes('aabb')];
    store.write([{ key, value }]);
    key.fill(9);
    value.fill(9);
    assert.deepEqual(list(store), [['0102', 'aabb']]);
  });

  test(`${name}: two stores share nothing`, () => {
    const [a, b] = [open(), open()];
    a.write([put('01', 'aa')]);
    assert.equal(read(b, '01'), undefined);
  });

  test(`${name}: a batch of nothing changes nothing`, () => {
    const store = open();
    store.write([put('01', 'aa')]);
    store.write([]);
    assert.deepEqual(list(store), [['01', 'aa']]);
  });
}
