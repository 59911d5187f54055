import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUnsent } from './unsent.ts';

function scene() {
  const time = { now: 0 };
  const cut: string[] = [];
  const counted = { cut: 0 };
  const unsent = createUnsent(
    { maxBytes: 100, maxPerClient: 60, minMs: 1_000 },
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

test('what is taken after its release is not counted', () => {
  const { unsent, send } = scene();
  const answer = send('a', 40);
  answer.release();
  assert.equal(answer.take(1), false);
  answer.give(40);
  assert.equal(unsent.bytes(), 0);
});

test('while readers are in their time nobody is cut off for another who wants about as much', () => {
  const { time, cut, send } = scene();
  send('a', 50);
  send('b', 50);
  time.now = 999;
  assert.equal(send('c', 25).taken, false);
  assert.deepEqual(cut, []);
});

test('who wants little is not kept out by those who fill the room again and again', () => {
  const { time, cut, send } = scene();
  for (let i = 0; i < 10; i++) {
    time.now += 10;
    send(`large ${i}`, 50);
    send(`large ${i} too`, 50);
    assert.equal(send('small', 1).taken, true);
  }
  assert.ok(!cut.includes('small'));
});

test('a refusal has an eighth more room than an answer, and what is given back has room again', () => {
  const { unsent, send } = scene();
  const answer = send('a', 60);
  assert.equal(answer.take(7), false);
  assert.equal(answer.take(7, 'refusal'), true);
  assert.equal(answer.take(1, 'refusal'), false);
  answer.give(67);
  assert.equal(unsent.bytes(), 0);
  assert.equal(answer.take(60), true);
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
  assert.equal(send('b', 600).taken, false);
  long.release();
  assert.equal(send('b', 1).taken, true);
});
