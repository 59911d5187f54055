import assert from 'node:assert/strict';
import { test } from 'node:test';
import { le32 } from '@sero/crypto';
import { portableShake256 } from '@sero/protocol';
import { rememberingShake256 } from './remembering-shake.ts';

test('an answer is worked out once, for each message and length, until two thousand others came', () => {
  let asked = 0;
  const shake = rememberingShake256((message, length) => {
    asked++;
    return portableShake256(message, length);
  });
  const [one, other] = [le32(1), le32(2)];
  for (let times = 0; times < 3; times++) {
    assert.deepEqual(shake(one, 64), portableShake256(one, 64));
    assert.deepEqual(shake(one, 32), portableShake256(one, 32));
    assert.deepEqual(shake(other, 64), portableShake256(other, 64));
  }
  assert.equal(asked, 3);
  for (let i = 0; i < 2_048; i++) shake(le32(1_000 + i), 8);
  assert.equal(asked, 3 + 2_048);
  assert.deepEqual(shake(one, 64), portableShake256(one, 64));
  assert.equal(asked, 4 + 2_048, 'the oldest was forgotten');
});
