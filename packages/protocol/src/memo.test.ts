import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@sero/crypto';
import fc from 'fast-check';
import {
  encodeMemo,
  encryptOutput,
  MEMO_LENGTH,
  type Output,
  type OutputPlan,
  openMemo,
  outputSecret,
  SEALED_MEMO_LENGTH,
  sealMemo,
  type ViewingKey,
} from './index.ts';
import { ALICE, BOB, CAROL, filler, flipped, refusal } from './test-support.ts';

const NIL = 0xabcdefn;
const [alice, bob, carol] = [ALICE.proof.viewing, BOB.proof.viewing, CAROL.proof.viewing];

/** Alice pays Bob. */
const PLAN: OutputPlan = {
  to: bob.address,
  asset: 7n,
  value: 1_000n,
  rseed: filler(1, 32),
  memoFiller: filler(2, 48),
};

test('a memo is read by those whom the sender chose, and by no other reader of the transaction', () => {
  const key = filler(7, 32);
  const memo = sealMemo(key, 'for Bob and Carol');
  const to = (address: typeof bob.address, index: number, memoKey?: Uint8Array) =>
    encryptOutput({ ...PLAN, to: address, ...(memoKey && { memoKey }) }, alice.ovk, NIL, index);
  const read = (owner: ViewingKey, output: Output) =>
    openMemo(memo, output, outputSecret(owner.vsk, output.vpkr)!);
  const [forBob, forCarol, silent] = [to(bob.address, 0, key), to(carol.address, 1, key), to(bob.address, 2)];
  assert.equal(read(bob, forBob), 'for Bob and Carol');
  assert.equal(read(carol, forCarol), 'for Bob and Carol');
  assert.equal(read(bob, silent), undefined, 'random bytes in place of the key');
  assert.equal(read(carol, forBob), undefined, "another's output");
  assert.equal(read(bob, { ...silent, memoKey: forBob.memoKey }), undefined, 'a key moved between outputs');
  assert.equal(silent.memoKey.length, forBob.memoKey.length);
});

test('a changed memo, a changed key or another length is not read', () => {
  const key = filler(7, 32);
  const memo = sealMemo(key, 'hello');
  const output = encryptOutput({ ...PLAN, memoKey: key }, alice.ovk, NIL, 1);
  const secret = outputSecret(bob.vsk, output.vpkr)!;
  assert.equal(openMemo(memo, output, secret), 'hello');
  for (let i = 0; i < memo.length; i++) assert.equal(openMemo(flipped(memo, i), output, secret), undefined);
  for (let i = 0; i < 48; i++) {
    const changed = { ...output, memoKey: flipped(output.memoKey, i) };
    assert.equal(openMemo(memo, changed, secret), undefined);
  }
  for (const length of [0, 512, 527, 529]) {
    assert.equal(openMemo(new Uint8Array(length), output, secret), undefined);
  }
});

test('a memo holds up to 512 bytes of UTF-8 and is never cut', () => {
  const key = filler(7, 32);
  const output = encryptOutput({ ...PLAN, memoKey: key }, alice.ovk, NIL, 1);
  const secret = outputSecret(bob.vsk, output.vpkr)!;
  for (const text of [
    '',
    'a'.repeat(512),
    'ü'.repeat(256),
    '谢'.repeat(170),
    '💰'.repeat(128),
    '\ufeffmark',
  ]) {
    const memo = sealMemo(key, text);
    assert.equal(memo.length, SEALED_MEMO_LENGTH);
    assert.equal(openMemo(memo, output, secret), text);
  }
  for (const text of ['a'.repeat(513), `${'ü'.repeat(256)}a`, '谢'.repeat(171), '💰'.repeat(129)]) {
    assert.throws(() => sealMemo(key, text), refusal('memo-too-long'));
    assert.throws(() => encodeMemo(text), refusal('memo-too-long'));
  }
  assert.equal(MEMO_LENGTH, utf8('a'.repeat(512)).length);
});

test('any text that fits comes back, but for zeros at its end', () => {
  const key = filler(7, 32);
  const output = encryptOutput({ ...PLAN, memoKey: key }, alice.ovk, NIL, 1);
  const secret = outputSecret(bob.vsk, output.vpkr)!;
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      fc.pre(utf8(text).length <= MEMO_LENGTH && !text.endsWith('\u0000'));
      assert.equal(openMemo(sealMemo(key, text), output, secret), text);
    }),
    { numRuns: 50 },
  );
});
