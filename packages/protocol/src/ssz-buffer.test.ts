import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LENGTH_BUFFER } from './ssz-buffer.ts';

it('what stands in for Buffer in browsers writes lengths as Buffer does', () => {
  for (const value of [0, 1, 255, 256, 8_192, 0xffff_ffff, 2 ** 32, 2 ** 48 - 1]) {
    const [ours, real] = [LENGTH_BUFFER.alloc(32), Buffer.alloc(32)];
    assert.equal(ours.writeUIntLE(value, 4, 6), real.writeUIntLE(value, 4, 6));
    assert.deepEqual([...ours], [...real]);
  }
  const memory = new Uint8Array(64);
  LENGTH_BUFFER.from(memory.buffer, 32, 32).writeUIntLE(0x0102, 0, 6);
  assert.deepEqual([...memory.subarray(30, 36)], [0, 0, 2, 1, 0, 0]);
  assert.equal(Reflect.get(globalThis, 'Buffer'), Buffer, "Node's own stays");
});
