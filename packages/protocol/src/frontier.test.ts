import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fieldToBytes, leBytes, Q, toHex } from '@sero/crypto';
import fc from 'fast-check';
import { ProtocolError } from './errors.ts';
import { decodeFrontier, encodeFrontier, MAX_FRONTIER_BYTES } from './frontier.ts';
import { appendLeaves, EMPTY_FRONTIER, type Frontier, TREE_CAPACITY, TREE_DEPTH } from './tree.ts';

/** Nodes that no chain made, in the numbers that a size asks for. */
function shaped(size: bigint): Frontier {
  const levels = Array.from({ length: TREE_DEPTH + 1 }, (_, level) => {
    const digit = size >> BigInt(2 * level);
    const count = level === TREE_DEPTH ? digit : digit & 3n;
    return Array.from({ length: Number(count) }, (_, i) => BigInt(1 + level * 3 + i));
  });
  return { size, levels };
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeFrontier(bytes);
    return 'decoded';
  } catch (error) {
    assert.ok(error instanceof ProtocolError);
    return error.code;
  }
}

const sizes = fc.bigInt({ min: 0n, max: TREE_CAPACITY });

test('a frontier comes back from its bytes, whatever its size', () => {
  fc.assert(
    fc.property(sizes, (size) => {
      const bytes = encodeFrontier(shaped(size));
      assert.ok(bytes.length <= MAX_FRONTIER_BYTES);
      assert.deepEqual(decodeFrontier(bytes), shaped(size));
    }),
    { numRuns: 60 },
  );
  for (const size of [0n, TREE_CAPACITY - 1n, TREE_CAPACITY]) {
    assert.deepEqual(decodeFrontier(encodeFrontier(shaped(size))), shaped(size));
  }
});

test('the longest frontier is the one that lacks a leaf', () => {
  assert.equal(encodeFrontier(shaped(TREE_CAPACITY - 1n)).length, MAX_FRONTIER_BYTES);
});

test('leaves go on from a decoded frontier as from the one that was encoded', () => {
  const { frontier } = appendLeaves(EMPTY_FRONTIER, [1n, 2n, 3n, 4n, 5n, 6n]);
  const again = decodeFrontier(encodeFrontier(frontier));
  assert.deepEqual(appendLeaves(again, [7n, 8n]), appendLeaves(frontier, [7n, 8n]));
});

test('a size that does not fit the nodes is refused', () => {
  const bytes = encodeFrontier(shaped(27n));
  for (const size of [0n, 26n, 28n, 26n + 64n, TREE_CAPACITY, TREE_CAPACITY + 27n, (1n << 64n) - 1n]) {
    assert.equal(refusal(concat(leBytes(size, 8), bytes.subarray(8))), 'malformed', `size ${size}`);
  }
});

test('a node plus the modulus, a second spelling, is refused', () => {
  const bytes = encodeFrontier(shaped(1n));
  const at = toHex(bytes).indexOf(toHex(fieldToBytes(1n))) / 2;
  bytes.set(leBytes(1n + Q, 32), at);
  assert.equal(refusal(bytes), 'field-not-canonical');
});

test('what is no frontier is refused, and cut or longer bytes are', () => {
  const bytes = encodeFrontier(shaped(123_456_789n));
  for (let length = 0; length < bytes.length; length++) {
    assert.notEqual(refusal(bytes.subarray(0, length)), 'decoded');
  }
  assert.notEqual(refusal(concat(bytes, Uint8Array.of(0))), 'decoded');
  assert.equal(refusal(new Uint8Array(MAX_FRONTIER_BYTES + 1)), 'too-large');
});
