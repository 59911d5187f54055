import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Change, type EntriesOptions, KEY_LIMIT, type KeyValueStore, VALUE_LIMIT } from './key-value.ts';
import { refuses } from './test-support.ts';

/**
 * What every key-value store does, as tests: call it in a test file with the store's name and a function that opens an
 * empty one. Byte strings are written as hexadecimal digits in what follows.
 *
 * @param reopen for a store on disk: closes it and opens what it left
 */
export function keyValueStoreCompliance(
  name: string,
  open: () => KeyValueStore,
  reopen?: (store: KeyValueStore) => KeyValueStore,
): void {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
  const hex = (value: Uint8Array | undefined): string | undefined =>
    value === undefined ? undefined : Buffer.from(value).toString('hex');
  const put = (key: string, value: string) => ({ key: bytes(key), value: bytes(value) });
  const remove = (key: string) => ({ key: bytes(key), value: undefined });
  const read = (store: KeyValueStore, key: string) => hex(store.get(bytes(key)));
  const list = (store: KeyValueStore, prefix = '', options?: EntriesOptions) =>
    [...store.entries(bytes(prefix), options)].map(([key, value]) => [hex(key), hex(value)]);

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

  const keys = ['', '00', '01', '0100', '0102', '01ff', '01ffff', '02', 'fe', 'ff', 'ff00', 'ffff'];
  const keysOf = (store: KeyValueStore, prefix: string, options?: EntriesOptions) =>
    list(store, prefix, options).map(([key]) => key);

  test(`${name}: an iteration starts at the key it is told or the next one in its direction`, () => {
    const store = open();
    store.write(keys.map((key) => put(key, 'aa')));
    for (const prefix of ['', '01', '01ff', 'ff', 'fd']) {
      const under = keys.filter((key) => key.startsWith(prefix));
      assert.deepEqual(keysOf(store, prefix, { reverse: true }), under.toReversed());
      for (const from of [...keys, '0001', '0101', '01fe', '01ff01', '03', 'ff01', 'ffffff']) {
        const options = { from: bytes(from) };
        const ahead = under.filter((key) => key >= from);
        assert.deepEqual(keysOf(store, prefix, options), ahead, `${prefix} from ${from}`);
        const behind = under.filter((key) => key <= from).toReversed();
        assert.deepEqual(
          keysOf(store, prefix, { ...options, reverse: true }),
          behind,
          `${prefix} down ${from}`,
        );
      }
    }
  });

  test(`${name}: an iteration sees what is written ahead of it, and not what is deleted there`, () => {
    for (const reverse of [false, true]) {
      const store = open();
      store.write(['10', '20', '30', '40'].map((key) => put(key, 'aa')));
      const seen: (string | undefined)[] = [];
      for (const [key] of store.entries(bytes(''), { reverse })) {
        seen.push(hex(key));
        if (seen.length === 2)
          store.write([remove('20'), remove('30'), put('05', 'bb'), put('35', 'cc'), put('28', 'dd')]);
      }
      assert.deepEqual(seen, reverse ? ['40', '30', '28', '10', '05'] : ['10', '20', '28', '35', '40']);
    }
  });

  test(`${name}: every entry may be deleted as it is met, over any number of them`, () => {
    const store = open();
    const many = Array.from({ length: 300 }, (_, i) => put(`aa${(1000 + i).toString()}`, 'bb'));
    store.write([...many, put('ab', 'cc')]);
    for (const [key] of store.entries(bytes('aa'))) store.write([{ key, value: undefined }]);
    assert.deepEqual(list(store), [['ab', 'cc']]);
  });

  test(`${name}: values that were given stay as they were, whatever is read and written after`, () => {
    const store = open();
    const large = '5a'.repeat(40_000);
    store.write([put('01', 'aa'.repeat(100)), put('02', large), put('03', 'cc'.repeat(100))]);
    const given = [
      store.get(bytes('01')),
      store.get(bytes('02')),
      ...[...store.entries(bytes(''))].map(([, value]) => value),
    ];
    const before = given.map(hex);
    store.write([put('01', '00'.repeat(100)), put('02', '00'.repeat(50_000)), remove('03')]);
    store.get(bytes('02'));
    for (const _ of store.entries(bytes(''))) store.get(bytes('01'));
    assert.deepEqual(given.map(hex), before);
  });

  test(`${name}: a key or value beyond the limit is refused, and the whole batch with it`, () => {
    const store = open();
    store.write([put('01', 'aa')]);
    const longest = 'ff'.repeat(KEY_LIMIT);
    assert.throws(() => store.write([remove('01'), put(`${longest}00`, '')]), refuses('key-too-long'));
    const tooLong = { key: bytes('02'), value: new Uint8Array(VALUE_LIMIT + 1) };
    assert.throws(() => store.write([remove('01'), tooLong]), refuses('value-too-long'));
    assert.deepEqual(list(store), [['01', 'aa']]);
    assert.equal(read(store, `${longest}00`), undefined);
    store.write([put(longest, 'bb')]);
    assert.equal(read(store, longest), 'bb');
    assert.deepEqual(keysOf(store, 'ff', { reverse: true }), [longest]);
  });

  test(`${name}: a closed store refuses everything but to be closed again`, () => {
    const store = open();
    store.write([put('01', 'aa'), put('02', 'aa')]);
    const running = store.entries(bytes(''))[Symbol.iterator]();
    running.next();
    store.close();
    store.close();
    assert.throws(() => store.get(bytes('01')), refuses('closed'));
    assert.throws(() => store.entries(bytes('')), refuses('closed'));
    assert.throws(() => running.next(), refuses('closed'));
    assert.throws(() => store.write([put('01', 'aa')]), refuses('closed'));
  });

  test(`${name}: a batch of ten thousand changes is one batch`, () => {
    const store = open();
    const key = (i: number) => Uint8Array.of(i >> 8, i & 0xff, i % 7);
    const changes = Array.from({ length: 10_000 }, (_, i) => ({
      key: key(i),
      value: new Uint8Array(i % 50).fill(i),
    }));
    store.write(changes);
    store.write(
      changes.filter((_, i) => i % 2 === 0).map((change) => ({ key: change.key, value: undefined })),
    );
    const left = [...store.entries(new Uint8Array(0))];
    assert.equal(left.length, 5_000);
    assert.ok(
      left.every(
        ([, value], i) =>
          value.length === (2 * i + 1) % 50 && value.every((byte) => byte === ((2 * i + 1) & 0xff)),
      ),
    );
  });

  const keyArbitrary = fc.constantFrom(...keys).map(bytes);
  const change: fc.Arbitrary<Change> = fc.record({
    key: keyArbitrary,
    value: fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined }),
  });

  test(`${name}: it is a sorted map, whatever is written and read, in either direction`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 4 }),
        keyArbitrary,
        fc.option(keyArbitrary, { nil: undefined }),
        fc.boolean(),
        (batches, prefix, from, reverse) => {
          const store = open();
          const model = new Map<string, string>();
          for (const batch of batches) {
            store.write(batch);
            for (const { key, value } of batch) {
              if (value === undefined) model.delete(hex(key)!);
              else model.set(hex(key)!, hex(value)!);
            }
          }
          const expected = [...model]
            .filter(([key]) => key.startsWith(hex(prefix)!))
            .filter(([key]) => from === undefined || (reverse ? key <= hex(from)! : key >= hex(from)!))
            .sort(([a], [b]) => (a < b !== reverse ? -1 : 1));
          const options = { reverse, ...(from === undefined ? {} : { from }) };
          assert.deepEqual(list(store, hex(prefix), options), expected);
          for (const key of keys) assert.equal(read(store, key), model.get(key));
          store.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  if (reopen === undefined) return;

  test(`${name}: what was written is there when it is opened again`, () => {
    let store = open();
    store.write([put('', 'ee'), put('01', 'aa'), put('02', 'bb'.repeat(30_000))]);
    store = reopen(store);
    const expected = [
      ['', 'ee'],
      ['01', 'aa'],
      ['02', 'bb'.repeat(30_000)],
    ];
    assert.deepEqual(list(store), expected);
    store.write([remove('01')]);
    store = reopen(store);
    assert.deepEqual(list(store), [expected[0], expected[2]]);
  });
}
