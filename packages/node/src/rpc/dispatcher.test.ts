import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import { type BodyAnswer, createDispatcher } from './dispatcher.ts';
import { createHandlers } from './handlers.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createMeter } from './meter.ts';
import { createRpcMetrics } from './metrics.ts';
import { noteCounter } from './note-counter.ts';
import { createRanges } from './ranges.ts';
import { createTurns } from './turns.ts';
import { createUnsent } from './unsent.ts';
import { TURN_WORK } from './work.ts';

/** A dispatcher whose answers nobody takes until they are released by hand. */
function scene(maxPerClient: number) {
  const node = madeSource();
  for (let i = 0; i < 100; i++) node.grow([{ outputs: 16 }]);
  const limits = { ...DEFAULT_LIMITS, burst: 1_000_000 };
  const unsent = createUnsent(
    { maxBytes: 10 * maxPerClient, maxPerClient, minMs: 1_000 },
    () => 0,
    () => undefined,
  );
  const ranges = createRanges(node.ledger, limits);
  const dispatcher = createDispatcher({
    handlers: createHandlers(node, ranges, noteCounter(node.ledger), limits),
    limits,
    meter: createMeter(limits, () => 0),
    unsent,
    turns: createTurns(TURN_WORK),
    metrics: createRpcMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
  });
  const { signal } = new AbortController();
  const ask = (body: unknown, client = 'a'): Promise<BodyAnswer> =>
    dispatcher.answer(Buffer.from(JSON.stringify(body)), { client, signal });
  return { ask, unsent };
}

const call = (method: string, params: unknown = {}, id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const BUSY = /"code":-32012/;
const text = ({ json }: BodyAnswer): string =>
  json === undefined ? '' : Buffer.concat(json.json).toString();

test('every byte of an answer counts: envelopes, ids, refusals, batches', async () => {
  const { ask, unsent } = scene(1_000_000);
  const bodies = [
    call('sero_getFees', {}, 'x'.repeat(128)),
    call('sero_getHeaders', { from: '0x0', limit: '0x64' }),
    call('nothing', {}, 'x'.repeat(128)),
    call('sero_getFees', { ['x'.repeat(100_000)]: 1 }),
    [],
    Array(64).fill(call('nothing', {}, 'x'.repeat(128))),
    Array(64).fill(call('sero_getFees')),
    Array(64).fill(1),
  ];
  for (const body of bodies) {
    const before = unsent.bytes();
    const answer = await ask(body);
    const counted = unsent.bytes() - before;
    const { length } = text(answer);
    assert.ok(
      length > 0 && counted >= length && counted <= length + 2 * 64,
      `${length} bytes count as ${counted}`,
    );
    answer.unsent.release();
  }
  assert.equal(unsent.bytes(), 0);
});

test('what is echoed of a mistake is short', async () => {
  const { ask } = scene(1_000_000);
  assert.ok(text(await ask(call('sero_getFees', { ['x'.repeat(100_000)]: 1 }))).length < 1_000);
});

test('refusals have a little room beyond the bound, and are then not made: the connection is to be ended', async () => {
  const { ask, unsent } = scene(40_000);
  const wanted = call('sero_getBlocks', { from: '0x0', limit: '0x2' });
  let given = 0;
  for (let i = 0; i < 10 && !BUSY.test(text(await ask(wanted))); i++) given++;
  assert.ok(given >= 1 && given < 10, `${given} given`);
  let answer = await ask(call('nothing'));
  for (let i = 0; i < 1_000 && !answer.cut; i++) answer = await ask(call('nothing'));
  assert.equal(answer.cut, true);
  assert.equal(answer.json, undefined);
  assert.ok(unsent.bytes() <= 45_000);
  assert.equal((await ask([1, 2])).cut, true);
  assert.equal((await ask(call('sero_getFees'), 'b')).cut, false);
});

test('what a call made counts no more once it is refused for want of room', async () => {
  const { ask, unsent } = scene(40_000);
  const first = await ask(call('sero_getFees'));
  const held = unsent.bytes();
  const answer = await ask(call('sero_getBlocks', { from: '0x0', limit: '0x64' }));
  assert.match(text(answer), BUSY);
  assert.ok(unsent.bytes() < held + 1_000);
  answer.unsent.release();
  first.unsent.release();
  assert.equal(unsent.bytes(), 0);
});

test('a notification leaves nothing that counts', async () => {
  const { ask, unsent } = scene(10_000_000);
  const answer = await ask({
    jsonrpc: '2.0',
    method: 'sero_getBlocks',
    params: { from: '0x0', limit: '0x64' },
  });
  assert.deepEqual([answer.json, answer.cut, unsent.bytes()], [undefined, false, 0]);
});
