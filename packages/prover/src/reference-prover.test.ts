import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breathe } from './breathe.ts';
import { wtns, zkey } from './compliance-test-support.ts';
import { createReferenceProver } from './reference-prover.ts';

test('a proof that is aborted in the middle does nothing more than to pause once', async (t) => {
  const aborted = new AbortController();
  const { setTimeout: original, crypto } = globalThis;
  const random = crypto.getRandomValues.bind(crypto);
  let pauses = 0;
  t.mock.method(globalThis, 'setTimeout', ((callback: () => void, delay: number) => {
    if (aborted.signal.aborted) pauses++;
    return original(callback, delay);
  }) as typeof setTimeout);
  // Drawn when the key and the witness are read and the sums are to begin.
  t.mock.method(crypto, 'getRandomValues', ((bytes: Uint8Array<ArrayBuffer>) => {
    aborted.abort('changed my mind');
    return random(bytes);
  }) as typeof crypto.getRandomValues);
  const prover = createReferenceProver();
  await assert.rejects(prover.prove(zkey, wtns, aborted.signal), {
    code: 'aborted',
    cause: 'changed my mind',
  });
  assert.equal(pauses, 1);
});

test('one proof is made at a time, each with the key as it is read then', async () => {
  const asked: string[] = [];
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<Uint8Array>()];
  const prover = createReferenceProver({
    readKey: async (name) => {
      asked.push(name);
      begun.resolve();
      return held.promise;
    },
  });
  const refusals = ['first', 'second'].map((name) =>
    assert.rejects(prover.prove(name, wtns), { code: 'zkey-malformed' }),
  );
  await begun.promise;
  // A second proof at the same time would have asked by now.
  for (let turn = 0; turn < 10; turn++) await breathe();
  assert.deepEqual(asked, ['first']);
  held.resolve(new Uint8Array(3));
  await Promise.all(refusals);
  assert.deepEqual(asked, ['first', 'second']);
});
