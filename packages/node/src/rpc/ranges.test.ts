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

/** Work that nobody pays for or waits for. */
const FREE = {
  work: { charge: () => undefined, made: () => undefined, pause: () => undefined },
  signal: new AbortController().signal,
};

function parsed(json: readonly Buffer[]): Record<string, unknown> {
  return JSON.parse(Buffer.concat(json).toString());
}

test('what is written by hand is what the schema writes: decoding and encoding give the same text', async () => {
  const chain = chainOf(3, [
    { publicOutputs: 2 },
    { kind: KIND.call, recipients: 2, publicOutputs: 1 },
    { kind: KIND.ethereum },
    { inputs: 0, outputs: 0 },
  ]);
  const ranges = createRanges(chain.ledger, LIMITS);
  for (const [kind, name, list] of LISTS) {
    const { json, length } = await ranges.answer(kind, list, { from: 0n, limit: 10 }, FREE);
    const { result } = METHODS[name];
    const value = result.decode(parsed(json), '');
    const again = (result.encode as (value: unknown) => unknown)(value);
    assert.deepEqual(again, parsed(json), kind);
    assert.equal(Buffer.concat(json).length, length, kind);
  }
});

test('a block is read once for each kind of question, however often it is asked', async () => {
  const chain = chainOf(5, [{}]);
  const ranges = createRanges(chain.ledger, LIMITS);
  const first = Buffer.concat((await ranges.answer('compact', 'blocks', { from: 0n, limit: 6 }, FREE)).json);
  assert.equal(chain.reads(), 6);
  assert.deepEqual(
    Buffer.concat((await ranges.answer('compact', 'blocks', { from: 0n, limit: 6 }, FREE)).json),
    first,
  );
  assert.equal(chain.reads(), 6);
  await ranges.answer('compact', 'blocks', { from: 3n, limit: 1 }, FREE);
  assert.equal(chain.reads(), 6);
  chain.add([{}]);
  const grown = parsed((await ranges.answer('compact', 'blocks', { from: 0n, limit: 10 }, FREE)).json);
  assert.equal(chain.reads(), 7);
  assert.equal((grown['blocks'] as unknown[]).length, 7);
  assert.equal((grown['head'] as { height: string }).height, '0x6');
});

test('an answer has as many blocks as fit in its bytes, and one at least', async () => {
  const chain = chainOf(5, [{ outputs: 16 }]);
  const first = await createRanges(chain.ledger, LIMITS).answer(
    'blocks',
    'blocks',
    { from: 1n, limit: 1 },
    FREE,
  );
  const one = first.length;
  const count = async (maxAnswerBytes: number): Promise<number> => {
    const ranges = createRanges(chain.ledger, { ...LIMITS, maxAnswerBytes });
    return (
      parsed((await ranges.answer('blocks', 'blocks', { from: 1n, limit: 5 }, FREE)).json)[
        'blocks'
      ] as unknown[]
    ).length;
  };
  assert.deepEqual(
    [await count(1), await count(one), await count(2 * one + 10), await count(4_194_304)],
    [1, 1, 2, 5],
  );
});

test('a range beyond the limit is refused, one beyond the head is empty', async () => {
  const ranges = createRanges(chainOf(2, []).ledger, { ...LIMITS, maxRange: 8 });
  await assert.rejects(ranges.answer('headers', 'headers', { from: 0n, limit: 9 }, FREE), {
    name: 'limit-exceeded',
    data: { limit: 'range', max: 8 },
  });
  assert.deepEqual(
    parsed((await ranges.answer('headers', 'headers', { from: 3n, limit: 8 }, FREE)).json)['headers'],
    [],
  );
});

test('what is kept is bounded', async () => {
  const chain = chainOf(50, [{ outputs: 16 }]);
  const ranges = createRanges(chain.ledger, { ...LIMITS, maxCacheBytes: 100_000 });
  await ranges.answer('blocks', 'blocks', { from: 0n, limit: 51 }, FREE);
  assert.ok(ranges.cachedBytes() > 50_000 && ranges.cachedBytes() <= 100_000);
});

/** A caller who notes what is charged to him, and is let on by hand. */
function watched() {
  const gone = new AbortController();
  const charged: number[] = [];
  const made: number[] = [];
  const pauses: (() => void)[] = [];
  const work = {
    charge: (units: number) => void charged.push(units),
    made: (bytes: number) => void made.push(bytes),
    pause: () => new Promise<void>((resolve) => pauses.push(resolve)),
  };
  const sum = (all: readonly number[]): number => all.reduce((total, n) => total + n, 0);
  return {
    gone,
    pauses,
    caller: { work, signal: gone.signal },
    charged: () => sum(charged),
    made: () => sum(made),
  };
}

test('a range pauses after each unit of work; its blocks, read or kept, and their bytes are charged', async () => {
  const chain = chainOf(1_023, []);
  const ranges = createRanges(chain.ledger, LIMITS);
  const first = watched();
  const answer = ranges.answer('nullifiers', 'blocks', { from: 0n, limit: 1_024 }, first.caller);
  assert.ok(chain.reads() < 32, `${chain.reads()} read before the first pause`);
  let turns = 0;
  while (first.pauses.length > 0) {
    first.pauses.shift()!();
    // The range goes on in the job after this one.
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  const { length } = await answer;
  assert.ok(turns >= 32, `${turns} turns`);
  const bytes = 1_024 * chain.ledger.executedBlock(1n).length;
  assert.ok(
    Math.abs(first.charged() - (1_024 / 32 + 1_024 / 256 + bytes / 262_144)) < 0.01,
    `${first.charged()}`,
  );
  assert.ok(first.made() > 0.9 * length - 4_096 && first.made() < length);
  const second = watched();
  const kept = ranges.answer('nullifiers', 'blocks', { from: 0n, limit: 1_024 }, second.caller);
  while (second.pauses.length > 0) {
    second.pauses.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await kept;
  assert.equal(second.charged(), 4);
});

test('a range whose caller is gone, or too deep in debt, reads no further', async () => {
  const chain = chainOf(1_023, []);
  const ranges = createRanges(chain.ledger, LIMITS);
  const left = watched();
  const answer = ranges.answer('nullifiers', 'blocks', { from: 0n, limit: 1_024 }, left.caller);
  left.gone.abort(new Error('gone'));
  left.pauses.shift()!();
  await assert.rejects(answer, { message: 'gone' });
  const broke = watched();
  const charge = (): void => {
    throw new Error('broke');
  };
  const caller = { ...broke.caller, work: { ...broke.caller.work, charge } };
  await assert.rejects(ranges.answer('nullifiers', 'blocks', { from: 500n, limit: 500 }, caller), {
    message: 'broke',
  });
  assert.ok(chain.reads() < 64, `${chain.reads()} read`);
});
