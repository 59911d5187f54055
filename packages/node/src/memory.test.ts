import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySizes } from './memory.ts';

test('what a system tells of memory is given in bytes, by part', () => {
  const sizes = new Map(
    memorySizes(() => 'VmRSS:\t  900 kB\nRssAnon:\t  600 kB\nRssFile:\t  200 kB\nRssShmem:\t  100 kB\n'),
  );
  assert.equal(sizes.get('own'), 600 * 1024);
  assert.equal(sizes.get('files'), 300 * 1024);
});

test('a system that tells no parts leaves them out', () => {
  const parts = memorySizes(() => '').map(([part]) => part);
  assert.deepEqual(parts, ['resident', 'heap', 'heap_reserved', 'buffers']);
});

test('what the program holds shows', () => {
  const sizeOf = (part: string): number => new Map(memorySizes()).get(part)!;
  const [heap, buffers] = [sizeOf('heap'), sizeOf('buffers')];
  const held = {
    bytes: new Uint8Array(32_000_000),
    objects: Array.from({ length: 200_000 }, (_, i) => ({ i })),
  };
  assert.ok(sizeOf('buffers') - buffers >= 32_000_000);
  assert.ok(sizeOf('heap') - heap >= 1_000_000);
  assert.ok(sizeOf('resident') >= sizeOf('heap'));
  assert.equal(held.objects.length, 200_000);
});
