import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Reading, readBlocks } from './read-blocks.ts';

it('reading blocks ends before the next one where it is called off', async () => {
  const stop = new AbortController();
  let turns = 0;
  const rest = async (): Promise<void> => {
    turns++;
    if (turns === 2) stop.abort(new Error('enough'));
  };
  // None of these is a block: the first one is refused, and nothing after it is looked at.
  const reading = { tip: undefined, size: 0n } as Reading;
  const blocks = [new Uint8Array(3), new Uint8Array(3)];
  const { read, refusal } = await readBlocks(reading, blocks, rest, stop.signal);
  assert.deepEqual([read.length, refusal === undefined, turns], [0, false, 1]);
  await assert.rejects(readBlocks(reading, blocks, rest, stop.signal), { message: 'enough' });
  assert.equal(turns, 2);
});
