import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTurns } from './turns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a turn has room for so much work; what comes beyond waits for the next ones', async () => {
  const turns = createTurns(4);
  const order: string[] = [];
  for (let i = 0; i < 4; i++) assert.equal(turns.take('a', 1), undefined);
  for (let i = 0; i < 6; i++) void turns.take('a', 1)!.then(() => order.push(`a${i}`));
  assert.equal(turns.waiting(), 6);
  await nextTurn();
  assert.deepEqual(order, ['a0', 'a1', 'a2', 'a3']);
  assert.notEqual(turns.take('b', 1), undefined, 'nobody comes before those who wait');
  await nextTurn();
  assert.deepEqual(order, ['a0', 'a1', 'a2', 'a3', 'a4', 'a5']);
  await nextTurn();
  assert.equal(turns.take('b', 1), undefined);
  assert.equal(turns.waiting(), 0);
});

test('clients come one after the other, however much one of them waits for', async () => {
  const turns = createTurns(1);
  const order: string[] = [];
  turns.take('busy', 1);
  for (let i = 0; i < 100; i++) void turns.take('busy', 1)!.then(() => order.push('busy'));
  for (const client of ['b', 'c', 'd']) void turns.take(client, 1)!.then(() => order.push(client));
  for (let i = 0; i < 5; i++) await nextTurn();
  assert.deepEqual(order, ['busy', 'b', 'c', 'd', 'busy']);
  while (turns.waiting() > 0) await nextTurn();
  await nextTurn();
  assert.equal(order.length, 103);
});

test('whatever is asked for, everybody comes once, and no turn does more than its share and one piece', async () => {
  const asked = fc.record({ client: fc.constantFrom('a', 'b', 'c'), units: fc.integer({ min: 1, max: 8 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { maxLength: 40 }), async (all) => {
      const turns = createTurns(4);
      let done = 0;
      let inTurn = 0;
      const work = (units: number): void => {
        done++;
        inTurn += units;
        assert.ok(inTurn - units < 4);
      };
      for (const { client, units } of all) {
        const wait = turns.take(client, units);
        if (wait === undefined) work(units);
        else void wait.then(() => work(units));
      }
      for (let i = 0; done < all.length; i++) {
        assert.ok(i <= all.length);
        inTurn = 0;
        await nextTurn();
      }
      await nextTurn();
    }),
    { numRuns: 50 },
  );
});
