import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoded } from './encoded.ts';

test('long parts are shared and short ones joined, in order, however many there are', () => {
  const long = Buffer.alloc(100_000, 'x');
  const parts = ['[', long, ...Array<string>(200_000).fill('a'), long, long, ']'];
  const { json, length } = encoded(parts);
  assert.equal(length, 300_000 + 200_002);
  assert.equal(json.length, 6);
  assert.deepEqual(
    json.map((part) => part === long),
    [false, true, false, true, true, false],
  );
  assert.equal(Buffer.concat(json).toString(), parts.join(''));
  assert.deepEqual(encoded([]), { json: [], length: 0 });
});
