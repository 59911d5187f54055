import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stream } from '@libp2p/interface';
import { frameReader } from './frames.ts';
import { manualClock } from './manual-clock-test-support.ts';

/** A stream as js-libp2p has them: resume() gives out what waited, then opens the window. */
function fake() {
  let listener: (event: { data: Uint8Array }) => void = () => {};
  let waiting = new Uint8Array(0);
  const state = { readStatus: 'readable', windowOpen: true };
  const stream = {
    readableEnded: false,
    get readStatus() {
      return state.readStatus;
    },
    addEventListener(name: string, on: typeof listener) {
      if (name === 'message') listener = on;
    },
    pause() {
      state.readStatus = 'paused';
      state.windowOpen = false;
    },
    resume() {
      state.readStatus = 'readable';
      const data = waiting;
      waiting = new Uint8Array(0);
      if (data.length > 0) listener({ data });
      state.windowOpen = true;
    },
  };
  return {
    state,
    stream: stream as unknown as Stream,
    /** Bytes come. */
    give(length: number) {
      if (state.readStatus === 'paused') waiting = new Uint8Array(waiting.length + length);
      else listener({ data: new Uint8Array(length) });
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('frames', () => {
  it('that nobody reads close the window of their stream, also when they come from where they waited', async () => {
    const { stream, state, give } = fake();
    const reader = frameReader(stream, manualClock());
    give(300_000);
    await settled();
    assert.deepEqual(state, { readStatus: 'paused', windowOpen: false });
    give(400_000);
    assert.equal((await reader.read(300_000, 1_000))!.length, 300_000);
    assert.equal((await reader.read(5, 1_000))!.length, 5);
    await settled();
    assert.deepEqual(state, { readStatus: 'paused', windowOpen: false });
  });

  it('that are waited for open it', async () => {
    const { stream, state, give } = fake();
    const reader = frameReader(stream, manualClock());
    give(300_000);
    await settled();
    const read = reader.read(700_000, 1_000);
    assert.deepEqual(state, { readStatus: 'readable', windowOpen: true });
    give(300_000);
    await settled();
    assert.equal(state.readStatus, 'readable', 'more than is kept unasked, less than is asked for');
    give(100_000);
    assert.equal((await read)!.length, 700_000);
  });
});
