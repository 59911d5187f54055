import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOTTOM, ProtocolError, STEP } from '@sero/protocol';
import fc from 'fast-check';
import { V, voteOf, W } from '../machine/machine-test-support.ts';
import { decodeEvent, encodeEvent, type LoggedEvent } from './event-codec.ts';

const PROPOSAL = voteOf(0, STEP.propose, V, { leader: (1n << 256n) - 1n });
const PAIR = { first: voteOf(1, STEP.cert, V), second: voteOf(1, STEP.cert, W) };

const EVENTS: readonly LoggedEvent[] = [
  { type: 'vote', vote: PROPOSAL },
  {
    type: 'vote',
    vote: voteOf(2, STEP.down, BOTTOM, { round: 2n ** 63n, period: 2 ** 32 - 1, weight: 2n ** 63n }),
  },
  { type: 'bundle', votes: [voteOf(2, STEP.cert, V), voteOf(3, STEP.cert, V)], pairs: [PAIR] },
  { type: 'bundle', votes: [], pairs: [] },
  { type: 'block', value: V, isValid: true },
  { type: 'block', value: W, isValid: false },
  { type: 'timer', timer: { name: 'idle', round: 7n } },
  { type: 'timer', timer: { name: 'step', round: 7n, period: 3, step: 252 } },
  { type: 'timer', timer: { name: 'recovery', round: 7n, period: 3 } },
  { type: 'timer', timer: { name: 'filter', round: 7n, period: 0 } },
  { type: 'transactions' },
  { type: 'restart' },
  { type: 'held', bytes: Uint8Array.of(1, 2, 3) },
];

test('every event comes back from the log as it was, with its time', () => {
  for (const event of EVENTS) {
    const entry = { round: 7n, now: 1_234_567, event };
    assert.deepEqual(decodeEvent(encodeEvent(entry)), entry);
  }
});

test('what is no event is refused with a code, never taken for one', () => {
  fc.assert(
    fc.property(fc.constantFrom(...EVENTS), fc.nat(2_000), fc.nat(255), (event, at, byte) => {
      const bytes = encodeEvent({ round: 7n, now: 5, event });
      bytes[at % bytes.length] = byte;
      try {
        assert.deepEqual(encodeEvent(decodeEvent(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
