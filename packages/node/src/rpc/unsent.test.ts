import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUnsent } from './unsent.ts';

function scene() {
  const time = { now: 0 };
  const cut: string[] = [];
  const counted = { cut: 0 };
  const unsent = createUnsent(
    { maxUnsentBytes: 100, maxUnsentPerClient: 60, minReadMs: 1_000 },
    () => time.now,
    () => counted.cut++,
  );
  const send = (client: string, bytes: number) => {
    const answer = unsent.open(client);
    const taken = answer.take(bytes);
    if (taken) answer.sending(() => cut.push(client));
    return { ...answer, taken };
  };
  return { time, cut, counted, unsent, send };
}

test('what is taken counts until it is released, once', () => {
  const { unsent, send } = scene();
  const answer = send('a', 40);
  assert.equal(unsent.bytes(), 40);
  answer.release();
  answer.release();
  assert.equal(unsent.bytes(), 0);
});

test('while readers are in their time nobody is cut off for another', () => {
  const { time, cut, send } = scene();
  send('a', 50);
  send('b', 50);
  time.now = 999;
  assert.equal(send('c', 10).taken, false);
  assert.deepEqual(cut, []);
});

test('who leaves the most waiting is cut off first, and no more than it takes', () => {
  const { time, cut, counted, unsent, send } = scene();
  send('small', 10);
  send('large', 30);
  send('large', 20);
  send('middle', 30);
  time.now = 1_000;
  assert.equal(send('new', 20).taken, true);
  assert.deepEqual([cut, counted.cut], [['large'], 1]);
  assert.equal(unsent.bytes(), 80);
});

test('one client alone cannot fill the room: the others keep theirs', () => {
  const { send } = scene();
  assert.equal(send('a', 50).taken, true);
  assert.equal(send('a', 20).taken, false);
  assert.equal(send('b', 50).taken, true);
});

test('what comes alone is taken however long it is', () => {
  const { send } = scene();
  const long = send('a', 1_000);
  assert.equal(long.taken, true);
  assert.equal(send('b', 1).taken, false);
  long.release();
  assert.equal(send('b', 1).taken, true);
});
