import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes, fromHex, leInteger, toHex } from '@sero/crypto';
import vectors from '../../../test/vectors/encryption.json' with { type: 'json' };
import keyVectors from '../../../test/vectors/keys.json' with { type: 'json' };
import {
  decodeAddress,
  deriveSpendingKey,
  encodeMemo,
  encryptOutput,
  noteCommitment,
  type Output,
  openMemo,
  outputSecret,
  plannedNote,
  recoverSent,
  sealMemo,
} from './index.ts';
import { received } from './test-support.ts';

const vectorAccounts = new Map(
  keyVectors.accounts
    .filter(({ words, passphrase }) => words === vectors.words && passphrase === '')
    .map(({ account, seed }) => [account, deriveSpendingKey(fromHex(seed)).proof.viewing]),
);

/** NIL_1 and the index that a ctx of the vectors joins. */
function splitContext(ctx: string): readonly [bigint, number] {
  const bytes = fromHex(ctx);
  return [leInteger(bytes.subarray(0, 32)), Number(leInteger(bytes.subarray(32)))];
}

const vectorOutput = (
  parts: { CM: string; VPKr: string; tag: string; enc: string },
  out?: string,
): Output => ({
  cm: fieldToBytes(BigInt(parts.CM)),
  vpkr: fromHex(parts.VPKr),
  tag: fromHex(parts.tag),
  enc: fromHex(parts.enc),
  out: out === undefined ? new Uint8Array(112) : fromHex(out),
  memoKey: new Uint8Array(48),
});

test('outputs are encrypted byte for byte as the Python reference does it, and open', () => {
  for (const vector of vectors.outputs) {
    const [nil, index] = splitContext(vector.ctx);
    const to = decodeAddress(fromHex(vector.receiverPK));
    const [asset, value] = [BigInt(vector.asset), BigInt(vector.value)];
    const memoKey = fromHex(vectors.memo.key);
    const plan = { to, asset, value, rseed: fromHex(vector.rseed), memoKey, memoFiller: new Uint8Array(48) };
    const { note, e, secret } = plannedNote(plan, nil, index);
    assert.equal(e, BigInt(vector.e));
    assert.equal(toHex(secret), vector.S);
    assert.equal(noteCommitment(note), BigInt(vector.CM));
    const made = encryptOutput(plan, fromHex(vector.senderOvk), nil, index);
    assert.deepEqual(made, { ...vectorOutput(vector, vector.out), memoKey: fromHex(vector.memoKey) });
    assert.deepEqual(outputSecret(BigInt(vector.receiverVsk), made.vpkr), secret);

    const receiver = vectorAccounts.get(vector.receiverAccount)!;
    const sender = vectorAccounts.get(vector.senderAccount)!;
    for (const opened of [received(receiver, made, nil, index), recoverSent(made, sender, nil, index)]) {
      assert.deepEqual(opened?.note, note);
      assert.deepEqual(opened?.rseed, plan.rseed);
    }
    assert.equal(openMemo(fromHex(vectors.memo.ciphertext), made, secret), vectors.memo.text);
  }
});

test("the memo's bytes are those of the Python reference", () => {
  const { text, plaintext, key, ciphertext } = vectors.memo;
  assert.equal(toHex(encodeMemo(text)), plaintext);
  assert.equal(toHex(sealMemo(fromHex(key), text)), ciphertext);
});

test('what the Python reference calls no payment is none', async (t) => {
  const { receiverAccount, ctx, honest, refused } = vectors.notPayments;
  const receiver = vectorAccounts.get(receiverAccount)!;
  const context = splitContext(ctx);
  assert.notEqual(received(receiver, vectorOutput(honest), ...context), undefined);
  for (const vector of refused) {
    await t.test(vector.why, () => {
      assert.equal(received(receiver, vectorOutput(vector), ...context), undefined);
      const tagged = vector.why === "the tag is another's";
      assert.equal(received(receiver, vectorOutput(vector), ...context, false) !== undefined, tagged);
    });
  }
});

test('out-ciphertexts that the Python reference does not count are not counted', async (t) => {
  const { senderAccount, ctx, honestOut, refused } = vectors.outNotCounted;
  const sender = vectorAccounts.get(senderAccount)!;
  const context = splitContext(ctx);
  const recovered = (out: string) =>
    recoverSent(vectorOutput(vectors.outNotCounted, out), sender, ...context);
  assert.notEqual(recovered(honestOut), undefined);
  for (const { why, out } of refused) await t.test(why, () => assert.equal(recovered(out), undefined));
});
