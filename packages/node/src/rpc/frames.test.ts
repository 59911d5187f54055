import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFrameTracker } from './frames.ts';
import { PIECE_OVERHEAD } from './receive.ts';

/** A frame as a client sends it. */
function frame(opcode: number, fin: boolean, length: number): Buffer {
  const first = (fin ? 0x80 : 0) | opcode;
  const mask = Buffer.alloc(4, 7);
  let header: Buffer;
  if (length < 126) header = Buffer.from([first, 0x80 | length]);
  else if (length < 65_536) header = Buffer.from([first, 0x80 | 126, length >> 8, length & 255]);
  else {
    header = Buffer.alloc(10);
    header.set([first, 0x80 | 127]);
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, mask, Buffer.alloc(length, 0x55)]);
}

const TEXT = 1;
const CONTINUED = 0;
const PING = 9;

test('a message counts from its first byte until it is complete; pings inside it change nothing', () => {
  const frames = createFrameTracker();
  assert.equal(frames.pending(), 0);
  assert.equal(frames.feed(frame(TEXT, true, 100)), true);
  assert.equal(frames.pending(), 0);
  assert.equal(frames.feed(frame(TEXT, true, 0)), true);
  assert.equal(frames.pending(), 0);
  assert.equal(frames.feed(frame(TEXT, true, 70_000).subarray(0, 1)), false);
  assert.ok(frames.pending() > 0);
  assert.equal(frames.feed(frame(TEXT, true, 70_000).subarray(1, 50_014)), false);
  assert.equal(frames.pending(), PIECE_OVERHEAD + 50_000);
  assert.equal(frames.feed(frame(TEXT, true, 70_000).subarray(50_014)), true);
  assert.equal(frames.pending(), 0);

  frames.feed(frame(TEXT, false, 10));
  assert.equal(frames.feed(frame(PING, true, 100)), false);
  frames.feed(frame(CONTINUED, false, 10));
  assert.equal(frames.pending(), 2 * PIECE_OVERHEAD + 20);
  assert.equal(frames.feed(frame(CONTINUED, true, 0)), true);
  assert.equal(frames.pending(), 0);
});

test('however the bytes are cut, what is pending is the same at every place', () => {
  const part = fc.record({
    kind: fc.constantFrom('ping', 'part', 'last'),
    length: fc.oneof(fc.nat(3), fc.nat(300), fc.integer({ min: 65_530, max: 66_000 })),
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), cuts, (parts, sizes) => {
      let begun = 0;
      const bytes = Buffer.concat(
        parts.map(({ kind, length }) => {
          if (kind === 'ping') return frame(PING, true, length % 126);
          const one = frame(begun === 0 ? TEXT : CONTINUED, kind === 'last', length);
          begun = kind === 'last' ? 0 : begun + PIECE_OVERHEAD + length;
          return one;
        }),
      );
      const whole = createFrameTracker();
      whole.feed(bytes);
      const cut = createFrameTracker();
      let ends = 0;
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length]!;
        if (cut.feed(bytes.subarray(at, at + size))) ends++;
        at += size;
      }
      assert.equal(whole.pending(), begun);
      assert.equal(cut.pending(), begun);
      assert.ok(ends <= parts.filter(({ kind }) => kind === 'last').length);
    }),
  );
});
