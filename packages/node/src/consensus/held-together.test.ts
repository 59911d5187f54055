import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldWrites, hookedStore, memoryLog, memoryStore } from '@sero/store';
import { certificateStore } from '../validator/certificates.ts';
import { heldTogether } from './held-together.ts';

/** Certificates and state in memory; what is written where, in order. */
function scene() {
  const written: string[] = [];
  let isFull = false;
  const before = (): void => {
    if (isFull) throw new Error('the disk is full');
  };
  const watched = (name: string, hooks = {}) =>
    hookedStore(memoryStore(), { ...hooks, after: () => void written.push(name) });
  const certificates = certificateStore(watched('certificates', { before }), { kept: 20n, stride: 8n });
  const inner = heldWrites(watched('state'), memoryLog());
  const writes = heldTogether(certificates, inner);
  const block = (height: bigint): void => {
    certificates.put(height, Uint8Array.of(Number(height)));
    inner.log.append(new Uint8Array(10));
    inner.store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(Number(height)) }]);
  };
  const fail = (): void => {
    isFull = true;
  };
  return { written, certificates, writes, block, store: inner.store, fail };
}

describe('certificates and blocks that are held together', () => {
  it('are written together, the certificates first, and found before', () => {
    const { written, certificates, writes, block } = scene();
    writes.hold();
    for (let height = 1n; height <= 5n; height++) block(height);
    assert.deepEqual(written, []);
    assert.deepEqual(certificates.get(5n), Uint8Array.of(5));
    assert.equal(writes.held(), 5 * (1 + 10 + 2));
    writes.flush();
    assert.deepEqual(written, ['certificates', 'state']);
    assert.deepEqual([...certificates.heights(0n)], [1n, 2n, 3n, 4n, 5n]);
    block(6n);
    assert.deepEqual(written.slice(2), ['certificates', 'state'], 'each by itself again');
  });

  it('are both left out where the certificates cannot be written, then and when all is closed', () => {
    const { written, certificates, writes, block, store, fail } = scene();
    writes.hold();
    block(1n);
    fail();
    assert.throws(() => writes.flush(), /the disk is full/);
    assert.throws(() => certificates.close(), /the disk is full/);
    assert.throws(() => store.close());
    assert.deepEqual(written, [], 'no block without its certificate');
  });

  it('keep their order where somebody else has the blocks written, and are held on', () => {
    const { written, certificates, writes, block, store } = scene();
    writes.hold();
    block(1n);
    assert.equal([...store.entries(Uint8Array.of(1))].length, 1);
    assert.deepEqual(written, ['certificates', 'state']);
    block(2n);
    assert.deepEqual(written.length, 2);
    assert.deepEqual(certificates.get(2n), Uint8Array.of(2));
    store.close();
    assert.deepEqual(written.slice(2), ['certificates', 'state']);
  });
});
