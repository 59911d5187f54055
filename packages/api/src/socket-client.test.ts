import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSocketClient, type HeadEvent } from './socket-client.ts';

/** A socket whose other end is the test. */
function handSocket(options: { opens?: boolean } = {}) {
  const target = new EventTarget();
  const sent: { id: number; method: string }[] = [];
  let closedWith: number | undefined;
  const socket = Object.assign(target, {
    readyState: 0,
    send: (text: string) => void sent.push(JSON.parse(text)),
    close(code = 1005) {
      closedWith ??= code;
      socket.readyState = 3;
      target.dispatchEvent(Object.assign(new Event('close'), { code, reason: '' }));
    },
  });
  if (options.opens !== false) {
    queueMicrotask(() => {
      socket.readyState = 1;
      target.dispatchEvent(new Event('open'));
    });
  }
  return {
    connect: () => socket as unknown as WebSocket,
    sent,
    closedWith: () => closedWith,
    say: (data: unknown) => target.dispatchEvent(Object.assign(new Event('message'), { data })),
    tell: (json: unknown) =>
      target.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(json) })),
    fail: () => target.dispatchEvent(new Event('error')),
  };
}

const URL = 'ws://node.example';
const FEES = { baseFee: '0x1', gasPrice: '0x2' };

const notification = (subscription: string, height: number) => ({
  jsonrpc: '2.0',
  method: 'sero_subscription',
  params: { subscription, result: { height: `0x${height}`, hash: `0x${'00'.repeat(32)}`, time: '0x1' } },
});

const RANGE = { from: 0n, limit: 1 };

test('answers find their requests, in whatever order they come', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect });
  const both = [client.request('sero_getFees', {}), client.request('sero_getShardRoots', RANGE)] as const;
  hand.tell({ jsonrpc: '2.0', id: 2, result: { from: '0x0', roots: [] } });
  hand.tell({ jsonrpc: '2.0', id: 1, result: FEES });
  assert.deepEqual(await Promise.all(both), [
    { baseFee: 1n, gasPrice: 2n },
    { from: 0n, roots: [] },
  ]);
});

test('a head that comes together with the name of its subscription is not lost', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect });
  const heads: HeadEvent[] = [];
  const subscribed = client.subscribeHeads((head) => heads.push(head));
  hand.tell({ jsonrpc: '2.0', id: 1, result: { subscription: '0x1' } });
  hand.tell(notification('0x1', 7));
  await subscribed;
  assert.deepEqual(
    heads.map(({ height }) => height),
    [7n],
  );
  hand.tell(notification('0x1', 8));
  assert.deepEqual(
    heads.map(({ height }) => height),
    [7n, 8n],
  );
});

test('after its end a subscription is silent though the node goes on', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect });
  let told = 0;
  const subscribed = client.subscribeHeads(() => told++);
  hand.tell({ jsonrpc: '2.0', id: 1, result: { subscription: '0x1' } });
  const ended = (await subscribed).end();
  hand.tell({ jsonrpc: '2.0', id: 2, result: { ended: true } });
  await ended;
  hand.tell(notification('0x1', 9));
  assert.equal(told, 0);
  await (await subscribed).end();
});

test('what cannot be read ends the socket: all requests under way fail with it', async () => {
  for (const lie of [
    'no json',
    '5',
    'null',
    '{}',
    JSON.stringify({ jsonrpc: '2.0', method: 'sero_subscription', params: { subscription: 1 } }),
    new Blob(['binary']),
  ]) {
    const hand = handSocket();
    const client = await createSocketClient({ url: URL, connect: hand.connect });
    const asked = assert.rejects(client.request('sero_getFees', {}), { code: 'answer-invalid' });
    hand.say(lie);
    await asked;
    assert.equal(hand.closedWith(), 4002);
  }
});

test('an answer to nothing that was asked is passed over', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect });
  hand.tell({ jsonrpc: '2.0', id: 99, result: FEES });
  const asked = client.request('sero_getFees', {});
  hand.tell({ jsonrpc: '2.0', id: 1, result: FEES });
  await asked;
});

test('requests under way fail when the socket closes, and later ones at once', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect });
  const asked = assert.rejects(client.request('sero_getFees', {}), { code: 'closed' });
  client.close();
  await asked;
  assert.equal((await client.closed).code, 1000);
  await assert.rejects(client.request('sero_getFees', {}), { code: 'closed' });
});

test('a request without an answer is given up after the time, or when the caller says so', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect, timeoutMs: 20 });
  await assert.rejects(client.request('sero_getFees', {}), { code: 'timeout' });
  const stop = new AbortController();
  const asked = client.request('sero_getFees', {}, stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(asked, { message: 'enough' });
});

/** What a node answers that was asked too much, to the latest request. */
const tooMuch = (hand: ReturnType<typeof handSocket>, retryAfterMs: number, limit = 'rate'): unknown => ({
  jsonrpc: '2.0',
  id: hand.sent.at(-1)!.id,
  error: { code: -32005, message: 'too much', data: { limit, retryAfterMs } },
});

/** Waits until so many requests were sent. */
async function sent(hand: ReturnType<typeof handSocket>, count: number): Promise<void> {
  while (hand.sent.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('what is refused for the rate alone is asked again, and other requests go on meanwhile', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect });
  const asked = client.request('sero_getFees', {});
  hand.tell(tooMuch(hand, 1));
  await sent(hand, 2);
  hand.tell(tooMuch(hand, 1));
  await sent(hand, 3);
  hand.tell({ jsonrpc: '2.0', id: 3, result: FEES });
  assert.deepEqual(await asked, { baseFee: 1n, gasPrice: 2n });
  const other = client.request('sero_getFees', {});
  hand.tell(tooMuch(hand, 1, 'range'));
  await assert.rejects(other, { name: 'limit-exceeded', data: { limit: 'range', retryAfterMs: 1 } });
  assert.equal(hand.sent.length, 4);
});

test('a pause longer than the time of a request is not waited for, nor any where the caller says so', async () => {
  for (const options of [{ timeoutMs: 1_000 }, { waitForRate: false }]) {
    const hand = handSocket();
    const client = await createSocketClient({ url: URL, connect: hand.connect, ...options });
    const asked = client.request('sero_getFees', {});
    hand.tell(tooMuch(hand, 2_000));
    await assert.rejects(asked, { name: 'limit-exceeded' });
    assert.equal(hand.sent.length, 1);
  }
});

test('a socket that closes, and a caller who leaves, end a pause at once', async () => {
  const hand = handSocket();
  const client = await createSocketClient({ url: URL, connect: hand.connect });
  const stop = new AbortController();
  const left = client.request('sero_getFees', {}, stop.signal);
  hand.tell(tooMuch(hand, 20_000));
  const closed = client.request('sero_getFees', {});
  hand.tell(tooMuch(hand, 20_000));
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('enough'));
  await assert.rejects(left, { message: 'enough' });
  let ended = false;
  const told = assert.rejects(closed, { code: 'closed' }).then(() => {
    ended = true;
  });
  client.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ended, true);
  await told;
});

test('a socket that does not open is unreachable, late, or no longer wanted', async () => {
  const failing = handSocket({ opens: false });
  queueMicrotask(failing.fail);
  await assert.rejects(createSocketClient({ url: URL, connect: failing.connect }), { code: 'unreachable' });
  const late = handSocket({ opens: false });
  await assert.rejects(createSocketClient({ url: URL, connect: late.connect, timeoutMs: 20 }), {
    code: 'timeout',
  });
  const unwanted = handSocket({ opens: false });
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(createSocketClient({ url: URL, connect: unwanted.connect, signal }), {
    message: 'enough',
  });
  assert.notEqual(unwanted.closedWith(), undefined, 'and is not left open');
});
