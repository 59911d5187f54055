import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasher, setHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher as nobleHasher } from '@chainsafe/persistent-merkle-tree/hasher/noble';
import { transactionsRoot } from '@sero/protocol';
import { chooseSha256, sha256Description } from './native-sha256.ts';

const ids = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new Uint8Array(32).fill(i + 1));

describe('the hashes of SSZ', () => {
  it('are made by hashtree here, by everything that hashes SSZ', () => {
    assert.equal(sha256Description, 'hashtree');
    assert.equal(hasher.name, 'hashtree');
  });

  it('come from WebAssembly where the binary cannot be loaded, and the log says why', async () => {
    const { hasher: other, description } = await chooseSha256(() =>
      Promise.reject(new Error('no binary for this platform')),
    );
    assert.equal(other.name, 'as-sha256');
    assert.match(description, /WebAssembly.*no binary for this platform/);
  });

  it('are the same by all three, for lists of every shape up to some blocks of nodes', async (t) => {
    const before = hasher;
    t.after(() => setHasher(before));
    const { hasher: wasm } = await chooseSha256(() => Promise.reject(new Error('not this one')));
    for (const count of [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100, 257]) {
      const roots = [before, wasm, nobleHasher].map((one) => {
        setHasher(one);
        return Buffer.from(transactionsRoot(ids(count))).toString('hex');
      });
      assert.equal(new Set(roots).size, 1, `${count} ids: ${roots.join(' ')}`);
    }
  });
});
