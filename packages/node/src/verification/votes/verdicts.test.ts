import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createVerdicts } from './verdicts.ts';

const valid = { valid: true, weight: 3n } as const;
const invalid = { valid: false } as const;

it('invalid votes without end push out no verdict on a valid one', () => {
  const verdicts = createVerdicts(4, 4);
  verdicts.put('good', valid);
  for (let i = 0; i < 100; i++) verdicts.put(`bad ${i}`, invalid);
  assert.equal(verdicts.get('good'), valid);
  assert.equal(verdicts.get('bad 99'), invalid);
  assert.equal(verdicts.get('bad 0'), undefined);
});

it('no more are kept than fit, and of those the ones that came last', () => {
  const verdicts = createVerdicts(8, 8);
  for (let i = 0; i < 100; i++) verdicts.put(`good ${i}`, valid);
  const kept = Array.from({ length: 100 }, (_, i) => i).filter(
    (i) => verdicts.get(`good ${i}`) !== undefined,
  );
  assert.ok(kept.length <= 8);
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => 100 - kept.length + i),
  );
  assert.ok(kept.length >= 4);
});
