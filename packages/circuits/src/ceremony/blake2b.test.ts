import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBlake2b, resumeBlake2b } from './blake2b.ts';

const expected = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('blake2b512');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

test('the digest is that of another implementation, around the ends of blocks', () => {
  for (const length of [0, 1, 127, 128, 129, 255, 256, 257, 5000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i & 0xff);
    assert.deepEqual(createBlake2b().update(bytes).digest(), expected(bytes));
  }
});

test('a hash that was kept goes on as if it had not been interrupted', () => {
  const part = fc.uint8Array({ maxLength: 400 });
  fc.assert(
    fc.property(part, part, (first, second) => {
      const kept = createBlake2b().update(first).state();
      const resumed = resumeBlake2b(kept, first.length);
      assert.deepEqual(resumed?.update(second).digest(), expected(first, second));
    }),
  );
});

test('a state of another length, or one that cannot be, is not gone on with', () => {
  const kept = createBlake2b().update(new Uint8Array(200)).state();
  assert.equal(resumeBlake2b(kept, 199), undefined);
  assert.equal(resumeBlake2b(kept, 328), undefined);
  const view = new DataView(kept.buffer);
  // 72 bytes held and 128 compressed, told apart otherwise.
  view.setBigUint64(192, 0n, true);
  view.setBigUint64(200, 200n, true);
  assert.equal(resumeBlake2b(kept, 200), undefined);
  view.setBigUint64(192, 100n, true);
  view.setBigUint64(200, 100n, true);
  assert.equal(resumeBlake2b(kept, 200), undefined);
});
