import assert from 'node:assert/strict';
import { it } from 'node:test';
import { blockAt } from './block-range.ts';

/** A chain of so many blocks whose node gives at most 100 at once, and what it was asked for. */
function chain(length: number) {
  const asked: [bigint, number][] = [];
  const blocks = async (from: bigint, limit: number) => {
    asked.push([from, limit]);
    const count = Math.max(0, Math.min(limit, 100, length - Number(from)));
    return { from, blocks: Array.from({ length: count }, (_, i) => Uint8Array.of((Number(from) + i) % 251)) };
  };
  return { asked, source: { blocks } };
}

it('the node cannot tell which block of a range was wanted: every one takes the same requests', async () => {
  for (const length of [1_000, 300]) {
    const requests = new Set<string>();
    for (const height of [256, 257, 299]) {
      const { asked, source } = chain(length);
      assert.deepEqual(await blockAt(source, BigInt(height)), Uint8Array.of(height % 251));
      requests.add(asked.join(';'));
    }
    assert.equal(requests.size, 1);
  }
  const { asked, source } = chain(1_000);
  await blockAt(source, 511n);
  assert.equal(asked.join(';'), '256,256;356,156;456,56');
});

it('a block that the node does not have is said to be missing', async () => {
  await assert.rejects(blockAt(chain(300).source, 300n), { code: 'not-found' });
});
