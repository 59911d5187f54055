import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '@sero/crypto';
import { cancellingPair, hostileSignatures, signedItem } from './jubjub-test-support.ts';
import { createReferenceSignatureVerifier } from './signatures.ts';

const verifier = createReferenceSignatureVerifier();

test('sound signatures pass together', async () => {
  const items = Array.from({ length: 5 }, signedItem);
  assert.deepEqual(await verifier.verifyBatch(items), [true, true, true, true, true]);
});

test('no signatures get no answers', async () => {
  assert.deepEqual(await verifier.verifyBatch([]), []);
});

test('each false signature is found among sound ones, wherever it stands', async () => {
  const items = Array.from({ length: 7 }, signedItem);
  for (let place = 0; place < items.length; place++) {
    const broken = items.with(place, { ...items[place]!, hashE: 1n });
    const expected = items.map((_, i) => i !== place);
    assert.deepEqual(await verifier.verifyBatch(broken), expected);
  }
});

test('two false signatures whose errors cancel out in a plain sum are both refused', async () => {
  assert.deepEqual(await verifier.verifyBatch(cancellingPair()), [false, false]);
});

test('a batch says of hostile signatures what verify says of each', async () => {
  const items = hostileSignatures();
  const expected = items.map(verify);
  assert.ok(expected.includes(true) && expected.includes(false));
  assert.deepEqual(await verifier.verifyBatch(items), expected);
});

test('a batch ends when its signal is aborted, before it begins and between two sums', async () => {
  const item = signedItem();
  const items = Array.from({ length: 200 }, () => item);
  await assert.rejects(verifier.verifyBatch(items, AbortSignal.abort(new Error('enough'))), /enough/);
  const aborted = new AbortController();
  const work = assert.rejects(verifier.verifyBatch(items, aborted.signal), /enough/);
  setImmediate(() => aborted.abort(new Error('enough')));
  await work;
});
