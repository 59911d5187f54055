import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gathered } from './gather.ts';

/** Work that doubles numbers when it is let go, and remembers its batches. */
function doubling(most: number) {
  const batches: (readonly number[])[] = [];
  const letGo: (() => void)[] = [];
  const ask = gathered(async (items: readonly number[]) => {
    batches.push(items);
    await new Promise<void>((resolve) => letGo.push(resolve));
    if (items.includes(13)) throw new Error('thirteen');
    return items.map((item) => 2 * item);
  }, most);
  /** Ends the batch under way and lets the next one begin. */
  const turn = async (): Promise<void> => {
    for (const one of letGo.splice(0)) one();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { ask, batches, turn, underWay: () => letGo.length };
}

test('who asks in one turn is served together, and what comes meanwhile in the next batch', async () => {
  const { ask, batches, turn, underWay } = doubling(10);
  const first = [ask([1]), ask([2, 3])];
  await turn();
  const second = [ask([4]), ask([]), ask([5])];
  await turn();
  assert.equal(underWay(), 1);
  await turn();
  assert.deepEqual(await Promise.all([...first, ...second]), [[2], [4, 6], [8], [], [10]]);
  assert.deepEqual(batches, [
    [1, 2, 3],
    [4, 5],
  ]);
});

test('there is one batch at a time, of bounded size, whoever waits; an asker is never cut in two', async () => {
  const { ask, batches, turn, underWay } = doubling(3);
  const asked = [[1, 2], [3], [4, 5], [6, 7, 8, 9], [10]].map(ask);
  for (let i = 0; i < 5; i++) {
    await turn();
    assert.ok(underWay() <= 1);
  }
  assert.deepEqual(await Promise.all(asked), [[2, 4], [6], [8, 10], [12, 14, 16, 18], [20]]);
  assert.deepEqual(batches, [[1, 2, 3], [4, 5], [6, 7, 8, 9], [10]]);
});

test('a batch that fails is told to all who were in it, and the next ones are served', async () => {
  const { ask, turn } = doubling(2);
  const asked = Promise.allSettled([ask([1]), ask([13]), ask([2])]);
  for (let i = 0; i < 4; i++) await turn();
  const outcomes = await asked;
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  );
  const later = ask([3]);
  await turn();
  await turn();
  assert.deepEqual(await later, [6]);
});
