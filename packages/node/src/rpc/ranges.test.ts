import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METHODS } from '@sero/api';
import { KIND } from '@sero/protocol';
import { type MadeTransaction, madeChain } from '../../../../test/rpc/made-chain.ts';
import { createRanges, type RangeKind } from './ranges.ts';

const LIMITS = { maxRange: 1_024, maxAnswerBytes: 4_194_304, maxCacheBytes: 1_000_000 };

function chainOf(blocks: number, transactions: readonly MadeTransaction[]) {
  const chain = madeChain();
  for (let i = 0; i < blocks; i++) chain.add(transactions);
  return chain;
}

const LISTS: readonly (readonly [RangeKind, keyof typeof METHODS, string])[] = [
  ['headers', 'sero_getHeaders', 'headers'],
  ['blocks', 'sero_getBlocks', 'blocks'],
  ['compact', 'sero_getCompactOutputs', 'blocks'],
  ['anchors', 'sero_getAnchors', 'anchors'],
  ['nullifiers', 'sero_getNullifiers', 'blocks'],
  ['traces', 'sero_getTraces', 'blocks'],
  ['aliases', 'sero_getAliases', 'blocks'],
];

function parsed(json: readonly Buffer[]): Record<string, unknown> {
  return JSON.parse(Buffer.concat(json).toString());
}

test('what is written by hand is what the schema writes: decoding and encoding give the same text', () => {
  const chain = chainOf(3, [
    { publicOutputs: 2 },
    { kind: KIND.call, recipients: 2, publicOutputs: 1 },
    { kind: KIND.ethereum },
    { inputs: 0, outputs: 0 },
  ]);
  const ranges = createRanges(chain.ledger, LIMITS);
  for (const [kind, name, list] of LISTS) {
    const { json, length } = ranges.answer(kind, list, 0n, 10);
    const { result } = METHODS[name];
    const value = result.decode(parsed(json), '');
    const again = (result.encode as (value: unknown) => unknown)(value);
    assert.deepEqual(again, parsed(json), kind);
    assert.equal(Buffer.concat(json).length, length, kind);
  }
});

test('a block is read once for each kind of question, however often it is asked', () => {
  const chain = chainOf(5, [{}]);
  const ranges = createRanges(chain.ledger, LIMITS);
  const first = Buffer.concat(ranges.answer('compact', 'blocks', 0n, 6).json);
  assert.equal(chain.reads(), 6);
  assert.deepEqual(Buffer.concat(ranges.answer('compact', 'blocks', 0n, 6).json), first);
  assert.equal(chain.reads(), 6);
  ranges.answer('compact', 'blocks', 3n, 1);
  assert.equal(chain.reads(), 6);
  chain.add([{}]);
  const grown = parsed(ranges.answer('compact', 'blocks', 0n, 10).json);
  assert.equal(chain.reads(), 7);
  assert.equal((grown['blocks'] as unknown[]).length, 7);
  assert.equal((grown['head'] as { height: string }).height, '0x6');
});

test('an answer has as many blocks as fit in its bytes, and one at least', () => {
  const chain = chainOf(5, [{ outputs: 16 }]);
  const one = createRanges(chain.ledger, LIMITS).answer('blocks', 'blocks', 1n, 1).length;
  const count = (maxAnswerBytes: number): number => {
    const ranges = createRanges(chain.ledger, { ...LIMITS, maxAnswerBytes });
    return (parsed(ranges.answer('blocks', 'blocks', 1n, 5).json)['blocks'] as unknown[]).length;
  };
  assert.deepEqual([count(1), count(one), count(2 * one + 10), count(4_194_304)], [1, 1, 2, 5]);
});

test('a range beyond the limit is refused, one beyond the head is empty', () => {
  const ranges = createRanges(chainOf(2, []).ledger, { ...LIMITS, maxRange: 8 });
  assert.throws(() => ranges.answer('headers', 'headers', 0n, 9), {
    name: 'limit-exceeded',
    data: { limit: 'range', max: 8 },
  });
  assert.deepEqual(parsed(ranges.answer('headers', 'headers', 3n, 8).json)['headers'], []);
});

test('what is kept is bounded', () => {
  const chain = chainOf(50, [{ outputs: 16 }]);
  const ranges = createRanges(chain.ledger, { ...LIMITS, maxCacheBytes: 100_000 });
  ranges.answer('blocks', 'blocks', 0n, 51);
  assert.ok(ranges.cachedBytes() > 50_000 && ranges.cachedBytes() <= 100_000);
});
