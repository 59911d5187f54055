import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteCache } from './cache.ts';

/** Bytes of an entry, its overhead included, so that exactly three fit. */
const CONTENT = 744;

function cacheOf(entries: number) {
  const made: string[] = [];
  const cache = byteCache(1_000 * entries);
  return {
    made,
    bytes: cache.bytes,
    get: (name: string, size = CONTENT) =>
      cache.get(name, () => {
        made.push(name);
        return Buffer.alloc(size, name);
      }),
  };
}

test('an entry is made once', () => {
  const cache = cacheOf(3);
  assert.deepEqual(cache.get('a'), cache.get('a'));
  assert.deepEqual(cache.made, ['a']);
});

test('what was not asked for longest goes first, a few at once, and the bytes are never more than allowed', () => {
  const cache = cacheOf(32);
  const names = Array.from({ length: 32 }, (_, i) => `${i}`);
  for (const name of [...names, '0', 'new']) {
    cache.get(name);
    assert.ok(cache.bytes() <= 32_000);
  }
  assert.equal(cache.bytes(), 30_000);
  for (const name of ['0', 'new', ...names.slice(4)]) cache.get(name);
  assert.deepEqual(cache.made, [...names, 'new'], '0 stayed, as it was asked for');
  cache.get('1');
  assert.deepEqual(cache.made, [...names, 'new', '1']);
});

test('what does not fit at all is made each time and pushes nothing out', () => {
  const cache = cacheOf(3);
  cache.get('a');
  cache.get('large', 5_000);
  cache.get('large', 5_000);
  cache.get('a');
  assert.deepEqual(cache.made, ['a', 'large', 'large']);
  assert.equal(cache.bytes(), 1_000);
});
