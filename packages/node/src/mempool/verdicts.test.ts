import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerError } from '@sero/ledger';
import { ProtocolError } from '@sero/protocol';
import { createVerdicts, isFinal } from './verdicts.ts';

const proof = new LedgerError('proof-invalid', 'bad');
const signature = new ProtocolError('signature-invalid', 'bad');
const kind = new ProtocolError('kind-not-active', 'no');

test('only refusals that hold for ever are final', () => {
  for (const error of [proof, signature, kind, new LedgerError('circuit-without-key', 'none')])
    assert.ok(isFinal(error));
  for (const error of [new LedgerError('nullifier-spent', 'spent'), new Error('else'), undefined])
    assert.ok(!isFinal(error));
});

test('refusals that cost a proof or a signature are not pushed out by those that cost none', () => {
  const verdicts = createVerdicts(2);
  verdicts.remember('p', proof);
  verdicts.remember('s', signature);
  for (let n = 0; n < 10; n++) verdicts.remember(`cheap ${n}`, kind);
  assert.equal(verdicts.get('p'), proof);
  assert.equal(verdicts.get('s'), signature);
  assert.deepEqual(
    Array.from({ length: 10 }, (_, n) => verdicts.get(`cheap ${n}`) !== undefined).filter(Boolean).length,
    2,
  );
});

test('of one sort the one that nobody asked for longest is forgotten first', () => {
  const verdicts = createVerdicts(2);
  verdicts.remember('a', proof);
  verdicts.remember('b', proof);
  assert.equal(verdicts.get('a'), proof);
  verdicts.remember('c', proof);
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => verdicts.get(name)),
    [proof, undefined, proof],
  );
});
